/**
 * `kerbside restore`: makes this unit what a backup was of. Reads all of the file before it touches anything; a power cut
 * leaves the unit as it was, or as the backup says, never between.
 */
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Listing } from '../backup/archive.ts';
import { commitPlan, finishRestore, give, syncFolders } from '../backup/plan.ts';
import type { Opening } from '../backup/seal.ts';
import { look, type PlanOptions, planOf, stageSite, stageState } from '../backup/stage.ts';
import { IDENTITY_FILE, readIdentity } from '../compose/identity.ts';
import { agentRuns } from '../console/access/local-door.ts';
import { writeDurably } from '../core/durable-file.ts';
import { AgentError } from '../core/errors.ts';
import { LANES } from '../core/point.ts';
import { LOG_NAME, logFile, RESTORED } from '../store/aside.ts';
import { adoptLog, logFacts } from '../store/copy.ts';
import { KEY_NAME } from '../store/evidence/device-key.ts';
import { hardwareId, hardwareIds } from '../store/identity.ts';
import { passphraseOf } from './backup.ts';
import { EXIT } from './exit.ts';
import { progressBar } from './progress.ts';
import { load, problemLines, shownPath } from './site.ts';

interface Options {
  readonly site: string;
  readonly sameDevice?: true;
  readonly check?: true;
  readonly passphraseFile?: string;
  readonly key?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('restore')
    .description('make this unit what a backup was of; the agent must not run')
    .argument('<file>', 'file that kerbside backup has made')
    .option('--site <file>', 'where the site file goes; its folder gets what belongs to it', 'site.yaml')
    .option(
      '--same-device',
      'this is the very unit the backup is of, and no other runs: keep its key, and its epoch where that is safe',
    )
    .option('--check', 'read and verify all of it, and say what is in it; changes nothing')
    .option(
      '--passphrase-file <path>',
      'the passphrase it is sealed with is in this file (- for standard input)',
    )
    .option('--key <path>', 'private X25519 key it is sealed for, PEM')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      `
Without --same-device the unit starts a new epoch under a new key with the next generation, and the one it replaces is
refused by the city from then on. What the backup holds unsent still leaves, under its old numbers. What was here before
is kept in before-restore/ of the state folder until the next restore.

Examples:
  kerbside restore pole-0817.kbak --check --passphrase-file pass.txt
  sudo kerbside restore pole-0817.kbak --site /etc/kerbside/site.yaml --passphrase-file pass.txt
  kerbside restore pole-0817.kbak --same-device --key backup.key

Exit code 0: restored, or with --check: whole. 1: the site file in it has problems here. 3: damaged, sealed, or an agent
runs here; then nothing was changed.`,
    )
    .action(run);
}

/** What a restore did, for people and programs. */
export interface Restored {
  readonly agent: string;
  readonly site: string;
  readonly created: string;
  readonly siteFile: string;
  readonly state: string;
  readonly generation: number;
  /** What becomes of the log. */
  readonly log: 'none' | 'new-epoch' | 'goes-on';
  readonly key: 'new' | 'kept';
  /** Why an epoch does not go on although that was asked for. */
  readonly why?: string;
  /** The old unit had a certificate whose key stays with it: this one needs its own. */
  readonly certificate: boolean;
  readonly environment: readonly string[];
  readonly outside: readonly string[];
}

export interface RestoreOptions {
  readonly file: string;
  readonly siteFile: string;
  readonly opening: Opening;
  readonly sameDevice: boolean;
  /** Told of each step, for tests that cut the power there. */
  before?(step: string): void;
  progress?(share: number): void;
}

