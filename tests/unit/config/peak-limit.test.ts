/** The peak limit's section: what is resolved of it, and what is said of every way to write it wrong. */
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const PEAK = `${STREET}  - { id: charger-1, line: garage, profile: abb-terra-ac }
peak_limit:
  limit: 800
  power: { device: meter-1, point: power-active-total }
  loads:
    - { id: charger, device: charger-1, point: current-limit-set, shed: 6, normal: 32, kw: 18, priority: 1 }
`.replace('devices:', '  - { id: garage, tcp: "192.168.1.81:502" }\ndevices:');

test('is resolved with its defaults: not armed', async () => {
  const result = await folder.load(PEAK);
  expect(result.ok ? [] : result.problems).toEqual([]);
  expect(result.ok ? result.site.peakLimit : undefined).toMatchObject({
    limit: 800,
    window: 900_000,
    margin: 0.03,
    armed: false,
    restoreEvery: 120_000,
    lease: 900_000,
    loads: [{ id: 'charger', minOn: 600_000, minOff: 300_000, shed: 6, normal: 32 }],
  });
});

describe('what does not fit', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'a device that is not there',
      'device: charger-1, point',
      'device: charger-9, point',
      /there is no device "charger-9"/,
    ],
    [
      'a point that is not there',
      'current-limit-set',
      'current-limit-sett',
      /charger-1 has no point "current-limit-sett"/,
    ],
    ['a point that is read-only', 'point: current-limit-set', 'point: power-active-total', /read-only/],
    [
      'a power that is none',
      'point: power-active-total }',
      'point: voltage-l1 }',
      /voltage-l1 is in V, which is no power/,
    ],
    [
      'a value of another type',
      'shed: 6',
      'shed: false',
      /expected a number, as current-limit-set is, got false/,
    ],
    ['a load that cannot give way', 'shed: 6', 'shed: 32', /shed and normal are the same/],
    [
      'a longest time below the least',
      'priority: 1 }',
      'priority: 1, min_off: 10min, max_off: 2min }',
      /max_off is shorter than min_off/,
    ],
    ['a key that is none', '  limit: 800', '  limits: 800', /limits/],
  ])('%s', async (_, right, wrong, message) => {
    const result = await folder.load(PEAK.replace(right, wrong));
    expect(result.ok).toBe(false);
    const said = result.ok ? [] : result.problems.map((one) => `${one.message}`);
    expect(said.join('\n')).toMatch(message);
    for (const one of result.ok ? [] : result.problems) expect(one.fix ?? '').not.toBe('');
  });
});
