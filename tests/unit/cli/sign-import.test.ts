/** `kerbside sign import`: written whole or not at all, never older than what is there, and told what is wrong. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readExtract } from '../../../agent/sign/timetable/extract-file.ts';
import { gtfsTables, zipTables } from '../../../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../../../hw-sim/city/transit/network.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
const out = join(cwd, 'state', 'sign', 'extract');
beforeAll(() => {
  folder.write('site.yaml', `${STREET}sign: { id: stop-1, stops: [C1] }\n`);
  folder.write('plain.yaml', STREET);
  for (const [name, to] of [
    ['long', '20991231'],
    ['short', '20271231'],
  ] as const) {
    writeFileSync(join(cwd, `${name}.zip`), zipTables(gtfsTables(transitCity(7, '20270601', to))));
  }
});
afterAll(() => folder[Symbol.dispose]());

test('takes stops and place from the site, and keeps a timetable that is valid for longer', async () => {
  const first = await kerbside(['sign', 'import', 'long.zip', '--site', 'site.yaml', '--json'], { cwd });
  expect(first.code, first.err).toBe(0);
  expect(JSON.parse(first.out)).toMatchObject({ stops: ['C1'], to: '20991231', problems: 0, out });
  expect((await readExtract(out)).here).toEqual(['C1']);

  const older = await kerbside(['sign', 'import', 'short.zip', '--site', 'site.yaml'], { cwd });
  expect(older.code).toBe(1);
  expect(older.err).toContain('is valid until 20991231, this feed until 20271231: nothing was written');
  expect((await readExtract(out)).feed.to).toBe('20991231');

  const forced = await kerbside(['sign', 'import', 'short.zip', '--site', 'site.yaml', '--force'], { cwd });
  expect(forced.code, forced.err).toBe(0);
  expect((await readExtract(out)).feed.to).toBe('20271231');
}, 60_000);

test('says what is missing', async () => {
  expect(await kerbside(['sign', 'import', 'long.zip'], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining('say --stop <id>, or --site <file>'),
  });
  expect(await kerbside(['sign', 'import', 'long.zip', '--site', 'plain.yaml'], { cwd })).toMatchObject({
    code: 1,
    err: expect.stringContaining('has no sign'),
  });
  const unknown = await kerbside(['sign', 'import', 'long.zip', '--stop', 'C9', '--json'], { cwd });
  expect(unknown.code).toBe(1);
  expect(JSON.parse(unknown.out)).toMatchObject({ error: expect.stringContaining('there is no stop "C9"') });
  expect((await kerbside(['sign', 'import', 'none.zip', '--stop', 'C'], { cwd })).err).toContain('none.zip');
}, 60_000);
