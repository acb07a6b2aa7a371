/** Meters of the M-Bus the simulator can play, by the stem of their profile. Records: EN 13757-3 §6. */
import type { PipeFlow, World } from '../world/world.ts';
import type { Coding } from './mbus-codec.ts';
import { electricity } from './quantities.ts';

/** A record: DIF, DIFE, VIF and VIFE as bytes, and the data behind them. */
export interface MeterRecord {
  /** Absent where no point reads it. */
  readonly point?: string;
  /** UCUM unit of the point. */
  readonly uom: string;
  readonly head: readonly number[];
  readonly coding: Coding;
  /** The smallest step of the wire in the unit of the point. Default 1. */
  readonly step?: number;
  truth(world: World, time: number): number | string | null;
}

export interface MbusModel {
  readonly stem: string;
  readonly manufacturer: string;
  readonly version: number;
  readonly medium: number;
  /** Status byte of the header, and what points make of it. */
  readonly status: number;
  readonly statusPoints: readonly { readonly point: string; readonly value: boolean }[];
  readonly records: readonly MeterRecord[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Hours since a day before the street opened. */
const hours = (world: World, time: number): number => (time - world.start) / HOUR + 24;
const local = (world: World, time: number): number => time + world.utcOffset * HOUR;
/** The last day of the month before, when counters were kept. */
const dueDay = (world: World, time: number): number => {
  const now = new Date(local(world, time));
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) - DAY;
};
const bcd = (bytes: number): Coding => ({ kind: 'bcd', bytes });
const int = (bytes: number): Coding => ({ kind: 'int', bytes });

const record = (
  point: string,
  uom: string,
  head: readonly number[],
  coding: Coding,
  step: number,
  truth: MeterRecord['truth'],
): MeterRecord => ({ point, uom, head, coding, step, truth });
const clock = record('meter-time', '1', [0x04, 0x6d], { kind: 'minute' }, 1, local);
const due = record('due-date', '1', [0x42, 0x6c], { kind: 'date' }, 1, dueDay);
const errorFlags = record('error-flags', '1', [0x01, 0xfd, 0x17], int(1), 1, () => 0);
const number = (id: number): MeterRecord => ({
  uom: '1',
  head: [0x0c, 0x78],
  coding: bcd(4),
  truth: () => id,
});

const HEALTHY = [
  { point: 'power-low', value: false },
  { point: 'meter-error', value: false },
];

const water: MbusModel = {
  stem: 'mbus-water',
  manufacturer: 'ACW',
  version: 14,
  medium: 0x16,
  status: 0x04,
  statusPoints: [
    { point: 'power-low', value: true },
    { point: 'meter-error', value: false },
  ],
  records: [
    number(11_490_378),
    record(
      'volume',
      'm3',
      [0x04, 0x13],
      int(4),
      0.001,
      (world, time) => 54.321 + 0.0271 * hours(world, time),
    ),
    due,
    record('volume-due', 'm3', [0x44, 0x13], int(4), 0.001, () => 51.07),
    record('flow', 'm3/h', [0x02, 0x3b], int(2), 0.001, () => 0.027),
    clock,
    errorFlags,
  ],
};

const gas: MbusModel = {
  stem: 'mbus-gas',
  manufacturer: 'ELS',
  version: 0x0a,
  medium: 3,
  status: 0,
  statusPoints: HEALTHY,
  records: [
    number(23_051_606),
    record('volume', 'm3', [0x0c, 0x14], bcd(4), 0.01, (world, time) => 72.17 + 0.043 * hours(world, time)),
    due,
    record('volume-due', 'm3', [0x4c, 0x14], bcd(4), 0.01, () => 61.1),
    clock,
    errorFlags,
  ],
};

/** Water at 71.4 °C on the way there; what comes back is colder the colder it is outside, °C. */
const SUPPLY = 71.4;
const FLOW = 0.812;
/** Since the meter was read a day before the street opened; the building's own water, or a steady flow. */
const pipe = (world: World, time: number): PipeFlow =>
  world.pipe(time) ?? {
    volume: FLOW * hours(world, time),
    flow: FLOW,
    heat: 33 * hours(world, time),
    cold: 0,
    supply: SUPPLY,
    back: 44 + world.weather(time).temperature / 10,
  };
const spread = (world: World, time: number): number => {
  const { supply, back } = pipe(world, time);
  return supply - back;
};
const watts = (world: World, time: number): number =>
  pipe(world, time).flow * 1163 * Math.abs(spread(world, time));

const heat: MbusModel = {
  stem: 'mbus-heat',
  manufacturer: 'KAM',
  version: 8,
  medium: 4,
  status: 0,
  statusPoints: HEALTHY,
  records: [
    record('energy-heat', 'kW.h', [0x04, 0x06], int(4), 1, (world, time) => 27_411 + pipe(world, time).heat),
    record('volume', 'm3', [0x0c, 0x14], bcd(4), 0.01, (world, time) => 7156.08 + pipe(world, time).volume),
    record('flow', 'm3/h', [0x0b, 0x3b], bcd(3), 0.001, (world, time) => pipe(world, time).flow),
    record('power-thermal', 'W', [0x0b, 0x2d], bcd(3), 100, watts),
    record(
      'temperature-supply',
      'Cel',
      [0x02, 0x59],
      int(2),
      0.01,
      (world, time) => pipe(world, time).supply,
    ),
    record('temperature-return', 'Cel', [0x02, 0x5d], int(2), 0.01, (world, time) => pipe(world, time).back),
    // Backwards where the return is warmer: a sign in front of the digits.
    record('temperature-difference', 'K', [0x0a, 0x62], bcd(2), 0.1, spread),
    record('power-thermal-max', 'W', [0x1b, 0x2d], bcd(3), 100, () => 31_400),
    due,
    record('heat-due', 'kW.h', [0x44, 0x06], int(4), 1, () => 26_018),
    // In hours; the energy of cooling has a tariff of its own.
    record(
      'energy-cold',
      'kW.h',
      [0x84, 0x10, 0x06],
      int(4),
      1,
      (world, time) => 274 + pipe(world, time).cold,
    ),
    record(
      'operating-hours',
      'h',
      [0x0a, 0x26],
      bcd(2),
      1,
      (world, time) => 5446 + Math.floor(hours(world, time)),
    ),
    clock,
    errorFlags,
  ],
};

const feeder = (point: string) => (world: World, time: number) =>
  electricity(point, world.load('feeder', time));

const meter: MbusModel = {
  stem: 'mbus-electricity',
  manufacturer: 'ABB',
  version: 0x20,
  medium: 2,
  status: 0,
  statusPoints: HEALTHY,
  records: [
    record('energy-import', 'kW.h', [0x0e, 0x84, 0x00], bcd(6), 0.01, feeder('energy-import')),
    record('energy-import-t1', 'kW.h', [0x8e, 0x10, 0x84, 0x00], bcd(6), 0.01, feeder('energy-import-t1')),
    record('energy-import-t2', 'kW.h', [0x8e, 0x20, 0x84, 0x00], bcd(6), 0.01, feeder('energy-import-t2')),
    // Only what ran backwards.
    record('energy-export', 'kW.h', [0x0e, 0x84, 0x3c], bcd(6), 0.01, feeder('energy-export')),
    record('power-active-total', 'W', [0x04, 0x2a], int(4), 0.1, feeder('power-active-total')),
    ...(['l1', 'l2', 'l3'] as const).flatMap((phase) => [
      record(`voltage-${phase}`, 'V', [0x04, 0xfd, 0x48], int(4), 0.1, feeder(`voltage-${phase}`)),
      record(`current-${phase}`, 'A', [0x04, 0xfd, 0x59], int(4), 0.001, feeder(`current-${phase}`)),
    ]),
    record('frequency', 'Hz', [0x02, 0xfb, 0x2d], int(2), 0.01, feeder('frequency')),
  ],
};

const allocator: MbusModel = {
  stem: 'mbus-heat-cost-allocator',
  manufacturer: 'TCH',
  version: 0x26,
  medium: 8,
  status: 0,
  statusPoints: HEALTHY,
  records: [
    record('units', '1', [0x0b, 0x6e], bcd(3), 1, (world, time) => 1302 + Math.floor(hours(world, time) / 7)),
    due,
    record('units-due', '1', [0x4b, 0x6e], bcd(3), 1, () => 1987),
    clock,
  ],
};

export const MBUS_MODELS: ReadonlyMap<string, MbusModel> = new Map(
  [water, gas, heat, meter, allocator].map((model) => [model.stem, model]),
);
