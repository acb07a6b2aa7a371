/** `kerbside energy`: from past readings in a real log to account, completeness and bill. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
const FIRST = Date.parse('2026-02-28T23:45:00+08:00');
const QUARTER = 900_000;

const ENERGY = `energy:
  meters: [{ id: main, carrier: electricity, device: meter-1, point: energy-import }]
  circuits: [{ id: main, meter: main, code: "01000" }]
  accounts: [{ id: building, title: Building, lines: [{ meter: main, tariff: grid }] }]
  tariffs: [{ id: grid, carrier: electricity, versions: [{ from: "2026-01-01", price: 0.5 }] }]
  factors: [{ carrier: electricity, from: "2026-01-01", kgce: 0.1229 }]
`;

beforeAll(async () => {
  // Its period is that of the readings.
  folder.write('site.yaml', STREET.replace('address: 1', 'address: 1\n    every: 15min') + ENERGY);
  folder.write('street.yaml', STREET);
  // 4 kWh a quarter of an hour, from just before March to the morning of the third.
  const lines = Array.from({ length: 230 }, (_, i) => ({
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

test('the account of a day', async () => {
  const { code, out, err } = await kerbside(['energy', 'account', '--day', '2026-03-01', '--json'], { cwd });
  expect([code, err]).toEqual([0, '']);
  const account = JSON.parse(out);
  expect(account.meters).toMatchObject([{ id: 'main', quantity: 384, quality: 'measured', completeness: 1 }]);
  expect(account.coverage).toMatchObject([{ share: 1 }]);
  const text = await kerbside(['energy', 'account', '--day', '2026-03-01'], { cwd });
  expect(text.out).toMatch(/Electricity 电 +384\.00 kWh +measured +100\.0 %/);
});

test('completeness, which is told by the exit code too', async () => {
  const day = await kerbside(['energy', 'completeness', '--day', '2026-03-02', '--json'], { cwd });
  expect(day.code).toBe(0);
  expect(JSON.parse(day.out).rows[0]).toMatchObject({ kind: 'building', due: 96, valid: 96 });
  // The month has 31 days, of which two and a half are there.
  const month = await kerbside(['energy', 'completeness', '--month', '2026-03'], { cwd });
  expect(month.code).toBe(1);
  expect(month.out).toMatch(/2026-03-03 +\d+\.\d % +below the line/);
});

test('a bill, which is not final where registers are missing', async () => {
  const { code, out } = await kerbside(['energy', 'bill', '--month', '2026-03', '--json'], { cwd });
  expect(code).toBe(1);
  const [bill] = JSON.parse(out);
  // 228 quarters from the reading of midnight on: 912 kWh, 456 yuan.
  expect(bill).toMatchObject({ account: 'building', total: '456.00', final: false, quality: 'missing' });
  expect(bill.statement).toMatchObject([{ opening: { value: 1004 }, closing: null }]);
  const text = await kerbside(['energy', 'bill', '--month', '2026-03', '--account', 'building'], { cwd });
  expect(text.out).toContain('building (Building) 2026-03: 456.00 yuan, so far, missing\n');
  expect(text.out).toMatch(/electricity: 912 kWh, 456\.00 yuan, 112\.085 kgce/);
});

test('what is no question is told with its fix', async () => {
  const nobody = await kerbside(['energy', 'bill', '--month', '2026-03', '--account', 'nobody'], { cwd });
  expect(nobody.code).toBe(3);
  expect(nobody.err).toMatch(/there is no account nobody.*ask for one of building/s);
  expect((await kerbside(['energy', 'account', '--day', '2026-02-30x'], { cwd })).code).toBe(2);
});

test('a site without an account says how to get one', async () => {
  const none = await kerbside(['energy', 'account', 'street.yaml'], { cwd });
  expect([none.code, none.err]).toEqual([
    1,
    'street.yaml keeps no energy account: add a section energy: (docs/energy.md)\n',
  ]);
});
