import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeHistory } from '../../../hw-sim/history.ts';
import { loadScenario, parseScenario, scenarioNames } from '../../../hw-sim/scenario.ts';
import { utcOffset } from '../../../hw-sim/street-parts.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { profile } from '../drivers/load.ts';
import { START } from './play.ts';

const FILE = `title: t
seed: 1
site: { id: s, title: { en: s }, timezone: Asia/Shanghai, position: { lat: 31, lon: 121 } }
agent: a
lines:
  - id: one
    devices:
      - { id: meter, model: eastron-sdm120, unit: 1 }
`;

describe('scenarios', () => {
  test('all that come with the simulator are right', async () => {
    const names = await scenarioNames();
    expect(names).toEqual(expect.arrayContaining(['street', 'silent-meter', 'city-cut']));
    for (const name of names) expect((await loadScenario(name)).lines.length).toBeGreaterThan(0);
  });

  test('one stands on another', async () => {
    const [street, cut] = [await loadScenario('street'), await loadScenario('city-cut')];
    expect(cut.lines).toEqual(street.lines);
    expect(cut.faults).toHaveLength(1);
    expect(cut.title).not.toBe(street.title);
  });

  test('one stands on another that stands on a third', async () => {
    const [evening, outage] = [await loadScenario('evening'), await loadScenario('outage')];
    expect(outage).toMatchObject({ site: evening.site, lines: evening.lines, speed: 60, clock: 'street' });
    expect(outage.alarms).toEqual(evening.alarms);
  });

  test('an unknown one names those that are known', async () => {
    await expect(loadScenario('stret')).rejects.toThrow(/"stret" cannot be read.*city-cut.*street/);
  });

  test.each([
    ['a key nobody knows', FILE.replace('seed: 1', 'seed: 1\nsede: 2'), /scenario\.yaml:1:1 .*sede/],
    ['a number for text', FILE.replace('agent: a', 'agent: 5'), /scenario\.yaml:4:8 agent: /],
    [
      'no such model',
      FILE.replace('sdm120', 'sdm999'),
      /scenario\.yaml:8:\d+ lines\.0\.devices\.0\.model: expected one of/,
    ],
    [
      'no such zone',
      FILE.replace('Asia/Shanghai', 'Asia/Shangri-La'),
      /timezone: expected an IANA time zone/,
    ],
    [
      'one id twice',
      `${FILE}      - { id: meter, model: eastron-sdm120, unit: 2 }\n`,
      /the id "meter" is there twice/,
    ],
    ['one unit twice', `${FILE}      - { id: two, model: eastron-sdm120 }\n`, /two devices have one unit/],
    [
      'a talker on a shared line',
      `${FILE}      - { id: two, model: plantower-pms5003 }\n`,
      /needs a line of its own/,
    ],
    [
      'a fault on no line',
      `${FILE}faults:\n  - { at: 1s, fault: echo, line: two }\n`,
      /there is no line "two"/,
    ],
    [
      'a fault that is none',
      `${FILE}faults:\n  - { at: 1s, fault: ecco, line: one }\n`,
      /scenario\.yaml:10:\d+ faults\.0/,
    ],
    [
      'a time that is none',
      `${FILE}faults:\n  - { at: 1 day, fault: echo, line: one }\n`,
      /expected a duration such as/,
    ],
    [
      'a repetition without an end',
      `${FILE}faults:\n  - { at: 1s, every: 5s, fault: echo, line: one }\n`,
      /needs a `for`/,
    ],
    [
      'a storm that ends before its height',
      `${FILE}storm: { at: 1h, peak: 3h, end: 2h }\n`,
      /scenario\.yaml:9:\d+ storm: a storm begins .* before its `peak`/,
    ],
    ['a speed that no street runs at', `${FILE}speed: 4000\n`, /scenario\.yaml:9:8 speed: /],
    ['times of no clock', `${FILE}clock: moon\n`, /scenario\.yaml:9:8 clock: .*"real"\|"street"/],
    [
      'a blackout of nobody',
      `${FILE}faults:\n  - { at: 1s, fault: fleet-blackout }\n`,
      /fleet-blackout needs a fleet; write fleet: \{ agents: 50 \}/,
    ],
    [
      'fog before no camera',
      `${FILE}faults:\n  - { at: 1s, fault: camera-fog }\n`,
      /camera-fog needs a camera/,
    ],
    [
      'words for no sign',
      `${FILE}takeovers: [{ id: t, at: 1s, for: 1h, title: { en: a, zh: b }, text: { en: a, zh: b } }]\n`,
      /there is no sign to take over; write sign:/,
    ],
    [
      'more wrong clocks than agents',
      `${FILE}fleet: { agents: 3, wrong_clocks: 4 }\n`,
      /scenario\.yaml:9:8 fleet: more wrong clocks than agents/,
    ],
    [
      'a link at no rate',
      `${FILE}faults:\n  - { at: 1s, fault: link-slow, rate: 5 }\n`,
      /scenario\.yaml:10:\d+ faults\.0\.rate/,
    ],
    ['no YAML', 'title: [', /scenario\.yaml:\d+:\d+ /],
  ])('%s is refused with its place', (_what, text, message) => {
    expect(() => parseScenario(text)).toThrow(message);
  });

  test('the smallest one is right', () => {
    expect(parseScenario(FILE).lines[0]).toMatchObject({ baud: 9600, format: '8N1', duplex: 'half' });
  });

  test('offsets of zones', () => {
    expect(utcOffset('Asia/Shanghai', START)).toBe(8);
    expect(utcOffset('UTC', START)).toBe(0);
    expect(utcOffset('America/St_Johns', START)).toBe(-3.5);
    expect(utcOffset('Asia/Kolkata', START)).toBe(5.5);
  });
});

