/** The block `building_energy` of a site file. */
import { afterAll, describe, expect, test } from 'vitest';
import type { UplinkConfig } from '../../../agent/core/site.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const ENV = { KEY: 'k3rbside-test-01', SECRET: 'a secret', PUBLISHED: '0102030405060708090A0B0C0D0E0F10' };
const reference = (name: string) => `"\${env:${name}}"`;
const DEVICES = `lines:
  - { id: rs485, port: /dev/ttyTest }
devices:
  - { id: feeder, line: rs485, address: 1, profile: eastron-sdm630 }
`;
const site = (block: string) =>
  `${MINIMAL}${DEVICES}uplinks:\n  - id: energy\n    building_energy: ${block}\n`;

/** The usual block; a text that begins with `-` takes a key out. */
function block(changes: Readonly<Record<string, string>> = {}): string {
  const keys: Record<string, string> = {
    server: '"10.0.0.9:7000"',
    building: '310101A064',
    gateway: '"01"',
    key: reference('KEY'),
    secret: reference('SECRET'),
    meters: '[{ id: "1", device: feeder, functions: [{ id: "1", point: energy-import, code: 01A00 }] }]',
    ...changes,
  };
  const given = Object.entries(keys).filter(([, value]) => value !== '-');
  return `{ ${given.map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
}

async function problems(changes: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return folder.problems(site(block(changes)), { env: ENV });
}

test('has the defaults of the guideline, its secrets, and selects what it needs', async () => {
  const result = await folder.load(site(block()), { env: ENV });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const config: UplinkConfig | undefined = result.site.uplinks[0];
  expect(config).toEqual({
    id: 'energy',
    kind: 'building-energy',
    select: [{ device: 'feeder', point: 'energy-import', send: 'all' }],
    host: '10.0.0.9',
    port: 7000,
    platform: 'guideline',
    settings: {},
    building: '310101A064',
    gateway: '01',
    key: ENV.KEY,
    secret: ENV.SECRET,
    codes: 'national',
    moreCodes: {},
    meters: [{ id: '1', functions: [{ id: '1', device: 'feeder', point: 'energy-import', code: '01A00' }] }],
    every: 900_000,
    periodByCentre: true,
    align: 60_000,
    gather: 10_000,
    heartBeat: 60_000,
    timeout: 30_000,
    clock: 'untrusted',
    inFlight: 16,
    replayRate: 0,
  });
  expect(result.facts.secrets).toEqual([ENV.KEY, ENV.SECRET]);
});

test('takes what a platform does otherwise', async () => {
  const settings =
    '{ padding: zero, crc_order: le, errors: { good: "192", uncertain: "64", bad: "0" }, national_building: false }';
  const result = await folder.load(site(block({ settings, building: 'PTJK2022617' })), { env: ENV });
  expect(result).toMatchObject({
    ok: true,
    site: {
      uplinks: [
        { settings: { padding: 'zero', crcOrder: 'le', nationalBuilding: false, errors: { good: '192' } } },
      ],
    },
  });
});

const meters = (functions: string) => `[{ id: "1", device: feeder, functions: ${functions} }]`;

describe('says what is wrong', () => {
  test.each([
    [{ building: '3101A064' }, 'building: expected six digits, a capital letter and three digits'],
    [{ building: '310101Y064' }, 'building: building type Y is none of A, B, C, D, E, F, G, H, Z'],
    [{ meters: meters('[{ id: "1", point: energy-import, code: 1A00 }]') }, 'code: expected two digits'],
    [
      { meters: meters('[{ id: "1", point: energy-import, code: "14000" }]') },
      'class 14 is not one of 01 to 13',
    ],
    [
      { meters: meters('[{ id: "1", point: energy-import, code: 01A40 }]') },
      'the code 01A40 is not in the national tree; write codes: local',
    ],
    [
      { meters: meters('[{ id: "1", point: energy-import }]') },
      'missing: expected an energy code; write code: 01A00',
    ],
    [
      {
        meters: meters(
          '[{ id: "1", point: energy-import, code: 01A00 }, { id: "1", point: energy-export, code: 01A00 }]',
        ),
      },
      'meter 1 has this function and code already',
    ],
    [
      { meters: meters('[{ id: "1", point: energy-imprt, code: 01A00 }]') },
      'there is no point of feeder "energy-imprt"; write point: energy-import',
    ],
    [
      { meters: '[{ id: "1", device: feder, functions: [{ id: "1", point: x, code: 01A00 }] }]' },
      'there is no device "feder"; write device: feeder',
    ],
    [
      { meters: '[{ id: "1", functions: [{ id: "1", point: x, code: 01A00 }] }]' },
      'missing: expected a device here or at the meter',
    ],
    [
      { key: reference('PUBLISHED') },
      'key: what it refers to is a test key that stands in public source code',
    ],
    [
      { key: reference('SECRET') },
      'key: expected 16 characters or 32 hex digits behind the reference, got 8 characters',
    ],
    [{ key: '-' }, 'key: missing: expected the key of the encryption'],
    [{ secret: '-' }, 'secret: missing: expected the secret of the login'],
    [{ key: 'k3rbside-test-01' }, 'key: expected a reference to a secret'],
    [{ settings: '{ iv: own }' }, 'iv: missing: start: own needs iv'],
    [{ every: '90min' }, 'every: expected'],
  ] as const)('%j', async (changes, message) => {
    expect((await problems(changes as Readonly<Record<string, string>>)).join('\n')).toContain(message);
  });

  test('never shows a secret', async () => {
    const all = await problems({ key: reference('PUBLISHED'), secret: reference('PUBLISHED') });
    expect(all).toHaveLength(2);
    expect(all.join()).not.toContain('0102');
  });

  test('a code of the platform beside the tree is right', async () => {
    const own = { meters: meters('[{ id: "1", point: energy-import, code: 01A90 }]') };
    expect(await problems(own)).toHaveLength(1);
    expect(await problems({ ...own, more_codes: '{ 01A90: 广告牌 }' })).toEqual([]);
    expect(
      await problems({ meters: meters('[{ id: "1", point: energy-import, code: 01A40 }]'), codes: 'local' }),
    ).toEqual([]);
  });
});
