/** A street that was stopped: what it leaves lies in its state folder, and `--reset` forgets that. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startStreetProcess } from '../browser/support/street-process.ts';

const root = mkdtempSync(join(tmpdir(), 'kerbside-leaves-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));

/** Every place that a program writes to by itself: all of them are empty at the start. */
const PLACES = ['tmp', 'home', 'cache', 'config', 'data', 'runtime', 'cwd'] as const;
const at = (place: (typeof PLACES)[number]) => join(root, place);
for (const place of PLACES) mkdirSync(at(place));
const state = join(root, 'state');

/** Begins and stops; gives whose log it was. */
async function stoppedStreet(reset: boolean): Promise<string> {
  {
    await using _ = await startStreetProcess({
      state,
      port: 18_400,
      reset,
      cwd: at('cwd'),
      env: {
        TMPDIR: at('tmp'),
        HOME: at('home'),
        XDG_CACHE_HOME: at('cache'),
        XDG_CONFIG_HOME: at('config'),
        XDG_DATA_HOME: at('data'),
        XDG_RUNTIME_DIR: at('runtime'),
        NODE_COMPILE_CACHE: undefined,
      },
    });
  }
  return readFileSync(join(state, 'agent/device-key.pem'), 'utf8');
}

test('leaves no file outside of its state folder; a second start goes on, one with --reset begins anew', {
  timeout: 180_000,
}, async () => {
  const first = await stoppedStreet(false);
  for (const place of PLACES) expect(readdirSync(at(place)), place).toEqual([]);
  expect(readdirSync(state)).toContain('site.yaml');
  expect(await stoppedStreet(false)).toBe(first);
  expect(await stoppedStreet(true)).not.toBe(first);
  for (const place of PLACES) expect(readdirSync(at(place)), place).toEqual([]);
  expect(readdirSync(root).toSorted()).toEqual([...PLACES, 'state'].toSorted());
});