describe('the past', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hw-sim-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('has every point of every device, in range and in the unit of its profile, before the street opened', async () => {
    const scenario = await loadScenario('street');
    const world = createWorld({ seed: 3, place: scenario.site.position, utcOffset: 8, start: START });
    const file = join(folder, 'past.jsonl');
    const count = await writeHistory(file, { scenario, world, hours: 2 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(count);
    const all = lines.map((line) => JSON.parse(line));
    for (const { id, model } of scenario.lines.flatMap((line) => line.devices)) {
      const points = profile(model).points;
      const own = all.filter((one) => one.device === id);
      // The particle sensor's indoor words and counts are no history of a street.
      if (model !== 'plantower-pms5003') {
        expect(new Set(own.map((one) => one.point))).toEqual(new Set(points.map((point) => point.id)));
      }
      for (const one of own) {
        const point = points.find((each) => each.id === one.point);
        expect([one.point, one.unit, typeof one.value]).toEqual([one.point, point?.unit, point?.type]);
        if (point?.range !== undefined) {
          expect(one.value).toBeGreaterThanOrEqual(point.range[0]);
          expect(one.value).toBeLessThanOrEqual(point.range[1]);
        }
        expect(one.time).toBeLessThan(START);
        expect(one.time).toBeGreaterThanOrEqual(START - 2 * 3_600_000);
      }
      const counter = own.filter((one) => one.point === 'energy-import').map((one) => one.value);
      expect(counter).toEqual(counter.toSorted((a, b) => a - b));
    }
    expect(
      all.some((one) => one.device === 'camera-1' && one.point === 'vehicles-passed' && one.value > 0),
    ).toBe(true);
  });

  test('says why it cannot be written', async () => {
    const scenario = await loadScenario('street');
    const world = createWorld({ seed: 3, place: scenario.site.position, utcOffset: 8, start: START });
    const file = join(folder, 'no-such-folder', 'past.jsonl');
    await expect(writeHistory(file, { scenario, world, hours: 1 })).rejects.toThrow(/ENOENT/);
    expect(existsSync(file)).toBe(false);
  });
});
