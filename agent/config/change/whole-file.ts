/** Files that are replaced as a whole: after a power cut there is the old text or the new one, never a piece of either. */
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export type WriteWhole = (file: string, text: string) => Promise<void>;

/**
 * Resolves when `file` has `text` durably. Keeps the file's rights and follows a link to where it really is; a new file
 * is for its owner alone. Rejects as node:fs does, and the file is as it was.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const real = await realpath(file).catch(() => file);
  const mode = await stat(real).then(
    (facts) => facts.mode & 0o777,
    () => 0o600,
  );
  const fresh = `${real}.new`;
  try {
    {
      await using handle = await open(fresh, 'w', mode);
      await handle.writeFile(text);
      // The mask of the process must not narrow what the file's own rights were.
      await handle.chmod(mode);
      await handle.sync();
    }
    await rename(fresh, real);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw error;
  }
  await using folder = await open(dirname(real), 'r');
  await folder.sync();
}
