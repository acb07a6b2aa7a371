/** Files of a folder tree, in the same order on every machine. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Regular files below `root`, by name; links are not followed. */
export async function* files(root: string): AsyncGenerator<string> {
  const entries = await readdir(root, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}
