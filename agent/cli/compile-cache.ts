/**
 * Compiled code is kept between starts in `<state>/compile-cache`, for the state folder is the only one the agent writes
 * to. It halves the time to load our modules, which is most of a start on a small gateway. `node:module` checks every
 * entry against its source and does without where the folder cannot be written.
 */
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const FOLDER = 'compile-cache';

/**
 * Takes up the cache of an earlier start before anything is loaded that could read the site file properly. A guess at
 * its `state:` is enough: where it is wrong there is no such folder, and nothing happens.
 */
export function resumeCompileCache(siteFile: string): void {
  const state = guessState(siteFile);
  if (state !== undefined && existsSync(join(state, FOLDER))) enableCompileCache(join(state, FOLDER));
}

/** Keeps the cache in the state folder from now on; a second call changes nothing. */
export function keepCompileCache(state: string): void {
  enableCompileCache(join(state, FOLDER));
}

/** Writes it now, not at a clean end that may never come. */
export function saveCompileCache(): void {
  flushCompileCache();
}

function guessState(siteFile: string): string | undefined {
  try {
    const written = /^state:\s*["']?([^"'#\r\n]+?)["']?\s*(?:#.*)?$/m.exec(
      readFileSync(siteFile, 'utf8'),
    )?.[1];
    return resolve(dirname(siteFile), written ?? './state');
  } catch {
    return undefined;
  }
}
