/**
 * The launcher: what /usr/bin/kerbside starts. It looks up which release runs, counts the start of one that is on trial, and
 * becomes it (execve: the same process, as the service manager knows it). It belongs to the package, is never updated by a
 * bundle, and whatever goes wrong in here ends with the package's own release.
 *
 * KERBSIDE_RELEASES: folder of the releases; set by the service, whose starts count. A command line looks at the same folder
 * and runs what the service runs, and as root gives up its rights first: what lies there belongs to the agent's user.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FACTORY, isWhole, readBootState, writeBootState } from './boot-state.ts';
import { decide } from './decide.ts';

const FOLDER = '/var/lib/kerbside/releases';
const HOME = join(import.meta.dirname, '../..');
const USER = 'kerbside';

/** Version of the package that this launcher belongs to. */
export function factoryVersion(home: string = HOME): string {
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}

/** The release to run; durable where it had to be. Never throws. */
export function choose(dir: string, factory: string, counts: boolean): string {
  try {
    const { state } = readBootState(dir);
    const facts = { factory, counts, now: Date.now(), whole: (version: string) => isWhole(dir, version) };
    const { start, write, otherwise } = decide(state, facts);
    if (write === undefined) return start;
    try {
      writeBootState(dir, write);
      return start;
    } catch (thrown) {
      process.stderr.write(
        `kerbside: ${dir} cannot be written (${(thrown as Error).message}); ${otherwise} starts\n`,
      );
      return otherwise;
    }
  } catch (thrown) {
    process.stderr.write(`kerbside: ${(thrown as Error).message}; ${FACTORY} starts\n`);
    return FACTORY;
  }
}

/** Program, arguments and environment of a start. */
export function command(
  start: string,
  dir: string,
  args: readonly string[],
  { uid, env }: { readonly uid: number; readonly env: NodeJS.ProcessEnv },
): { readonly file: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const home = start === FACTORY ? HOME : join(dir, start);
  const own = join(home, 'runtime/node');
  const node = existsSync(own) ? own : process.execPath;
  const run = [node, '--max-semi-space-size=2', join(home, 'agent/main.ts'), ...args];
  // The releases folder only where a service named it: else this is a command line, which switches nothing.
  const given = {
    ...env,
    MALLOC_ARENA_MAX: '2',
    KERBSIDE_RELEASE: start,
    KERBSIDE_FACTORY: factoryVersion(),
    KERBSIDE_FACTORY_HOME: HOME,
  };
  if (uid !== 0 || start === FACTORY) return { file: node, args: run, env: given };
  const drop = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups', '--no-new-privs', '--'];
  return { file: '/usr/bin/setpriv', args: [...drop, ...run], env: given };
}

/** Becomes the release that is to run; that of the package runs in this very process. */
export async function launch(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const named = env.KERBSIDE_RELEASES;
  const dir = named ?? FOLDER;
  const start = choose(dir, factoryVersion(), named !== undefined && args[0] === 'run');
  if (start === FACTORY) {
    Object.assign(env, {
      KERBSIDE_RELEASE: start,
      KERBSIDE_FACTORY: factoryVersion(),
      KERBSIDE_FACTORY_HOME: HOME,
    });
    const main = join(HOME, 'agent/main.ts');
    process.argv[1] = main;
    await import(pathToFileURL(main).href);
    return;
  }
  const ready = command(start, dir, args, { uid: process.getuid?.() ?? 0, env });
  process.execve?.(ready.file, [...ready.args], ready.env as Record<string, string>);
  throw new Error('this Node knows no execve; use the one of the package');
}

if (import.meta.main) await launch(process.argv.slice(2), process.env);
