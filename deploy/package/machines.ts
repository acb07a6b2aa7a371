/**
 * Which packages, and which files in packages, are for machines of which architecture: by the lock file, and by where packages
 * with binaries of many systems keep them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from './architecture.ts';

/** A package of a lock file, as far as it says for which machines it is. */
interface Locked {
  cpu?: string | readonly string[];
  readonly os?: string | readonly string[];
  readonly libc?: string | readonly string[];
  readonly dev?: boolean;
}
interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

/**
 * The lock file of `folder`, changed so that one `npm ci`, which installs for one processor, brings what every one of
 * `architectures` needs, but what is `unused`; and the paths of those packages.
 */
export async function widened(
  folder: string,
  architectures: readonly Architecture[],
  unused: (path: string) => boolean,
): Promise<{ readonly lock: Lock; readonly needed: readonly string[] }> {
  const lock = await read(folder);
  const cpus = architectures.map(({ npm }) => npm);
  const needed: string[] = [];
  for (const [path, locked] of Object.entries(lock.packages)) {
    const { cpu, os = 'linux', libc = 'glibc', dev } = locked;
    if (dev === true || unused(path) || cpu === undefined || !cpus.some((one) => has(cpu, one))) continue;
    if (!has(os, 'linux') || !has(libc, 'glibc')) continue;
    locked.cpu = cpus;
    needed.push(path);
  }
  return { lock, needed };
}

/** Packages, by path below the folder of the lock file, that a machine of this architecture does not load. */
export async function foreignPackages(folder: string, { npm }: Architecture): Promise<readonly string[]> {
  const { packages } = await read(folder);
  const foreign = Object.entries(packages).filter(([, { cpu }]) => cpu !== undefined && !has(cpu, npm));
  return foreign.map(([path]) => path);
}

/** Whether a file, by its path below `node_modules`, is a binary for other machines, in a package that has some for many. */
export function foreignBinary(path: string, { npm }: Architecture): boolean {
  const [, sqlite] = /^better-sqlite3\/prebuilds\/(.*)\.node$/.exec(path) ?? [];
  if (sqlite !== undefined) return sqlite !== `linux-${npm}`;
  const [, port, libc] =
    /^@serialport\/bindings-cpp\/prebuilds\/([^/]+)\/.*?(glibc|musl)?\.node$/.exec(path) ?? [];
  if (port !== undefined) return port !== `linux-${npm}` || libc !== 'glibc';
  const [, onnx] = /^onnxruntime-node\/bin\/napi-v\d+\/([^/]+\/[^/]+)\//.exec(path) ?? [];
  return onnx !== undefined && onnx !== `linux/${npm}`;
}

async function read(folder: string): Promise<Lock> {
  return JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as Lock;
}

function has(field: string | readonly string[], name: string): boolean {
  return [field].flat().includes(name);
}
