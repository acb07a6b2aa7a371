/** Contacts in a site file: what they become, and what is told of wrong ones. */
import { expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const site = (keys: string, profile = 'waveshare-modbus-rtu-io-8ch') => `${MINIMAL}lines:
  - { id: a, port: /dev/ttyUSB0 }
devices:
  - id: io
    line: a
    profile: ${profile}
    address: 1
${keys.replace(/^/gm, '    ')}
`;
const RIGHT = `debounce: { input-3: 200ms }
pulses:
  - { id: water, title: Cold water, of: input-3, unit: m3, per_pulse: 0.01, start: 1234.5 }
fail_safe: { output-1: true }`;

test('pulses become points of the device, in the unit of what is counted', async () => {
  using folder = new SiteFolder();
  const result = await folder.load(site(RIGHT));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const [io] = result.site.devices;
  expect(io?.options).toEqual({});
  expect(io?.contacts).toEqual({
    debounce: { 'input-3': 200 },
    pulses: [
      {
        id: 'water',
        title: { en: 'Cold water' },
        of: 'input-3',
        unit: 'm3',
        perPulse: 0.01,
        start: 1234.5,
        edge: 'rising',
        decimals: 2,
      },
    ],
    failSafe: { 'output-1': true },
  });
  expect(io?.profile.points.at(-1)).toMatchObject({
    id: 'water',
    unit: 'm3',
    decimals: 2,
    aggregation: 'counter',
    lane: 'meter',
    access: 'read',
  });
});

test('a device without them is as it was', async () => {
  using folder = new SiteFolder();
  const result = await folder.load(site('every: 1s'));
  if (!result.ok) throw new Error('wrong');
  expect(result.site.devices[0]).not.toHaveProperty('contacts');
});

test.each([
  ['debounce: { input-9: 200ms }', 'devices[0].debounce.input-9: there is no point "input-9"; write input-'],
  ['debounce: { input-1: 200 }', 'expected a time'],
  [
    'pulses: [{ id: water, of: input-33, unit: m3, per_pulse: 1 }]',
    'pulses[0].of: there is no point "input-33"',
  ],
  [
    'pulses: [{ id: input-2, of: input-3, unit: m3, per_pulse: 1 }]',
    'pulses[0].id: the point "input-2" is there already',
  ],
  ['pulses: [{ id: w, of: input-3, unit: m³, per_pulse: 1 }]', 'write unit: m3'],
  ['pulses: [{ id: w, of: input-3, unit: m3, per_puls: 1 }]', 'per_pulse'],
  ['pulses: [{ id: w, of: input-3, unit: m3, per_pulse: 1, edge: up }]', 'pulses[0].edge: expected'],
  ['fail_safe: { input-1: false }', 'fail_safe.input-1: input-1 is read only; remove it'],
  ['fail_safe: { output-1: 7 }', 'fail_safe.output-1: expected a boolean, got 7'],
  ['fail_safe: { output-x: true }', 'fail_safe.output-x: there is no point "output-x"'],
  ['fail_safe: { output-1: [] }', 'expected a value: true, false, a number or text'],
])('%s', async (keys, told) => {
  using folder = new SiteFolder();
  expect((await folder.problems(site(keys))).join('\n')).toContain(told);
});

test('a number is no contact, and outputs that the site does not allow are not set', async () => {
  using folder = new SiteFolder();
  expect(await folder.problems(site('debounce: { voltage-l1: 1s }', 'eastron-sdm630'))).toEqual([
    expect.stringContaining('voltage-l1 is no contact: it is a number'),
  ]);
  const meter = site('fail_safe: { relay-open: true }', 'dlt645-2007-single-phase').replace(
    'address: 1',
    'address: "260305510020"',
  );
  expect((await folder.problems(meter)).join()).toContain('relay-open is read only');
});
