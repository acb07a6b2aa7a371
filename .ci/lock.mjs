/**
 * Keeps `"gypfile": false` in the lock file. better-sqlite3 brings its binaries and says in its package.json that nothing
 * shall be compiled, but npm reads the lock file instead, which has no place for it, finds a binding.gyp and calls
 * node-gyp: an install then needs Python and a compiler, and fails where they are missing. npm honours the field where it
 * stands in the lock file, and drops it whenever it writes that anew. So this runs after every change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const entry = lock.packages['node_modules/better-sqlite3'];
if (entry !== undefined && entry.gypfile !== false) {
  entry.gypfile = false;
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
