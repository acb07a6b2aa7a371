/**
 * `kerbside update`: the city's side of bundles (`update-make.ts`) and a technician's on the device (what runs, what a bundle
 * would do, staging from a stick, switching, returning). On the device it works on the files that the launcher reads, so it
 * helps where the agent does not start.
 */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { releasesFolder, runningRelease } from '../compose/fleet/fleet.ts';
import { AgentError } from '../core/errors.ts';
import { silent } from '../core/log.ts';
import type { Site } from '../core/site.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import type { UpdateOutcome } from '../core/update.ts';
import { SCHEMA_VERSION } from '../store/schema-version.ts';
import { FACTORY, freshState, isWhole, readBootState, writeBootState } from '../update/boot-state.ts';
import { returned } from '../update/decide.ts';
import { bundleSource } from '../update/fetch.ts';
import { judge } from '../update/judge.ts';
import { AgentUpdates } from '../update/updates.ts';
import { EXIT } from './exit.ts';
import { goOnAsOwner } from './owner.ts';
import { load, problemLines } from './site.ts';
import { registerMaking } from './update-make.ts';

const SITE = ['--site <file>', 'site file, whose fleet keys count', '/etc/kerbside/site.yaml'] as const;
/** Where the package keeps releases; on a command line no service names it. */
const RELEASES = '/var/lib/kerbside/releases';

export function register(program: Command): void {
  const update = program
    .command('update')
    .description('signed bundles: make, sign, verify, stage, apply, return');
  registerMaking(update);
  update
    .command('verify')
    .description(
      'say what a bundle is, and whether this agent would take it; fetches nothing but its manifest',
    )
    .argument('<source>', 'folder, or https:// address of its manifest')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: it would be taken. 1: it would be refused.')
    .action(verify);
  for (const act of ['stage', 'apply'] as const) {
    update
      .command(act)
      .description(
        act === 'stage'
          ? 'fetch, check and unpack a release; it does not run yet'
          : 'the same, and switch to it with the next start',
      )
      .argument('<source>', 'folder, or https:// address of its manifest')
      .option(...SITE)
      .option('--json', 'answer in JSON')
      .addHelpText('after', '\nExit code 0: done. 1: it was refused.')
      .action((source: string, options: { readonly site: string; readonly json?: true }) =>
        take(act, source, options),
      );
  }
  update
    .command('status')
    .description('what runs, what is staged and on trial, and what happened')
    .option(...SITE)
    .option('--json', 'answer in JSON')
    .action(status);
  update
    .command('return')
    .description('run the release before from the next start on')
    .option(...SITE)
    .requiredOption('--why <text>', 'the reason, for the history')
    .action(giveBack);
}

/** The site of a device, with its fleet keys; undefined where the file has problems, which have been told then. */
async function fleetSite(
  file: string,
): Promise<(Site & { readonly fleet: NonNullable<Site['fleet']> }) | undefined> {
  const result = await load(file);
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return undefined;
  }
  const { site } = result;
  if (site.fleet !== undefined) return { ...site, fleet: site.fleet };
  throw new AgentError('config-invalid', `${file} names no keys whose updates are taken`, {
    fix: 'add fleet: with keys: to it, see docs/upgrade.md',
  });
}

function folderOf(site: Site): string {
  return site.state === '/var/lib/kerbside' ? RELEASES : releasesFolder(site.state);
}

function hereOf(site: Site) {
  const { running, factory, factoryHome } = runningRelease({
    KERBSIDE_RELEASES: folderOf(site),
    ...process.env,
  });
  return {
    factory,
    ...(factoryHome === undefined ? {} : { factoryHome }),
    here: {
      site: site.id,
      agent: site.agent.id,
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      running,
      logSchema: SCHEMA_VERSION,
      switchable: process.env.KERBSIDE_RELEASE !== undefined,
    },
  };
}

