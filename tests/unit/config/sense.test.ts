/** The `sense:` block of devices and profiles: what it becomes, and what is told of a wrong one. */
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { SiteFolder, STREET } from './site-folder.ts';

const street = (sense: object, more: object = {}) => {
  const site = parse(STREET);
  site.devices[0].sense = sense;
  return stringify({ ...site, ...more });
};

test('rules of the site are laid over those of the profile, key by key', async () => {
  using folder = new SiteFolder();
  const text = street(
    {
      points: { 'energy-import': { modulus: 1e8, most_per_hour: 150 }, 'voltage-l1': { most_step: 40 } },
      sums: [{ total: 'power-active-total', parts: ['power-active-l1', 'power-active-l2'], within: 5 }],
      serial: 'frequency',
    },
    { meters: { settlement_day: 26 } },
  );
  const result = await folder.load(text);
  if (!result.ok) throw new Error('wrong');
  const sense = result.site.devices[0]?.sense;
  expect(sense?.points['energy-import']).toEqual({ modulus: 1e8, mostPerHour: 150 });
  expect(sense?.points['voltage-l1']).toEqual({ frozenAfter: 3_600_000, mostStep: 40 });
  expect(sense?.points['voltage-l2']).toEqual({ frozenAfter: 3_600_000 });
  expect(sense?.sums).toEqual([
    { total: 'power-active-total', parts: ['power-active-l1', 'power-active-l2'], share: 0.05, least: 0 },
  ]);
  expect(sense?.serial).toBe('frequency');
  expect(result.site.meters).toEqual({ snapshots: true, settlementDay: 26 });
});

test('conditions may name points of other devices, and limits are in the order they can be', async () => {
  using folder = new SiteFolder();
  const condition = (given: object) => street({ points: { 'voltage-l1': { valid_while: [given] } } });
  expect(await folder.problems(condition({ device: 'meter-1', point: 'frequency', at_least: 49 }))).toEqual(
    [],
  );
  const told = async (given: object) => (await folder.problems(condition(given))).join('\n');
  expect(await told({ point: 'frequencies', at_most: 1 })).toContain(
    'devices[0].sense.points.voltage-l1.valid_while[0].point: there is no point "frequencies"; write point: frequency',
  );
  expect(await told({ device: 'station', point: 'rain', at_most: 0 })).toContain(
    'there is no device "station"',
  );
  expect(await told({ point: 'frequency' })).toContain('expected at_least or at_most');
  expect(await told({ point: 'frequency', at_least: 2, at_most: 1 })).toContain('it never holds');
});

test('a name that is not there, an unknown key and a wrong unit are told with place and fix', async () => {
  using folder = new SiteFolder();
  const told = async (sense: object) => (await folder.problems(street(sense))).join('\n');
  expect(await told({ points: { 'energy-imports': { modulus: 1 } } })).toContain('write energy-import');
  expect(await told({ points: { 'voltage-l1': { frozen_after: 10 } } })).toMatch(
    /frozen_after: expected a time .* write frozen_after: 10s/,
  );
  expect(await told({ point: {} })).toContain('write points');
  expect(await told({ freezes: { 'energy-import': { value: 'nothing', time: 'frequency' } } })).toContain(
    'freezes.energy-import.value: there is no point "nothing"',
  );
  expect((await folder.problems(street({}, { meters: { settlement_day: 31 } }))).join()).toContain(
    'from 1 to 28',
  );
});

test('a profile is held to the same, and knows no other devices', async () => {
  using folder = new SiteFolder();
  const profile = {
    profile: 'my-meter',
    title: { en: 'My meter' },
    class: 'electricity-meter',
    brand: 'Mine',
    model: 'M',
    protocol: 'modbus',
    source: 'test',
    points: [
      { id: 'humidity', title: { en: 'Humidity' }, unit: '%', modbus: { address: 0, type: 'uint16' } },
      { id: 'pm', title: { en: 'PM' }, unit: 'ug/m3', modbus: { address: 1, type: 'uint16' } },
    ],
    sense: { points: { pm: { valid_while: [{ point: 'humidity', at_most: 90 }] } } },
  };
  const site = parse(STREET);
  site.devices[0].profile = 'my-meter';
  site.profiles = ['./profiles'];
  folder.write('profiles/my-meter.yaml', stringify(profile));
  const right = await folder.load(stringify(site));
  expect(right.ok && right.site.devices[0]?.sense?.points.pm).toEqual({
    validWhile: [{ point: 'humidity', atMost: 90 }],
  });
  const wrong = { points: { pm: { valid_while: [{ device: 'x', point: 'rain', at_most: 0 }] } } };
  folder.write('profiles/my-meter.yaml', stringify({ ...profile, sense: wrong }));
  expect((await folder.problems(stringify(site))).join()).toContain('there is no device "x"');
});
