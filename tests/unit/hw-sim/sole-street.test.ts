import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { soleStreet } from '../../../hw-sim/sole-street.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-sole-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('one street in a folder, by whatever name the folder is called, and the next one when it is gone', async () => {
  symlinkSync(dir, join(dir, 'again'));
  const first = await soleStreet(dir);
  expect(first).toBeDefined();
  expect(await soleStreet(join(dir, 'again'))).toBeUndefined();
  first?.[Symbol.dispose]();
  using next = await soleStreet(dir);
  expect(next).toBeDefined();
});
