/** Device profiles: the built-in ones are right, and a wrong one says where and what. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROFILES, siteDeps } from '../../../agent/cli/site.ts';
import { parseProfile } from '../../../agent/config/device/profile.ts';
import { formatProblem } from '../../../agent/config/problem.ts';
import { driverFor } from '../../../drivers/index.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const METER = `profile: acme-m1
title: { en: Acme M1 }
class: electricity-meter
brand: Acme
model: M1
protocol: modbus
source: manual, 2026
every: 5s
modbus: { function: 4 }
points:
  - id: voltage
    title: Voltage
    unit: V
    decimals: 1
    range: [0, 300]
    modbus: { address: 0, type: float32 }
  - id: energy
    title: { en: Energy, zh: 电量 }
    unit: kW.h
    aggregation: counter
    lane: meter
    every: 1min
    modbus: { address: 72, type: float32 }
`;

function problems(text: string, file = '/x/acme-m1.yaml'): readonly string[] {
  const result = parseProfile(text, file, siteDeps());
  return result.ok ? [] : result.problems.map((found) => formatProblem(found, () => 'acme-m1.yaml'));
}
const changed = (from: string, to: string) => problems(METER.replace(from, to));

describe('a profile', () => {
  test('becomes what drivers and hub want, defaults filled in', () => {
    const result = parseProfile(METER, '/x/acme-m1.yaml', siteDeps());
    expect(result.ok && result.profile).toEqual({
      id: 'acme-m1',
      title: { en: 'Acme M1' },
      class: 'electricity-meter',
      brand: 'Acme',
      model: 'M1',
      protocol: 'modbus',
      source: 'manual, 2026',
      every: 5000,
      options: { function: 4 },
      points: [
        {
          id: 'voltage',
          title: { en: 'Voltage' },
          type: 'number',
          unit: 'V',
          decimals: 1,
          range: [0, 300],
          access: 'read',
          aggregation: 'mean',
          lane: 'telemetry',
          wire: { address: 0, type: 'float32' },
        },
        {
          id: 'energy',
          title: { en: 'Energy', zh: '电量' },
          type: 'number',
          unit: 'kW.h',
          access: 'read',
          aggregation: 'counter',
          lane: 'meter',
          every: 60_000,
          wire: { address: 72, type: 'float32' },
        },
      ],
    });
  });

  test.each([
    [
      'unit: V',
      'unit: kWh',
      'acme-m1.yaml:13:5 points[0].unit: expected a unit as UCUM code, got "kWh"; write unit: kW.h',
    ],
    [
      'unit: V',
      'unit: °C',
      'acme-m1.yaml:13:5 points[0].unit: expected a unit as UCUM code, got "°C"; write unit: Cel',
    ],
    [
      '    unit: V\n',
      '',
      "acme-m1.yaml:11:5 points[0].unit: missing: expected a unit as UCUM code; write unit: V, or '1' for a plain number",
    ],
    [
      'id: energy',
      'id: voltage',
      'acme-m1.yaml:17:5 points[1].id: the id "voltage" is taken by points[0]; write another id',
    ],
    [
      'range: [0, 300]',
      'range: [300, 0]',
      'acme-m1.yaml:15:5 points[0].range: expected [min, max], got [300, 0]; write range: [0, 300]',
    ],
    [
      'lane: meter',
      'lane: metre',
      'acme-m1.yaml:21:5 points[1].lane: expected one of alarm, event, meter, telemetry, bulk, got "metre"; write lane: telemetry',
    ],
    [
      'aggregation: counter',
      'aggregation: weighted',
      'acme-m1.yaml:17:5 points[1].weight: missing: a weighted mean needs the point that weighs; write weight: flow',
    ],
    [
      'aggregation: counter',
      'aggregation: weighted\n    weight: voltag',
      'acme-m1.yaml:21:5 points[1].weight: there is no point "voltag"; write weight: voltage',
    ],
    [
      'profile: acme-m1',
      'profile: acme-m2',
      'acme-m1.yaml:1:1 profile: expected the name of the file, got "acme-m2"; write profile: acme-m1',
    ],
    [
      'protocol: modbus',
      'protocol: modbuss',
      'acme-m1.yaml:6:1 protocol: no driver speaks "modbuss"; write protocol: modbus',
    ],
    ['every: 5s', 'evry: 5s', 'acme-m1.yaml:8:1 evry: unknown key "evry"; write every:'],
    [
      '    decimals: 1',
      '    decimal: 1',
      'acme-m1.yaml:14:5 points[0].decimal: unknown key "decimal"; write decimals:',
    ],
  ])('%s → %s', (from, to, expected) => {
    expect(changed(from, to)).toContain(expected);
  });

  test('what its driver says stands at its place', () => {
    const [found, ...more] = changed('address: 72', 'adress: 72').filter((line) => line.includes('adress'));
    expect(more).toEqual([]);
    expect(found).toMatch(/^acme-m1\.yaml:23:15 points\[1\]\.modbus\.adress: /);
  });

  test('no list of points, no map at all', () => {
    expect(problems('- a\n')).toEqual(['acme-m1.yaml:1:1 expected a map with profile:, protocol:, points:']);
    expect(changed(METER.slice(METER.indexOf('points:')), 'points: []\n')).toEqual([
      'acme-m1.yaml:10:1 points: expected at least one, got an empty list',
    ]);
  });
});

describe('folders of profiles', () => {
  const site = `${MINIMAL}lines: [{ id: l, port: /dev/x }]
devices: [{ id: m, line: l, profile: acme-m1, address: 1 }]
profiles: [./profiles]
`;

  test("the site's own are found and win; every problem of one is told with the file", async () => {
    folder.write('profiles/meters/acme-m1.yaml', METER);
    const result = await folder.load(site);
    expect(result.ok && result.site.devices[0]?.profile.brand).toBe('Acme');
    folder.write('profiles/meters/acme-m1.yaml', METER.replace('unit: V', 'unit: kWh'));
    expect(await folder.problems(site)).toEqual([
      'profiles/meters/acme-m1.yaml:13:5 points[0].unit: expected a unit as UCUM code, got "kWh"; write unit: kW.h',
    ]);
  });

  test('one that is not there, one name twice', async () => {
    folder.write('profiles/a/acme-m1.yaml', METER);
    folder.write('profiles/b/acme-m1.yaml', METER);
    expect((await folder.problems(site)).join()).toContain('two files are named acme-m1');
    const missing = await folder.problems(`${MINIMAL}profiles: [./none]\n`);
    expect(missing.join()).toContain('site.yaml:7:12 profiles[0]: the folder of profiles cannot be read');
  });
});

describe('built-in profiles', () => {
  const files = readdirSync(PROFILES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.yaml'),
  );

  test('there are some', () => expect(files.length).toBeGreaterThan(20));

  test.each(files)('%s', (file) => {
    const result = parseProfile(readFileSync(join(PROFILES, file), 'utf8'), file, siteDeps());
    expect(result.ok ? [] : result.problems.map((found) => formatProblem(found))).toEqual([]);
    expect(result.ok && driverFor(result.profile.protocol)?.protocol).toBe(
      result.ok && result.profile.protocol,
    );
  });
});
