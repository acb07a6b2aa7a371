/** `kerbside import`: past readings in the real log, with numbers, marked; one wrong line and nothing happens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLogSource } from '../../../agent/store/reader.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
beforeAll(() => {
  folder.write('site.yaml', STREET);
});
afterAll(() => folder[Symbol.dispose]());

test('tells every wrong line and imports nothing', async () => {
  const right = { device: 'meter-1', point: 'voltage-l1', value: 230, unit: 'V', time: 1_700_000_000_000 };
  const lines = [
    right,
    { ...right, point: 'voltage' },
    { ...right, value: '230' },
    { ...right, unit: 'kV' },
    { ...right, time: 'now' },
    { ...right, quality: 'bad' },
    { ...right, reason: 'bored' },
  ];
  folder.write('wrong.jsonl', `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{\n`);
  const { code, err } = await kerbside(['import', 'wrong.jsonl'], { cwd });
  expect(code).toBe(1);
  expect(err.split('\n').slice(0, 5)).toEqual([
    'wrong.jsonl:2 there is no point meter-1/voltage in the site',
    'wrong.jsonl:3 value: expected a number, got "230"',
    'wrong.jsonl:4 unit: expected V, got "kV"',
    'wrong.jsonl:5 time: expected Unix epoch ms',
    'wrong.jsonl:6 a bad reading has no value, any other has one',
  ]);
  expect(err).toContain('wrong.jsonl:7 reason: expected one of ');
  expect(err).toContain('wrong.jsonl:8 is no JSON\nnothing was imported\n');
  expect(existsSync(join(cwd, 'state'))).toBe(false);
});

test('puts readings into the log in the order of time, marked as what they are', async () => {
  const start = Date.now() - 86_400_000;
  const lines = [
    { device: 'meter-1', point: 'voltage-l1', value: 231.5, unit: 'V', time: start + 60_000 },
    { device: 'meter-1', point: 'voltage-l1', value: 230.5, unit: 'V', time: start },
    { device: 'meter-1', point: 'voltage-l1', value: null, time: start + 120_000, reason: 'timeout' },
    { device: 'meter-1', point: 'voltage-l2', value: 229, time: start + 180_000, quality: 'good' },
  ];
  folder.write('past.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { code, out, err } = await kerbside(['import', 'past.jsonl', '--json'], { cwd });
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toEqual({ imported: 4 });
  using log = openLogSource(join(cwd, 'state', 'log.db'));
  const slice = log.read('telemetry', 1, 10);
  expect(
    slice?.records.map((record) => record.kind === 'reading' && [record.seq, record.value, record.quality]),
  ).toEqual([
    [1, 230.5, 'uncertain'],
    [2, 231.5, 'uncertain'],
    [3, null, 'bad'],
    [4, 229, 'good'],
  ]);
  expect(slice?.records.map((record) => record.kind === 'reading' && record.reason)).toEqual([
    'simulated',
    'simulated',
    'timeout',
    undefined,
  ]);
  // A wall clock that is set between the two processes moves the times; a second is enough here.
  const first = slice?.records[0]?.time ?? 0;
  expect(Math.abs(first - start)).toBeLessThan(1000);
});

test('a file that is not there is a sentence', async () => {
  const { code, err } = await kerbside(['import', 'none.jsonl'], { cwd });
  expect(code).toBe(3);
  expect(err).toMatch(/^kerbside: import of none\.jsonl failed: ENOENT: .*; Check the name\.\n$/);
});
