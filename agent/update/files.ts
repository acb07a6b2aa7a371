/** What staging does on the disk: room, flushing, linking, sizes. */
import { execFile } from 'node:child_process';
import { link, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { flushPath } from '../core/durable-file.ts';

const execute = promisify(execFile);

/** With more files than this, one call that flushes the file system is faster than one for each of them. */
const MANY = 400;

/** Waits until everything below `folder` is on the disk. */
export async function flush(folder: string, entries: number): Promise<void> {
  if (entries > MANY) {
    // syncfs(2), which Node does not have; coreutils are on every Debian.
    const done = await execute('sync', ['-f', folder]).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
  await flushEach(folder);
}

async function flushEach(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await flushEach(path);
    else if (entry.isFile()) await flushPath(path);
  }
  await flushPath(folder);
}

/** The same file or tree under another name, without its bytes a second time. Gives how many files. Rejects as link(2) does. */
export async function linkTree(from: string, to: string): Promise<number> {
  if ((await stat(from)).isFile()) {
    await link(from, to);
    return 1;
  }
  let files = 0;
  await mkdir(to, { mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) files += await linkTree(source, target);
    else {
      await link(source, target);
      files += 1;
    }
  }
  return files;
}

/** Bytes free for us where `folder` is. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
