/** Sees when a site file or a template was written: editors replace files, so their folders are watched, and files looked at now and then. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';

/** An editor is done when nothing was written for so long, ms. */
const QUIET = 500;
/** For file systems that tell nothing (a network share), and links that lead elsewhere, ms. */
const LOOK_EVERY = 10_000;

export interface FileWatchOptions {
  /** Files that count now. */
  readonly files: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Something may have changed. */
  readonly changed: () => void;
}

export function watchFiles({ files, clock, log, changed }: FileWatchOptions): Disposable {
  const watchers = new Map<string, FSWatcher>();
  let quiet: Disposable | undefined;
  let timer: Disposable | undefined;
  let disposed = false;
  let seen = '';
  const soon = () => {
    quiet?.[Symbol.dispose]();
    quiet = disposed ? undefined : clock.after(QUIET, changed);
  };
  const follow = () => {
    const folders = new Set(files().map((file) => dirname(file)));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, (_, name) => {
          if (name === null || files().some((file) => basename(file) === name)) soon();
        });
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch (error) {
        // The look every ten seconds does without it.
        log.debug('config.unwatched', { folder, error: (error as Error).message });
      }
    }
  };
  const look = async () => {
    const facts = await Promise.all(
      files().map((file) =>
        stat(file).then(
          ({ mtimeMs, size, ino }) => `${file} ${mtimeMs} ${size} ${ino}`,
          () => `${file} gone`,
        ),
      ),
    );
    const now = facts.join('\n');
    if (disposed) return;
    if (seen !== '' && now !== seen) soon();
    seen = now;
    follow();
    timer = clock.after(LOOK_EVERY, () => void look());
  };
  follow();
  void look();
  return {
    [Symbol.dispose]() {
      disposed = true;
      quiet?.[Symbol.dispose]();
      timer?.[Symbol.dispose]();
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
