import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { AGGREGATIONS, ID_PATTERN, LANES } from '../../../agent/core/point.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { isUnit } from '../../../agent/core/unit.ts';
import { DRIVERS, driverFor } from '../../../drivers/index.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { deviceMap } from '../../../drivers/modbus/map.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profileFiles } from './load.ts';
import { modelsTable, readmeOf, tableIn } from './models-table.ts';

const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'even', stopBits: 1 },
};
/** A character of 11 bits at 9600 baud, and a device that takes its time, ms. */
const CHARACTER = (1000 * 11) / 9600;
const TURNAROUND = 50;
const TOP = ['profile', 'title', 'class', 'brand', 'model', 'protocol', 'source', 'every', 'points'];
const POINT = [
  'id',
  'title',
  'unit',
  'type',
  'decimals',
  'range',
  'access',
  'signed',
  'aggregation',
  'weight',
  'lane',
  'states',
  'every',
];

it('the register maps, the particle sensor and the board are there', () => {
  expect(profileFiles().length).toBeGreaterThanOrEqual(25);
});

describe.each(profileFiles())('$folder/$stem', ({ stem, folder, yaml, profile }) => {
  const driver = driverFor(profile.protocol);

  it('is written by the schema', () => {
    expect(yaml.profile).toBe(stem);
    expect(yaml.class).toBe(folder);
    expect(stem).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(Object.keys(yaml).filter((key) => ![...TOP, 'sense', profile.protocol].includes(key))).toEqual([]);
    expect(TOP.filter((key) => yaml[key] === undefined)).toEqual([]);
    for (const point of yaml.points as Record<string, unknown>[]) {
      expect(Object.keys(point).filter((key) => !POINT.includes(key) && key !== profile.protocol)).toEqual(
        [],
      );
    }
    expect(driver).toBeDefined();
    expect(driver?.checkProfile(profile)).toEqual([]);
  });

  it('has points a city understands', () => {
    const ids = profile.points.map((point) => point.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const point of profile.points) {
      expect(point.id).toMatch(ID_PATTERN);
      expect(point.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect([point.id, point.unit, isUnit(point.unit)]).toEqual([point.id, point.unit, true]);
      expect(AGGREGATIONS).toContain(point.aggregation);
      expect(LANES).toContain(point.lane);
      expect(point.title.en.length).toBeGreaterThan(0);
      expect(point.title.zh?.length ?? 0).toBeGreaterThan(0);
      if (point.weight !== undefined) expect(ids).toContain(point.weight);
      if (point.range !== undefined) expect(point.range[0]).toBeLessThan(point.range[1]);
      if (point.id.startsWith('energy-') && point.id !== 'energy-session') {
        expect([point.id, point.aggregation, point.lane]).toEqual([point.id, 'counter', 'meter']);
      }
      if (point.id === 'noise') expect(point.aggregation).toBe('leq');
      if (point.unit === 'deg' && point.id.startsWith('wind')) expect(point.aggregation).toBe('vector');
    }
  });

  if (profile.protocol !== 'modbus') return;
  const map = deviceMap(device(profile));

  it('reads no register twice', () => {
    const taken = new Map<string, string>();
    for (const mapped of map.points) {
      for (let address = mapped.address; address < mapped.address + mapped.words; address++) {
        const key = `${mapped.function}@${address}`;
        expect([mapped.point.id, taken.get(key)]).toEqual([mapped.point.id, undefined]);
        if (mapped.wire.bit === undefined && mapped.wire.bits === undefined) taken.set(key, mapped.point.id);
      }
    }
  });

  it('has a plan that covers every point once, within its limits, and fits a 9600 baud line', () => {
    const session = modbus.open({ device: device(profile), clock: new VirtualClock(), log: silent }, line);
    const readable = profile.points.filter((point) => point.access !== 'write').map((point) => point.id);
    expect(session.polls.flatMap((poll) => poll.points).sort()).toEqual([...readable].sort());
    let load = 0;
    for (const poll of session.polls) {
      const air = (poll.requestBytes + poll.answerBytes + 7) * CHARACTER + TURNAROUND;
      load += air / poll.period;
      if (map.sunspec.length === 0)
        expect((poll.answerBytes - 5) / 2).toBeLessThanOrEqual(map.options.maxBlock);
    }
    expect(load).toBeLessThan(0.5);
  });
});

describe('the README of a protocol', () => {
  const headings = [
    'Talks to',
    'Supported models',
    'Configuration',
    'Points and units',
    'Limits and quirks',
    'How tested',
    'Sources',
  ];
  it.each(DRIVERS.map((driver) => driver.protocol))(
    '%s has its headings and the models of the data',
    (protocol) => {
      const text = readFileSync(readmeOf(protocol), 'utf8');
      expect([...text.matchAll(/^## (.*)$/gm)].map((found) => found[1])).toEqual(headings);
      expect(tableIn(text), 'node tests/unit/drivers/models-table.ts writes it anew').toBe(
        modelsTable(protocol),
      );
    },
  );
});
