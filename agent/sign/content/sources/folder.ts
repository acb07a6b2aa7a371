/** Content in a folder: put there by the city's own tools, by rsync, by a memory stick. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LARGEST_ENVELOPE } from '../../../core/envelope.ts';
import { type MediaSource, mediaName } from '../download.ts';
import type { DocumentSource } from './source.ts';

/** Files of a folder that are looked at; more is no content folder. */
const MOST_FILES = 100;

/** `*.json` of `dir`, each read again when it changes. */
export function documentFolder(dir: string, every: number): DocumentSource {
  const name = `folder ${dir}`;
  return {
    name,
    async run({ take, healthy, clock, signal }) {
      const seen = new Map<string, string>();
      for (;;) {
        const files = (await readdir(dir)).filter((file) => file.endsWith('.json')).toSorted();
        for (const file of files.slice(0, MOST_FILES)) {
          const path = join(dir, file);
          const { size, mtimeMs, isFile } = await look(path);
          const mark = `${size}/${mtimeMs}`;
          if (!isFile || seen.get(file) === mark) continue;
          seen.set(file, mark);
          // One byte more than is looked at, so that it is refused for its size.
          take(size > LARGEST_ENVELOPE ? new Uint8Array(LARGEST_ENVELOPE + 1) : await readFile(path), path);
        }
        healthy();
        await clock.sleep(every, signal);
      }
    },
  };
}

/** Files named `<sha256>.<type>` in `dir`. */
export function mediaFolder(dir: string): MediaSource {
  return {
    name: `folder ${dir}`,
    async open(item, offset, signal) {
      const path = join(dir, mediaName(item));
      const { isFile } = await look(path);
      return isFile ? { offset, bytes: createReadStream(path, { start: offset, signal }) } : undefined;
    },
  };
}

async function look(path: string): Promise<{ size: number; mtimeMs: number; isFile: boolean }> {
  try {
    const found = await stat(path);
    return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() };
  } catch {
    return { size: 0, mtimeMs: 0, isFile: false };
  }
}