async function verify(
  source: string,
  { site: file, json }: { readonly site: string; readonly json?: true },
): Promise<void> {
  const site = await fleetSite(file);
  if (site === undefined) return;
  const { here, factory } = hereOf(site);
  const where = bundleSource(source.startsWith('https://') ? source : resolve(source), site.fleet);
  const envelope = await where.manifest(AbortSignal.timeout(60_000));
  const state = readBootState(folderOf(site)).state ?? freshState(factory);
  const judged = judge(envelope, state, { ...here, ...site.fleet, clock: new SystemClock() });
  const text = judged.ok ? 'it would be taken' : `${judged.code}: ${judged.reason}`;
  process.stdout.write(json === true ? `${JSON.stringify(judged)}\n` : `${text}\n`);
  process.exitCode = judged.ok ? EXIT.ok : EXIT.no;
}

async function take(
  act: 'stage' | 'apply',
  source: string,
  { site: file, json }: { readonly site: string; readonly json?: true },
): Promise<void> {
  process.umask(0o077);
  const site = await fleetSite(file);
  if (site === undefined) return;
  goOnAsOwner(site.state);
  let restart = false;
  const clock = new SystemClock();
  await using updates = new AgentUpdates({
    dir: folderOf(site),
    config: site.fleet,
    ...hereOf(site),
    clock,
    log: silent,
    // Told by the agent: nothing else writes its log.
    hub: { readings() {}, event() {}, record: () => Promise.reject(new Error('the agent tells it')) },
    look: { health: () => [], ledgers: () => [], pulse: async () => {}, lineOf: () => undefined },
    restart: () => {
      restart = true;
    },
  });
  const wish = { act, source: source.startsWith('https://') ? source : resolve(source), by: 'cli' };
  const outcome: UpdateOutcome = await updates.take(wish, new AbortController().signal);
  if (json === true) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else if (!outcome.ok) process.stderr.write(`refused (${outcome.code}): ${outcome.reason}\n`);
  else
    process.stdout.write(
      restart
        ? `${outcome.version} runs from the next start on: sudo systemctl restart kerbside\n`
        : `${outcome.version} is staged\n`,
    );
  process.exitCode = outcome.ok ? EXIT.ok : EXIT.no;
}

async function status({ site: file, json }: { readonly site: string; readonly json?: true }): Promise<void> {
  const result = await load(file, 'skip');
  const dir = result.ok ? folderOf(result.site) : RELEASES;
  const { state, torn } = readBootState(dir);
  if (json === true) return void process.stdout.write(`${JSON.stringify({ state: state ?? null, torn })}\n`);
  if (state === undefined)
    return void process.stdout.write('the release of the package runs; nothing was ever updated\n');
  const { current, previous, trial, floor, history } = state;
  // The package may have been replaced since the state was written.
  const { factory } = runningRelease({ KERBSIDE_RELEASES: dir, ...process.env });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const named = (version: string) => (version === FACTORY ? `${factory} of the package` : version);
  say(
    current === FACTORY ? `${named(current)} runs` : `${named(current)} runs; before it ${named(previous)}`,
  );
  if (trial !== undefined) say(`${trial.version} is on trial, start ${trial.starts}`);
  say(`nothing older than ${floor} is taken`);
  for (const { at, what, kind, version, reason } of history.slice(-10))
    say(
      `${new Date(at).toISOString()}  ${what} ${kind} ${version}${reason === undefined ? '' : `: ${reason}`}`,
    );
}

async function giveBack({ site: file, why }: { readonly site: string; readonly why: string }): Promise<void> {
  const result = await load(file, 'skip');
  const dir = result.ok ? folderOf(result.site) : RELEASES;
  goOnAsOwner(join(dir, '..'));
  const { state } = readBootState(dir);
  if (state === undefined || state.current === FACTORY) {
    process.stderr.write('the release of the package runs; there is none before it\n');
    process.exitCode = EXIT.no;
    return;
  }
  const next = returned(state, why, Date.now(), { whole: (version) => isWhole(dir, version) });
  writeBootState(dir, next);
  const to = next.current === FACTORY ? `${next.base} of the package` : next.current;
  process.stdout.write(`${to} runs from the next start on: sudo systemctl restart kerbside\n`);
}
