/** Small files of the state folder, replaced as a whole: after a crash there is the old one or the new one. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes `bytes` to `file` and waits for the disk. Rejects as the file system does. */
export async function replaceFile(file: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  {
    await using handle = await open(fresh, 'w', 0o600);
    await handle.writeFile(bytes);
    await handle.sync();
  }
  await rename(fresh, file);
  // The name is on the disk once its folder is.
  await using folder = await open(dirname(file), 'r');
  await folder.sync();
}

/** Its bytes, or undefined where there is none (or none that can be read). */
export async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
