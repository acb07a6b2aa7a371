/** `kerbside energy report` and `export`, from past readings in a real log. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
const FIRST = Date.parse('2026-02-28T23:45:00+08:00');
const QUARTER = 900_000;

const ENERGY = `energy:
  title: { en: Office, zh: 办公楼 }
  meters: [{ id: main, carrier: electricity, device: meter-1, point: energy-import }]
  circuits: [{ id: main, title: { en: Supply, zh: 总进线 }, meter: main, code: "01000" }]
  accounts: [{ id: building, title: Building, lines: [{ meter: main, tariff: grid }] }]
  tariffs: [{ id: grid, carrier: electricity, versions: [{ from: "2026-01-01", price: 0.5 }] }]
`;

beforeAll(async () => {
  folder.write('site.yaml', STREET.replace('address: 1', 'address: 1\n    every: 15min') + ENERGY);
  // 4 kWh a quarter of an hour for six days.
  const lines = Array.from({ length: 6 * 96 + 2 }, (_, i) => ({
    device: 'meter-1',
    point: 'energy-import',
    value: 1000 + 4 * i,
    unit: 'kW.h',
    time: FIRST + i * QUARTER,
  }));
  folder.write('past.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { code, err } = await kerbside(['import', 'past.jsonl', '--json'], { cwd });
  expect([code, err]).toEqual([0, '']);
});
afterAll(() => folder[Symbol.dispose]());

test('a month on paper, in the language asked for', async () => {
  const out = join(cwd, 'march.html');
  const { code, err } = await kerbside(
    ['energy', 'report', '--month', '2026-03', '--lang', 'zh', '--out', out],
    { cwd },
  );
  expect([code, err]).toEqual([0, '']);
  expect(existsSync(out)).toBe(true);
  const html = readFileSync(out, 'utf8');
  expect(html).toContain('<html lang="zh-CN">');
  expect(html).toContain('办公楼 · 能源月报 2026-03');
  expect(html).toContain('总进线');
  expect(html.match(/<svg/g)).toHaveLength(3);
});

test('the days of a month as CSV', async () => {
  const { code, out, err } = await kerbside(['energy', 'export', '--month', '2026-03'], { cwd });
  expect([code, err]).toEqual([0, '']);
  const lines = out.split('\r\n');
  expect(lines[0]).toBe('Date,id,Circuit,Code,Carrier,Quantity,Unit,Worth,Readings there');
  expect(lines[1]).toBe('2026-03-01,main,Supply,01000,Electricity,384,kWh,measured,1.0000');
  expect(lines).toHaveLength(31 + 2);
});

test('what is no month or no language is said', async () => {
  const month = await kerbside(['energy', 'report', '--month', 'March'], { cwd });
  expect([month.code, month.err]).toEqual([2, 'kerbside: expected a month such as 2027-03, got "March"\n']);
  const language = await kerbside(['energy', 'export', '--lang', 'fr'], { cwd });
  expect([language.code, language.err]).toEqual([2, 'kerbside: expected --lang en or zh, got "fr"\n']);
});
