/** `kerbside energy peak-limit --dry-run`: the plan over the power of a real log. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
const MINUTE = 60_000;

const SITE = `${STREET.replace('devices:', '  - { id: garage, tcp: "192.168.1.81:502" }\ndevices:')}  - { id: charger, line: garage, profile: abb-terra-ac }
peak_limit:
  limit: 10
  power: { device: meter-1, point: power-active-total }
  loads: [{ id: charger, device: charger, point: current-limit-set, shed: 6, normal: 32, kw: 4, priority: 1, min_off: 5min }]
`;

beforeAll(async () => {
  folder.write('site.yaml', SITE);
  folder.write('street.yaml', STREET);
  // Two hours at 8 kW, then half an hour at 12, until five minutes ago.
  const begin = Math.floor(Date.now() / MINUTE) * MINUTE - 155 * MINUTE;
  const lines = Array.from({ length: 150 * 6 }, (_, i) => ({
    device: 'meter-1',
    point: 'power-active-total',
    value: i < 120 * 6 ? 8000 : 12_000,
    unit: 'W',
    time: begin + (i * MINUTE) / 6,
  }));
  folder.write('past.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { code, err } = await kerbside(['import', 'past.jsonl', '--json'], { cwd });
  expect([code, err]).toEqual([0, '']);
});
afterAll(() => folder[Symbol.dispose]());

test('a peak that the plan would have cut', async () => {
  const { code, out, err } = await kerbside(['energy', 'peak-limit', '--dry-run', '--json'], { cwd });
  expect([code, err]).toEqual([0, '']);
  const plan = JSON.parse(out);
  expect(plan.measured).toBeCloseTo(12, 6);
  expect(plan.measuredAbove).toBeGreaterThan(15);
  expect(plan.planned).toBeLessThanOrEqual(10);
  expect(plan.plannedAbove).toBe(0);
  expect(plan.actions[0]).toMatchObject({ load: 'charger', what: 'shed' });
  const text = await kerbside(['energy', 'peak-limit', '--dry-run'], { cwd });
  expect(text.out).toMatch(/highest window +12\.0 kW +\d\.\d kW/);
  expect(text.out).toMatch(/charger: \d+ min off/);
});

test('what is no question is told with its fix', async () => {
  const without = await kerbside(['energy', 'peak-limit', '--dry-run', 'street.yaml'], { cwd });
  expect([without.code, without.err]).toEqual([1, expect.stringContaining('add a section peak_limit:')]);
  const armed = await kerbside(['energy', 'peak-limit'], { cwd });
  expect([armed.code, armed.err]).toEqual([2, expect.stringContaining('--dry-run')]);
});
