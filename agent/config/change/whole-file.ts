/** Site files and what is kept of their changes, replaced as a whole. */
import { realpath, stat } from 'node:fs/promises';
import { replaceFile } from '../../core/durable-file.ts';

export type WriteWhole = (file: string, text: string) => Promise<void>;

/**
 * Resolves when `file` has `text` durably. Keeps the file's rights and follows a link to where it really is; a new file
 * is for its owner alone. Rejects as node:fs does, and the file is as it was.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  const real = await realpath(file).catch(() => file);
  const mode = await stat(real).then(
    (facts) => facts.mode & 0o777,
    () => 0o600,
  );
  await replaceFile(real, text, mode);
}
