/**
 * Takes a claim: checks all of it, then makes this machine the unit it names, as a restore does. A power cut leaves the
 * image or the unit. The shell (`kerbside claim take`) and the page of an unclaimed unit both come here.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import * as z from 'zod';
import { type Claim, checkClaim, takenBefore } from '../../backup/claim.ts';
import { commitPlan, finishRestore, give, syncFolders } from '../../backup/plan.ts';
import { soleClaim } from '../../backup/sole.ts';
import { planOf } from '../../backup/stage.ts';
import type { LoadResult } from '../../config/load.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { type ClaimRefusal, type ClaimTaken, claimRefused } from '../../core/claim.ts';
import type { ContentKey } from '../../core/content/content.ts';
import { writeDurably } from '../../core/durable-file.ts';
import { IDENTITY_FILE } from '../identity.ts';

export interface TakeOptions {
  /** Absolute path. */
  readonly siteFile: string;
  /** Keys whose claims count. */
  readonly keys: readonly ContentKey[];
  /** Ids of this machine, best first. */
  readonly hardware: readonly string[];
  /** Unix epoch ms. */
  readonly now: number;
  /** Although this unit is claimed already. */
  readonly again?: boolean;
  /** Checks a site file; secrets are not looked at, for they are put in afterwards. */
  readonly load: (file: string) => Promise<LoadResult>;
  /** Rejects while a named agent runs on this state folder. */
  readonly refuseWhileRunning: (state: string) => Promise<void>;
  /** Told of each step that changes the disk; for tests. */
  readonly before?: (step: string) => void;
}

export type TakeResult = ClaimTaken | (ClaimRefusal & { readonly problems?: readonly Problem[] });

/** In the state folder: the claims that were taken. */
const TAKEN = 'claims.json';
/** Problems of a site file that a page tells; the shell tells all. */
const MOST_TOLD = 8;

/** Rejects only where `refuseWhileRunning` does; what cannot be written is a refusal, and nothing has happened then. */
export async function takeClaim(bytes: Uint8Array, options: TakeOptions): Promise<TakeResult> {
  const { siteFile, keys, hardware, now, load, again = false } = options;
  // The unit as it is now, where it is one: its claims are remembered there.
  const unit = existsSync(siteFile) ? await load(siteFile) : undefined;
  const before = unit?.ok === true ? takenIn(unit.site.state) : [];
  const checked = checkClaim(bytes, { keys, hardware, now, used: before });
  if (!checked.ok) return checked;
  if (before.length > 0 && !again)
    return claimRefused('claimed', 'this unit is claimed already', 'Give --again to make it another one.');
  let sole: Disposable | undefined;
  try {
    sole = soleClaim(siteFile);
  } catch (thrown) {
    return notWritten(thrown);
  }
  if (sole === undefined)
    return claimRefused('busy', 'another claim is being taken just now', 'Wait for the end of it.');
  using _ = sole;
  return await stageAndBecome(checked.claim, checked.key, before, options);
}

async function stageAndBecome(
  claim: Claim,
  key: string,
  before: readonly string[],
  { siteFile, hardware, load, refuseWhileRunning, before: step }: TakeOptions,
): Promise<TakeResult> {
  const folder = dirname(siteFile);
  const staging = join(folder, '.restore-site', 'new');
  try {
    rmSync(staging, { recursive: true, force: true });
    for (const [path, text] of Object.entries(claim.files)) {
      mkdirSync(dirname(join(staging, path)), { recursive: true, mode: 0o750 });
      writeFileSync(join(staging, path), text, { mode: 0o640 });
    }
    const loaded = await load(join(staging, claim.siteFile));
    if (!loaded.ok) return siteWrong(loaded.problems, staging);
    const state = resolve(folder, relative(staging, loaded.site.state));
    await refuseWhileRunning(state);
    const known = [...new Set([...before, ...takenIn(state)])];
    if (known.includes(claim.id)) return takenBefore();
    const fresh = join(state, '.restore', 'new');
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    const identity = { generation: 1, hardware: hardware[0] ?? 'unknown' };
    writeDurably(join(fresh, IDENTITY_FILE), `${JSON.stringify(identity)}\n`);
    writeDurably(join(fresh, TAKEN), `${JSON.stringify([...known, claim.id])}\n`);
    for (const [from, like] of [
      [staging, folder],
      [fresh, state],
    ] as const) {
      give(from, like);
      syncFolders(from);
    }
    const siteFiles = Object.keys(claim.files).map((path) => ({
      staged: path,
      path: path === claim.siteFile ? basename(siteFile) : path,
    }));
    const plan = planOf({ siteStaging: staging, siteFolder: folder, siteFiles, state, ownLog: 'aside' });
    commitPlan(siteFile, plan, step);
    finishRestore(siteFile, step);
    const { host, port } = loaded.site.console;
    const { id, site, agent } = claim;
    return { ok: true, claim: id, site, agent, key, siteFile, state, console: `${host}:${port}` };
  } catch (thrown) {
    // Once the plan is there it has happened, and the next start ends it.
    if (existsSync(`${siteFile}.restore`) || !('code' in (thrown as object))) throw thrown;
    const { code } = thrown as NodeJS.ErrnoException;
    if (!/^E[A-Z]+$/.test(code ?? '')) throw thrown;
    return notWritten(thrown);
  } finally {
    if (!existsSync(`${siteFile}.restore`))
      rmSync(join(folder, '.restore-site'), { recursive: true, force: true });
  }
}

function siteWrong(problems: readonly Problem[], staging: string): TakeResult {
  const told = problems
    .slice(0, MOST_TOLD)
    .map((one) => formatProblem(one, (file) => relative(staging, file)));
  const more = problems.length - told.length;
  const all = [...told, ...(more > 0 ? [`… ${more}`] : [])].join('\n');
  return {
    ...claimRefused(
      'site-wrong',
      'the site file in it is wrong',
      'The city mends it and makes a new claim: kerbside check says the same there.',
      { problems: all },
    ),
    problems,
  };
}

function notWritten(thrown: unknown): ClaimRefusal {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return claimRefused(
    'not-written',
    `it could not be written: ${why}`,
    'Look at free space and rights of the folders: kerbside doctor.',
    { why },
  );
}

/** Claims that were taken in a state folder. */
function takenIn(state: string): readonly string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(join(state, TAKEN), 'utf8')));
  } catch {
    return [];
  }
}
