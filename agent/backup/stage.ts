/** Puts the files of a backup beside their places, durably, and makes the plan that moves them there. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type ListedFile, type Listing, type Taker, unpack } from './archive.ts';
import { give, type Plan, syncFolders } from './plan.ts';
import { type Opening, type Outside, unseal } from './seal.ts';

/** Folder inside the state folder that staged files wait in; the other stands beside the site file. */
const STAGING = '.restore';
const SITE_STAGING = '.restore-site';
/** What was there before a restore; the one before that goes. */
const BEFORE = 'before-restore';
const SITE_BEFORE = 'site-before-restore';
/** Not moved aside: made anew, or ours. */
const STAYS = new Set([STAGING, SITE_STAGING, BEFORE, SITE_BEFORE, 'compile-cache', 'lost+found']);

export interface Looked {
  readonly outside: Outside;
  readonly listing: Listing;
}

/** Reads all of a backup and writes nothing. Rejects as `unseal` and `unpack` do. */
export async function look(file: AsyncIterable<Uint8Array>, opening: Opening): Promise<Looked> {
  const { outside, content } = await unseal(file, opening);
  const taker: Taker = {
    listing: () => {},
    file: async (_, bytes) => {
      for await (const _piece of bytes);
    },
  };
  return { outside, listing: await unpack(content, taker) };
}

/** The site's files into `<folder of the site file>/.restore-site/new/`; gives that folder. */
export async function stageSite(
  file: AsyncIterable<Uint8Array>,
  opening: Opening,
  folder: string,
): Promise<string> {
  const staging = join(folder, SITE_STAGING, 'new');
  await stageArea(file, opening, 'site', folder, staging, () => true);
  return staging;
}

/** The state's files into `<state>/.restore/new/`; gives that folder. `wanted` leaves files out. */
export async function stageState(
  file: AsyncIterable<Uint8Array>,
  opening: Opening,
  state: string,
  wanted: (file: ListedFile) => boolean,
): Promise<string> {
  const staging = join(state, STAGING, 'new');
  await stageArea(file, opening, 'state', state, staging, wanted);
  return staging;
}

async function stageArea(
  file: AsyncIterable<Uint8Array>,
  opening: Opening,
  area: ListedFile['area'],
  home: string,
  staging: string,
  wanted: (file: ListedFile) => boolean,
): Promise<void> {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const { content } = await unseal(file, opening);
  await unpack(content, {
    listing: () => {},
    file: async (one, bytes) => {
      const path = join(staging, one.path);
      const mine = one.area === area && wanted(one);
      if (mine) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const fd = mine ? openSync(path, 'w', area === 'site' ? 0o640 : 0o600) : undefined;
      try {
        for await (const piece of bytes) if (fd !== undefined) writeSync(fd, piece);
        if (fd !== undefined) fsyncSync(fd);
      } finally {
        if (fd !== undefined) closeSync(fd);
      }
    },
  });
  give(staging, home);
  syncFolders(staging);
}

export interface PlanOptions {
  /** As `stageSite` gave it. */
  readonly siteStaging: string;
  readonly siteFolder: string;
  /** Path in the staging folder, and in the site's. */
  readonly siteFiles: readonly { readonly staged: string; readonly path: string }[];
  readonly state: string;
  /** What is to become of the log that is there: it stays, becomes the log of an earlier epoch, or goes aside with the rest. */
  readonly ownLog: 'stays' | { readonly earlier: string } | 'aside';
  /** Epoch that the next one follows: its log is moved last, for the newest is the one before. */
  readonly before?: string | undefined;
}

/** Moves for everything that is staged. */
export function planOf({ siteStaging, siteFolder, siteFiles, state, ownLog, before }: PlanOptions): Plan {
  const staging = join(state, STAGING);
  const siteRoot = dirname(siteStaging);
  const [fresh, old, siteOld] = [join(staging, 'new'), join(staging, 'old'), join(siteRoot, 'old')];
  const moves: { from: string; to: string }[] = [];
  const isLog = (name: string) => /^log\.db(?:-wal|-shm)?$/.test(name);
  let asides = 0;
  for (const name of readdirSync(state)) {
    if (STAYS.has(name) || (isLog(name) && ownLog === 'stays')) continue;
    // Logs of earlier epochs may hold what has not left yet.
    if (ownLog !== 'aside' && /^log-[0-9a-f]{16}\.db/.test(name)) continue;
    const earlier = isLog(name) && typeof ownLog === 'object';
    if (!earlier) asides += 1;
    const to = earlier
      ? join(state, `log-${ownLog.earlier}.db${name.slice('log.db'.length)}`)
      : join(old, name);
    moves.push({ from: join(state, name), to });
  }
  for (const name of readdirSync(fresh)) moves.push({ from: join(fresh, name), to: join(state, name) });
  const last = join(state, `log-${before}.db`);
  moves.sort((a, b) => Number(a.to === last) - Number(b.to === last));
  for (const { staged, path } of siteFiles) {
    const target = join(siteFolder, path);
    if (existsSync(target)) moves.push({ from: target, to: join(siteOld, path) });
    moves.push({ from: join(siteStaging, staged), to: target });
  }
  const aside = [
    ...(asides === 0 ? [] : [{ from: old, to: join(state, BEFORE) }]),
    { from: siteOld, to: join(siteFolder, SITE_BEFORE) },
  ];
  return { v: 1, moves, aside, rubbish: [staging, siteRoot] };
}
