/**
 * `kerbside run --site <file>`: checks the whole file, then starts the agent and stays with it until a signal. A file with
 * problems, or one that ended the agent again and again, gives way to the last good one (agent/config/change/start.ts).
 * Under a parent with an IPC channel it says `{type: 'ready', console, link}` there and stops when the parent is gone;
 * otherwise it prints the link. Without a site file, but with a factory image's claim.yaml in its place, it is nobody's unit
 * and waits for a claim (cli/unclaimed.ts). Logs are JSON lines on stderr.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ConsoleMemory } from '../console/server.ts';
import { aborted } from '../core/aborted.ts';
import type { Log } from '../core/log.ts';
import { keepCompileCache, resumeCompileCache, saveCompileCache } from './compile-cache.ts';
import { EXIT, sentence } from './exit.ts';
import { LEVELS, type Level } from './level.ts';
import { serviceManager } from './service.ts';

/** Ctrl-C ends everything in under 3 s; what hangs then is left to the operating system. */
const STOP_BUDGET = 2800;

export function register(program: Command): void {
  program
    .command('run')
    .description('run a site until SIGINT or SIGTERM; a second signal ends it at once')
    .option('--site <file>', 'site file', 'site.yaml')
    .addOption(new Option('--log-level <level>', 'what is logged').choices(LEVELS).default('info'))
    .addHelpText(
      'after',
      '\nWithout a site file, but with the claim.yaml of a factory image beside its place, the unit waits for a claim (docs/provisioning.md).\nExit code 0: stopped by a signal. 1: the file has problems, and no earlier one is known to be good. 3: could not start, or did not stop in time.',
    )
    .action(run);
}

async function run({ site: file, logLevel }: { site: string; logLevel: Level }): Promise<void> {
  // What the agent writes (log, tokens, keys, flows) is for its own user.
  process.umask(0o077);
  // A restore that a power cut has interrupted is ended before anything of it is read.
  const restored =
    (existsSync(`${file}.restore`) || existsSync(`${file}.restore-done`)) && (await endRestore(file));
  resumeCompileCache(file);
  const { siteDeps, problemLines } = await import('./site.ts');
  const { createLog } = await import('./log.ts');
  const log = createLog({ level: logLevel, secrets: [] });
  const { chooseRevision } = await import('../config/change/start.ts');
  const deps = siteDeps();
  const choose = () => chooseRevision({ file: resolve(file), deps, now: Date.now, env: process.env, log });
  const service = serviceManager(process.env, log);
  const beat = { look: async () => {} };
  using watching = new DisposableStack();
  let chosen = await choose();
  let waited: { readonly memory: ConsoleMemory; readonly stop: AbortSignal } | undefined;
  if (!chosen.ok && !existsSync(file)) {
    const { imageBeside, untilNamed } = await import('./unclaimed.ts');
    const image = await imageBeside(resolve(file), chosen.problems);
    log.mask(image.secrets);
    watchForCrashes(log);
    const stop = stopSignal(log);
    const memory = await untilNamed(resolve(file), image, {
      log,
      stop,
      onUp: (unit) => {
        beat.look = unit.pulse;
        service.ready('unclaimed: waits for a claim');
        watching.use(service.watch(() => beat.look()));
        announceUnclaimed(unit.console);
      },
    });
    if (memory === undefined) {
      service.stopping();
      log.info('agent.stopped');
      process.exit(EXIT.ok);
    }
    // Until the named agent is up nobody is asked: its start has a limit of its own.
    beat.look = async () => {};
    waited = { memory, stop };
    chosen = await choose();
  }
  if (!chosen.ok) {
    process.stderr.write(problemLines(chosen.problems));
    process.exit(EXIT.no);
  }
  const { site, facts } = chosen.run;
  log.mask(facts.secrets);
  keepCompileCache(site.state);
  if (waited === undefined) watchForCrashes(log);
  if (restored) log.warn('agent.restore-ended', { site: file, why: 'it was interrupted' });
  const signal = waited?.stop ?? stopSignal(log);
  const { keepAgent } = await import('../compose/change/keeper.ts');
  let agent: Awaited<ReturnType<typeof keepAgent>>;
  try {
    agent = await keepAgent({
      chosen,
      deps,
      log,
      signal,
      ...(waited === undefined ? {} : { memory: waited.memory }),
      mask: log.mask,
      onLost: (error) => {
        log.error('agent.lost', { error: error.message });
        process.exit(EXIT.failed);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exit(EXIT.ok);
  }
  if (!signal.aborted) announce(agent);
  service.ready(`${site.agent.id} of ${site.id}`);
  beat.look = agent.pulse;
  if (waited === undefined) watching.use(service.watch(() => beat.look()));
  saveCompileCache();
  await aborted(signal);
  service.stopping();
  await agent[Symbol.asyncDispose]();
  log.info('agent.stopped');
  // What a library still holds (a socket in its linger) keeps nobody waiting.
  process.exit(EXIT.ok);
}

async function endRestore(file: string): Promise<boolean> {
  const { finishRestore } = await import('../backup/plan.ts');
  return finishRestore(resolve(file));
}

function announceUnclaimed(console: string): void {
  if (process.send !== undefined) process.send({ type: 'unclaimed', console });
  else
    process.stdout.write(
      `${console}: this unit is nobody's yet; take a claim there, or by kerbside claim take\n`,
    );
}

interface Announced {
  readonly console: string;
  readonly link: string;
  readonly code: string;
  readonly remote: string | undefined;
}

function announce({ console, link, code, remote }: Announced): void {
  if (process.send !== undefined) process.send({ type: 'ready', console, link, code, remote });
  // A journal is read by more people than may administer the agent.
  else if (process.env.JOURNAL_STREAM !== undefined)
    process.stdout.write(`${console}: kerbside login prints a link\n`);
  else {
    process.stdout.write(`${link}\n`);
    process.stdout.write(
      `code for another device: ${code} (at ${remote ?? console}; one of the two, once, within 15 minutes)\n`,
    );
  }
}

/** One Ctrl-C may arrive twice: from the terminal to the whole group, and handed on by a parent. */
const SAME_SIGNAL = 500;

/** Aborts at the first signal, or when the parent behind the IPC channel is gone; ends the process at the second. */
function stopSignal(log: Log): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const stop = (why: string) => {
    if (controller.signal.aborted) {
      if (performance.now() - first > SAME_SIGNAL) process.exit(EXIT.interrupted);
      return;
    }
    first = performance.now();
    log.info('agent.stopping', { why });
    setTimeout(() => {
      log.error('agent.stop-late', { after_ms: STOP_BUDGET });
      process.exit(EXIT.failed);
    }, STOP_BUDGET);
    controller.abort(new Error(why));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.once('disconnect', () => {
    if (!controller.signal.aborted) stop('parent gone');
  });
  return controller.signal;
}

/** What nobody caught leaves the process in a state nobody knows: it is logged, and the supervisor starts anew. */
function watchForCrashes(log: Log): void {
  process.on('uncaughtException', (error, origin) => {
    log.error('agent.crashed', { origin, error: sentence(error), stack: error.stack });
    process.exit(EXIT.failed);
  });
}