async function run(file: string, options: Options): Promise<void> {
  process.umask(0o077);
  const opening = await openingOf(options);
  using bar = progressBar('restore');
  if (options.check === true) {
    const { outside, listing } = await look(
      bytesOf(file, (share) => bar.at(share)),
      opening,
    );
    const { files, ...facts } = listing;
    const sealed = outside.seal.kind;
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ok: true, ...facts, sealed, files: files.length })}\n`
        : `${shownPath(resolve(file))} is whole: ${listing.agent} of ${listing.site}, ${listing.created}, ${files.length} files\n`,
    );
    return;
  }
  const restored = await restore({
    file,
    siteFile: resolve(options.site),
    opening,
    sameDevice: options.sameDevice === true,
    progress: (share) => bar.at(share),
  });
  if (typeof restored === 'string') {
    process.stderr.write(restored);
    process.exitCode = EXIT.no;
    return;
  }
  process.stdout.write(options.json === true ? `${JSON.stringify(restored)}\n` : words(restored));
}

function words(done: Restored): string {
  const lines = [
    `${done.agent} of ${done.site}, as it was on ${done.created}: ${shownPath(done.siteFile)}, state in ${done.state}`,
    done.log === 'goes-on'
      ? 'the log goes on where it stopped'
      : `a new epoch begins with the next start${done.log === 'none' ? '' : '; what is unsent of the old one still leaves'}`,
    ...(done.why === undefined ? [] : [`the epoch does not go on: ${done.why}`]),
    done.key === 'kept' ? 'the key of the device is kept' : 'a new key is made with the next start',
    `generation ${done.generation}: the unit this one replaces is refused from its next connection on`,
  ];
  if (done.certificate)
    lines.push(
      'the certificate for TLS was of the old unit: kerbside csr make, have it signed, kerbside csr install',
    );
  if (done.environment.length > 0) lines.push(`set before the start: ${done.environment.join(', ')}`);
  for (const path of done.outside) lines.push(`bring from the old unit, it was not in the backup: ${path}`);
  return `${lines.join('\n')}\n`;
}

/**
 * Restores. Gives the problems of the site file as text where it does not load here. Throws `AgentError` where the file
 * is damaged, sealed for somebody else, or an agent runs; nothing is changed then.
 */
export async function restore(options: RestoreOptions): Promise<Restored | string> {
  const { siteFile, opening, before = () => {}, progress = () => {} } = options;
  const folder = dirname(siteFile);
  // One that was cut off first: its files must not be taken for what was here.
  finishRestore(siteFile);
  before('look');
  const { listing } = await look(
    bytesOf(options.file, (share) => progress(share / 3)),
    opening,
  );
  mkdirSync(folder, { recursive: true });
  before('stage site');
  const siteStaging = await stageSite(
    bytesOf(options.file, (share) => progress((1 + share) / 3)),
    opening,
    folder,
  );
  try {
    const staged = join(siteStaging, listing.siteFile);
    const loaded = await load(staged, 'skip');
    if (!loaded.ok) return problemLines(loaded.problems);
    const state = resolve(folder, relative(siteStaging, loaded.site.state));
    await refuseWhileRunning(state);
    before('stage state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const fate = fateOf(listing, state, options.sameDevice);
    const fresh = await stageState(
      bytesOf(options.file, (share) => progress((2 + share) / 3)),
      opening,
      state,
      ({ path }) => fate.wanted(path),
    );
    before('stage identity');
    const generation = options.sameDevice ? listing.generation : nextGeneration(listing, state);
    writeDurably(
      join(fresh, IDENTITY_FILE),
      `${JSON.stringify({ generation, hardware: options.sameDevice ? listing.hardware : hardwareId() })}\n`,
    );
    if (fate.log === 'new-epoch') writeDurably(join(fresh, RESTORED), '');
    if (fate.adopt !== undefined) {
      before('take over log');
      renameSync(join(fresh, fate.adopt), join(fresh, LOG_NAME));
      adoptLog(join(fresh, LOG_NAME), listing.hardware);
    }
    give(fresh, state);
    syncFolders(fresh);
    const siteFiles = listing.files
      .filter(({ area }) => area === 'site')
      .map(({ path }) => ({ staged: path, path: path === listing.siteFile ? basename(siteFile) : path }));
    const plan = planOf({
      siteStaging,
      siteFolder: folder,
      siteFiles,
      state,
      ownLog: fate.ownLog,
      before: listing.log?.epoch,
    });
    commitPlan(siteFile, plan, before);
    finishRestore(siteFile, before);
    return {
      agent: listing.agent,
      site: listing.site,
      created: listing.created,
      siteFile,
      state,
      generation,
      log: fate.log,
      key: options.sameDevice ? 'kept' : 'new',
      ...(fate.why === undefined ? {} : { why: fate.why }),
      certificate: !options.sameDevice && listing.files.some(({ path }) => path.startsWith('tls/')),
      environment: listing.environment,
      outside: listing.outside,
    };
  } finally {
    // Where it was not committed; otherwise it is gone already.
    if (!existsSync(`${siteFile}.restore`)) rmSync(dirname(siteStaging), { recursive: true, force: true });
  }
}

interface Fate {
  readonly log: Restored['log'];
  readonly ownLog: PlanOptions['ownLog'];
  /** Name of the staged log that becomes the one that goes on. */
  readonly adopt?: string;
  readonly why?: string;
  wanted(path: string): boolean;
}

/** What becomes of the logs: the one that is here, and the one in the backup. */
function fateOf(listing: Listing, state: string, sameDevice: boolean): Fate {
  const { log } = listing;
  const staged = log === null ? undefined : `log-${log.epoch}.db`;
  const own = logFacts(logFile(state));
  const mine = own?.agent === listing.agent ? own : undefined;
  const further =
    mine !== undefined &&
    mine.epoch === log?.epoch &&
    LANES.every((lane) => mine.heads[lane] >= (log.heads[lane] ?? 0));
  // A key for TLS is bound to the machine it was made on.
  const plain = (path: string) => sameDevice || (path !== KEY_NAME && !path.startsWith('tls/'));
  if (sameDevice && further)
    return { log: 'goes-on', ownLog: 'stays', wanted: (path) => plain(path) && path !== staged };
  const ownLog: Fate['ownLog'] = mine === undefined ? 'aside' : { earlier: mine.epoch };
  const made = {
    log: log === null && mine === undefined ? ('none' as const) : ('new-epoch' as const),
    ownLog,
  };
  // The log that is here holds all that the one in the backup does, and what came after it.
  if (further) return { ...made, wanted: (path) => plain(path) && path !== staged };
  if (!sameDevice || log === null || staged === undefined) return { ...made, wanted: plain };
  const why = unsafe(listing, mine?.epoch);
  return why === undefined
    ? { log: 'goes-on', ownLog, adopt: staged, wanted: plain }
    : { ...made, why, wanted: plain };
}

/** Why numbers of the backup's log might be given twice if it went on. */
function unsafe({ log, hardware }: Listing, here: string | undefined): string | undefined {
  if (!hardwareIds().includes(hardware)) return 'this is other hardware than the backup was made on';
  if (log?.clean !== true) return 'the agent ran while the backup was made, and may have given numbers since';
  if (log.records !== 'all') return 'the backup was made without --log';
  return here === undefined ? undefined : 'a later log of this agent is here';
}

function nextGeneration(listing: Listing, state: string): number {
  const here = readIdentity(state)?.generation ?? 0;
  return Math.max(listing.generation, here) + 1;
}

/** Rejects with `port-busy` while one runs: an agent answers at the socket in its state folder for as long as it runs. */
export async function refuseWhileRunning(state: string): Promise<void> {
  if (!(await agentRuns(state))) return;
  throw new AgentError('port-busy', `restore to ${state} failed: an agent runs there; nothing was changed`, {
    fix: 'Stop it first: sudo systemctl stop kerbside.',
  });
}

async function openingOf({ passphraseFile, key }: Options): Promise<Opening> {
  return {
    ...(passphraseFile === undefined ? {} : { passphrase: await passphraseOf(passphraseFile) }),
    ...(key === undefined ? {} : { privateKey: readFileSync(key, 'utf8') }),
  };
}

async function* bytesOf(file: string, progress: (share: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0;
  try {
    const { size } = statSync(file);
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      yield piece;
      done += piece.length;
      progress(done / size);
    }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (thrown instanceof AgentError || code === undefined) throw thrown;
    throw new AgentError('not-found', `reading of the backup ${file} failed: ${(thrown as Error).message}`, {
      cause: thrown,
      fix: 'Check the name.',
    });
  }
}
