/** The pole's section: what is resolved of it, and what is said of every way to write it wrong. */
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const POLE = `${STREET}  - { id: charger-1, line: chargers, profile: generic-ocpp16-charger, address: CP-1 }
pole:
  feeder:
    id: feeder
    rating: 32
    others: 20
    meter: { device: meter-1, currents: [current-l1, current-l2, current-l3] }
    chargers:
      - { device: charger-1, currents: [current-l1], phases: [1] }
  tenants:
    - { id: cell, title: { en: 5G cell }, meters: [{ device: meter-1, point: energy-import }], issuers: ["uplink:cell*"], commands: [{ device: "cell-*" }] }
`.replace('devices:', '  - { id: chargers, ocpp: { listen: "127.0.0.1:9220" } }\ndevices:');

test('is resolved with its defaults', async () => {
  const result = await folder.load(POLE);
  expect(result.ok ? [] : result.problems).toEqual([]);
  expect(result.ok ? result.site.pole : undefined).toMatchObject({
    feeder: {
      rating: 32,
      reserve: 1,
      stale: 20_000,
      raiseAfter: 30_000,
      raiseStep: 4,
      chargers: [{ device: 'charger-1', limit: 'current-limit', phases: [1], min: 6, max: 32 }],
    },
    tenants: [{ id: 'cell', meters: [{ share: 1 }], commands: [{ device: 'cell-*', point: '*' }] }],
  });
});

describe('what does not fit', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'a meter that is not there',
      'meter: { device: meter-1,',
      'meter: { device: meter-9,',
      /there is no device "meter-9"/,
    ],
    [
      'a point that is no current',
      'currents: [current-l1, current-l2, current-l3]',
      'currents: [voltage-l1]',
      /voltage-l1 of meter-1 is in V, which is no A/,
    ],
    [
      'a limit that cannot be written',
      '{ device: charger-1, currents',
      '{ device: charger-1, limit: current-offered, currents',
      /current-offered of charger-1 is read-only/,
    ],
    [
      'currents that are not those of the phases',
      'phases: [1] }',
      'phases: [1, 2] }',
      /expected one current for each of 2 phases/,
    ],
    [
      'a feeder that can never charge without its meter',
      'others: 20',
      'others: 26',
      /can never charge while the meter is silent: 32 − 1 − 26 A/,
    ],
    ['an id that is taken', 'id: feeder', 'id: meter-1', /the id "meter-1" is taken/],
    [
      'a register that is no energy',
      'point: energy-import',
      'point: voltage-l1',
      /voltage-l1 of meter-1 is in V, which is no kW.h/,
    ],
    ['commands of nobody', 'issuers: ["uplink:cell*"], ', '', /commands needs issuers/],
    ['a misspelt key', 'reserve', 'reserves', /^$/],
  ])('%s', async (_, from, to, message) => {
    const text = from === 'reserve' ? POLE.replace('rating: 32', 'ratings: 32') : POLE.replace(from, to);
    const problems = await folder.problems(text);
    expect(problems.length).toBeGreaterThan(0);
    if (from === 'reserve') expect(problems.join('\n')).toMatch(/pole\.feeder\.ratings.*write rating/);
    else expect(problems.join('\n')).toMatch(message);
  });
});
