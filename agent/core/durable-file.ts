/**
 * Small files that are replaced as a whole: after a crash or a power cut there is the old one or the new one, never a piece
 * of either. Imports nothing but Node, for the launcher of releases uses it before anything of a release runs.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;

/**
 * Puts `bytes` in the place of `file`; durable when it resolves. Rejects as node:fs does, and the file is as it was. Two at
 * a time for one file are not meant: whoever saves takes turns.
 *
 * `mode`: rights of the new file whatever the mask of the process is; without it for its owner alone. Folders that are
 * missing are made with the rights that go with it.
 */
export async function replaceFile(file: string, bytes: Uint8Array | string, mode?: number): Promise<void> {
  const fresh = `${file}.new`;
  const rights = mode ?? OWNER_ONLY;
  await mkdir(dirname(file), { recursive: true, mode: folderMode(rights) });
  try {
    // What a cut left there may have other rights or another owner.
    await rm(fresh, { force: true });
    {
      await using handle = await open(fresh, 'wx', rights);
      // A file system without rights (FAT) has none to set.
      if (mode !== undefined) await handle.chmod(mode).catch(() => {});
      await handle.writeFile(bytes);
      await handle.sync();
    }
    await rename(fresh, file);
  } catch (thrown) {
    await rm(fresh, { force: true }).catch(() => {});
    throw thrown;
  }
  await flushPath(dirname(file));
}

/**
 * The same where nothing else may happen meanwhile, for the owner alone. `before` is told the name of what is written,
 * once it is durable and just before it takes the place of `file`.
 */
export function replaceFileSync(
  file: string,
  bytes: Uint8Array | string,
  before: (fresh: string) => void = () => {},
): void {
  const fresh = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true, mode: folderMode(OWNER_ONLY) });
  rmSync(fresh, { force: true });
  writeDurably(fresh, bytes);
  before(fresh);
  renameDurably(fresh, file);
}

/** Writes a file in place, for its owner alone, and waits for the disk; its name is durable once its folder is. */
export function writeDurably(file: string, bytes: Uint8Array | string): void {
  const fd = openSync(file, 'w', OWNER_ONLY);
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Gives a file or folder another name in the same file system; the new name is durable with its return. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Waits until the names in a folder are on the disk. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Resolves when the names in a folder, or the bytes of a file, are on the disk. */
export async function flushPath(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** The bytes of a file; undefined where there is no such file. Rejects as node:fs does where it cannot be read. */
export function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(undefinedWhereNone);
}

/** The same at once. Throws as node:fs does. */
export function readIfThereSync(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (thrown) {
    return undefinedWhereNone(thrown);
  }
}

function undefinedWhereNone(thrown: unknown): undefined {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
  throw thrown;
}

/** Whoever may read the file may enter its folder. */
function folderMode(mode: number): number {
  return mode | ((mode & 0o444) >> 2) | 0o700;
}
