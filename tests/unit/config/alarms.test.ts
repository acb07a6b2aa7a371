/** Alarms in a site file: what the shipped ones become at the devices of a site, and what does not fit told with its place. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE, shippedAlarms } from '../../../agent/config/alarms/catalogue.ts';
import { SHIPPED_NAMES } from '../../../agent/config/alarms/shipped.ts';
import { alarmPoints } from '../../../agent/core/alarm/points.ts';
import { SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const pole = readFileSync(new URL('../../../docs/examples/pole.yaml', import.meta.url), 'utf8');
const alarmsOf = async (text: string) => {
  const result = await folder.load(text);
  expect(result.ok ? [] : result.problems).toEqual([]);
  return (
    (result.ok ? result.site.alarms : undefined) ?? {
      definitions: [],
      sos: [],
      flood: { most: 0, within: 0, every: 0 },
    }
  );
};

describe('docs/examples/pole.yaml', () => {
  test('has its own alarms, those of its button, and the shipped ones that fit', async () => {
    const { definitions, sos } = await alarmsOf(pole);
    // Others may add devices to the example: these are those of its lamp, board and camera.
    expect(definitions.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'lamp-meter-hot-hi',
        'lamp-meter-hot-hihi',
        'dark-and-open',
        'sos',
        'sos-test-failed',
        'meter-lamp-voltage-l1-lo',
        'meter-lamp-voltage-l1-hi',
        'meter-lamp-voltage-l1-hihi',
        'board-cabinet-door',
        'lamp-1-supply-loss',
        'lamp-1-lamp-failure',
        'lamp-1-lamp-unexpected-on',
        'lamp-1-dimming-failure',
        'lamp-1-cycling-failure',
        'lamp-1-power-too-high',
        'lamp-1-power-too-low',
        'line-rs485-1-down',
        'line-board-down',
        'meter-lamp-silent',
        'sockets-silent',
        'board-silent',
        'camera-1-dark',
        'uplink-city-away',
        'store-ill',
        'meter-lamp-register',
      ]),
    );
    expect(sos).toMatchObject([{ id: 'sos', remind: 30_000, test: { minutes: 600, duration: 2000 } }]);
    const of = (id: string) => definitions.find((one) => one.id === id);
    expect(of('lamp-meter-hot-hi')).toMatchObject({
      priority: 'high',
      causes: ['lamp-meter-hot-hihi'],
      condition: {
        kind: 'limit',
        device: 'meter-lamp',
        point: 'power-active-total',
        above: 180,
        deadband: 20,
      },
      onDelay: 10_000,
    });
    expect(of('lamp-meter-hot-hihi')).toMatchObject({ priority: 'critical', causes: [] });
    expect(of('dark-and-open')?.condition).toEqual({
      kind: 'all',
      of: [
        { kind: 'state', device: 'board', point: 'cabinet-door', is: [true], not: false },
        { kind: 'limit', device: 'board', point: 'photocell', below: 10, deadband: 0 },
      ],
    });
    expect(of('lamp-1-lamp-failure')?.causes).toEqual(['lamp-1-supply-loss']);
    expect(of('board-silent')?.causes).toEqual(['line-board-down']);
    expect(of('sos')).toMatchObject({
      latching: true,
      acknowledgedBy: 'person',
      shelving: 0,
      priority: 'critical',
    });
  });

  test('what rules of a device doubt is an alarm, and so is a camera that sees nothing', async () => {
    const { definitions } = await alarmsOf(
      pole.replace(
        'address: 2, every: 10s }',
        'address: 2, every: 10s, sense: { points: { voltage-l1: { frozen_after: 1h } } } }',
      ),
    );
    const of = (id: string) => definitions.find((one) => one.id === id);
    expect(of('meter-lamp-voltage-l1-frozen')?.condition).toMatchObject({
      event: 'quality',
      device: 'meter-lamp',
      where: { what: 'frozen', point: 'voltage-l1', state: 'began' },
    });
    expect(of('camera-1-dark')?.condition).toMatchObject({ kind: 'any', of: { length: 5 } });
  });

  test('every point of the device of the alarms has an id of its own', async () => {
    const ids = alarmPoints(await alarmsOf(pole)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('some shipped ones only, some left out, one replaced', async () => {
    const some = await alarmsOf(pole.replace('  define:', '  shipped: [cabinet-door, line-down]\n  define:'));
    const shipped = some.definitions.slice(5).map(({ id }) => id);
    expect(shipped).toEqual(expect.arrayContaining(['board-cabinet-door', 'line-rs485-1-down']));
    expect(shipped.filter((id) => !/^(board-cabinet-door|line-.*-down)$/.test(id))).toEqual([]);
    const without = await alarmsOf(
      pole.replace('  define:', '  without: [board-cabinet-door, store-ill]\n  define:'),
    );
    expect(without.definitions.some(({ id }) => id === 'board-cabinet-door' || id === 'store-ill')).toBe(
      false,
    );
    const replaced = await alarmsOf(
      pole.replace('- id: dark-and-open', '- id: board-cabinet-door').replace('delay: 30s', 'delay: 45s'),
    );
    expect(replaced.definitions.filter(({ id }) => id === 'board-cabinet-door')).toMatchObject([
      { onDelay: 45_000 },
    ]);
  });

  test('limits in another unit are those of the point', async () => {
    const { definitions } = await alarmsOf(
      pole.replace('unit: W, hi: 180, hihi: 400, deadband: 20', 'unit: kW, hi: 0.18, deadband: 0.02'),
    );
    expect(definitions[0]).toMatchObject({ id: 'lamp-meter-hot', condition: { above: 180, deadband: 20 } });
  });
});

test('without the section there are no alarms', async () => {
  const result = await folder.load(
    pole
      .replace(/^alarms:[\s\S]*?^interlocks:/m, 'interlocks:')
      .replace('device: alarms, point: sos-calling', 'device: board, point: sos-button'),
  );
  expect(result.ok ? result.site.alarms : result.problems).toBeUndefined();
});

describe('what does not fit', () => {
  const limit =
    'limit: { device: meter-lamp, point: power-active-total, unit: W, hi: 180, hihi: 400, deadband: 20 }';
  const instead = (text: string) => [limit, text] as const;
  test.each<[string, readonly [string, string], RegExp]>([
    [
      'an unknown point',
      instead('limit: { device: meter-lamp, point: power-total, hi: 1 }'),
      /define\[0\]\.limit\.point: there is no point of meter-lamp "power-total"/,
    ],
    [
      'an unknown device',
      instead('limit: { device: meter-lmap, point: power-active-total, hi: 1 }'),
      /limit\.device: there is no device "meter-lmap"; write device: meter-lamp/,
    ],
    [
      'another dimension',
      instead('limit: { device: meter-lamp, point: power-active-total, unit: A, hi: 1 }'),
      /limit\.unit: power-active-total is in W, which does not convert from A; write unit: W/,
    ],
    [
      'limits out of order',
      instead('limit: { device: meter-lamp, point: power-active-total, hi: 400, hihi: 180 }'),
      /limits rise from lolo/,
    ],
    [
      'a limit that is never met',
      instead('limit: { device: board, point: photocell, hi: 1200 }'),
      /limit\.hi: it is never met: photocell goes from 0 to 1000 lx/,
    ],
    [
      'a deadband that is never left',
      instead('limit: { device: board, point: photocell, hi: 100, deadband: 200 }'),
      /limit\.deadband: it is never left: photocell would have to reach -100 lx/,
    ],
    [
      'two limits in one deadband',
      instead('limit: { device: board, point: photocell, lo: 100, hi: 110, deadband: 20 }'),
      /deadband: with 20 it would leave one limit only behind the other/,
    ],
    [
      'a limit of a contact',
      instead('limit: { device: board, point: cabinet-door, hi: 1 }'),
      /cabinet-door is a boolean and has no limits/,
    ],
    ['no condition', instead('latch: true'), /define\[0\]: missing: expected one of limit/],
    [
      'two conditions',
      instead(`${limit}\n      stale: { device: board, point: photocell, after: 1min }`),
      /an alarm has one condition, got limit and stale/,
    ],
    [
      'staleness sooner than two periods',
      instead('stale: { device: meter-lamp, point: power-active-total, after: 15s }'),
      /stale\.after: power-active-total comes every 10 s: two of them fit no 15 s; write after: 30s/,
    ],
    [
      'a rate of nothing',
      instead('rate: { device: board, point: photocell, within: 1min }'),
      /rate\.rise: missing/,
    ],
    [
      'a rate beyond the range',
      instead('rate: { device: board, point: photocell, within: 1min, rise: 2000 }'),
      /rate\.rise: it is never met/,
    ],
    [
      'a state of another type',
      instead('state: { device: board, point: cabinet-door, is: 1 }'),
      /state\.is: cabinet-door is a boolean, so it never compares with 1/,
    ],
    [
      'an event without end',
      instead('event: { kind: store, where: { state: down } }'),
      /define\[0\]\.latch: nothing ends it/,
    ],
    [
      'a doubled id',
      ['id: dark-and-open', 'id: lamp-meter-hot-hi'],
      /define\[1\]\.id: the id "lamp-meter-hot-hi" is taken by alarms\.define\[0\]/,
    ],
    ['an id of the agent', ['id: dark-and-open', 'id: acknowledge'], /is one of the agent's own/],
    [
      'a circle',
      ['delay: 30s', 'delay: 30s\n      causes: [dark-and-open]'],
      /define\[1\]: a circle: dark-and-open → dark-and-open/,
    ],
    [
      'an unknown cause',
      ['delay: 30s', 'delay: 30s\n      causes: [board-cabinet-dor]'],
      /causes\[0\]: there is no alarm "board-cabinet-dor"; write board-cabinet-door/,
    ],
    [
      'an unknown shipped one',
      ['  define:', '  without: [board-dor]\n  define:'],
      /alarms\.without\[0\]: there is no shipped alarm "board-dor"/,
    ],
    [
      'a shipped name',
      ['  define:', '  shipped: [doors]\n  define:'],
      /alarms\.shipped\[0\]: expected one of sos, cabinet-door/,
    ],
    [
      'a beacon that cannot be switched',
      ['device: sockets, point: output-2 }', 'device: board, point: photocell }'],
      /sos\[0\]\.outputs\[0\]\.point: photocell is read-only/,
    ],
    [
      'a beacon of numbers',
      ['device: sockets, point: output-2 }', 'device: board, point: lamp-level }'],
      /outputs\[0\]\.on: lamp-level is a number; write on: 100 and off: 0/,
    ],
    [
      'a device called alarms',
      ['{ id: sockets,', '{ id: alarms,'],
      /alarms: the alarms are a device of the name alarms, which is taken/,
    ],
  ])('%s', async (_, [from, to], message) => {
    expect(pole).toContain(from);
    const result = await folder.load(pole.replace(from, to));
    const told = result.ok
      ? ''
      : result.problems
          .map(({ path, message: text, fix }) => `${path}: ${text}${fix === undefined ? '' : `; ${fix}`}`)
          .join('\n');
    expect(told).toMatch(message);
  });
});

/** The profiles as plain data: what the catalogue looks at. */
const profiles = readdirSync(new URL('../../../drivers/profiles/', import.meta.url), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => {
    // biome-ignore lint/suspicious/noExplicitAny: a profile as it is written
    return parse(readFileSync(new URL(`../../../drivers/profiles/${name}`, import.meta.url), 'utf8')) as any;
  });

describe('the catalogue', () => {
  test('names every kind of alarm once or more, or makes it of parts and registers', () => {
    const made = [
      'line-down',
      'device-silent',
      'camera-down',
      'sign-down',
      'values-doubtful',
      'uplink-down',
      'store-down',
    ];
    const data = new Set(CATALOGUE.map(({ name }) => name));
    expect(SHIPPED_NAMES.filter((name) => !data.has(name) && !made.includes(name))).toEqual([]);
  });

  test.each(
    CATALOGUE.filter(
      ({ classes = [] }) => !classes.some((one) => ['camera', 'street-lamp', 'figure-noise'].includes(one)),
    ).map((entry) => [`${entry.name}: ${entry.points.join(', ')}`, entry] as const),
  )('%s fits a device that Kerbside has a profile of, or is a name for those of a site', (_, entry) => {
    const devices = profiles.map((profile) => ({
      id: 'd',
      title: { en: 'd' },
      class: profile.class,
      profile: profile.profile,
      points: profile.points.map((point: { type?: string; unit?: string }) => ({
        type: 'number',
        aggregation: 'mean',
        ...point,
      })),
    }));
    const found = devices.flatMap((device) =>
      shippedAlarms({ devices: [device], lines: [], cameras: [], uplinks: [] }, [entry.name]).filter(
        ({ title }) => title.en.includes(entry.title.en),
      ),
    );
    const own = ['fill-level'];
    expect(found.length > 0 || entry.points.every((point) => own.includes(point))).toBe(true);
    for (const alarm of found) expect(alarm.advice?.zh).toBeDefined();
  });
});
