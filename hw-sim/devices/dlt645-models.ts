/** Meters of DL/T 645 the simulator can play, by the stem of their profile. Identifiers: Annex A of each edition. */
import type { World } from '../world/world.ts';
import type { Cell } from './dlt645-codec.ts';
import { electricity } from './quantities.ts';

/** A value behind an identifier. */
export interface MeterCell {
  /** Point of the profile; absent where no point reads it. */
  readonly point?: string;
  readonly cell: Cell;
  /** UCUM unit of the point. */
  readonly uom: string;
  /** What one unit of the point is on the wire: 0.001 for a point in W that the meter writes in kW. Default 1. */
  readonly factor?: number;
  /** Absent: what `model.value` has for the point. */
  value?(world: World, time: number): number | null;
}

export interface Dlt645Model {
  readonly stem: string;
  readonly version: '2007' | '1997';
  readonly serial: { readonly baud: number; readonly format: string };
  /** By identifier, highest byte first. */
  readonly contents: Readonly<Record<string, readonly MeterCell[]>>;
  value(point: string, world: World, time: number): number;
}

const bcd = (bytes: number, decimals: number, signed = false): Cell => ({
  kind: 'bcd',
  bytes,
  decimals,
  signed,
});
const KWH = bcd(4, 2);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const feeder = (point: string, world: World, time: number): number =>
  electricity(point, world.load('feeder', time));
/** Parts of the energy counted in each tariff: sharp, peak, flat, valley. */
const SHARES = [0.08, 0.34, 0.35, 0.23] as const;
const local = (world: World, time: number): number => time + world.utcOffset * HOUR;
const midnight = (world: World, time: number): number => Math.floor(local(world, time) / DAY) * DAY;

const tariffs = (): readonly MeterCell[] => [
  { point: 'energy-import', cell: KWH, uom: 'kW.h' },
  ...SHARES.map((share, i) => ({
    point: `energy-import-t${i + 1}`,
    cell: KWH,
    uom: 'kW.h',
    value: (world: World, time: number) => share * feeder('energy-import', world, time),
  })),
];
const one = (point: string, cell: Cell, uom: string, factor?: number): MeterCell => ({
  point,
  cell,
  uom,
  ...(factor === undefined ? {} : { factor }),
});
const each = (name: string, parts: readonly string[], cell: Cell, uom: string, factor?: number) =>
  parts.map((part) => one(`${name}-${part}`, cell, uom, factor));
const PHASES = ['l1', 'l2', 'l3'] as const;
const ALL = ['total', ...PHASES] as const;

/** The month's highest demand, W, a tenth above what is drawn now; it was at 18:15 of the day before. */
const demand = (world: World, time: number): number => 1.1 * feeder('power-active-total', world, time);
const demandTime = (world: World, time: number): number => midnight(world, time) - 5.75 * HOUR;

const common: Readonly<Record<string, readonly MeterCell[]>> = {
  '00020000': [one('energy-export', KWH, 'kW.h')],
  '02800002': [one('frequency', bcd(2, 2), 'Hz')],
  '02800007': [
    {
      point: 'temperature',
      cell: bcd(2, 1, true),
      uom: 'Cel',
      value: (world, time) => world.weather(time).temperature + 9,
    },
  ],
  '01010000': [
    { point: 'demand-import', cell: bcd(3, 4), uom: 'W', factor: 0.001, value: demand },
    { point: 'demand-import-time', cell: { kind: 'minute' }, uom: '1', value: demandTime },
  ],
  '05060001': [{ point: 'freeze-day-time', cell: { kind: 'minute' }, uom: '1', value: midnight }],
  '05060101': [
    {
      point: 'freeze-day-energy-import',
      cell: KWH,
      uom: 'kW.h',
      value: (world, time) => feeder('energy-import', world, midnight(world, time) - world.utcOffset * HOUR),
    },
    ...SHARES.map((share) => ({
      cell: KWH,
      uom: 'kW.h',
      value: (world: World, time: number) =>
        share * feeder('energy-import', world, midnight(world, time) - world.utcOffset * HOUR),
    })),
  ],
  '04000101': [{ point: 'meter-date', cell: { kind: 'date' }, uom: '1', value: local }],
  '04000102': [{ point: 'meter-time', cell: { kind: 'clock' }, uom: '1', value: local }],
  '04000503': [{ point: 'relay-open', cell: { kind: 'flag', bit: 4 }, uom: '1', value: () => 0 }],
  '04000501': [{ point: 'battery-low', cell: { kind: 'flag', bit: 2 }, uom: '1', value: () => 1 }],
};

const singlePhase: Dlt645Model = {
  stem: 'dlt645-2007-single-phase',
  version: '2007',
  serial: { baud: 2400, format: '8E1' },
  value: feeder,
  contents: {
    ...common,
    '0001FF00': tariffs(),
    '02010100': [one('voltage-l1', bcd(2, 1), 'V')],
    '02020100': [one('current-l1', bcd(3, 3, true), 'A')],
    '02030000': [one('power-active-total', bcd(3, 4, true), 'W', 0.001)],
    '02060000': [one('power-factor-total', bcd(2, 3, true), '1')],
  },
};

const threePhase: Dlt645Model = {
  stem: 'dlt645-2007-three-phase',
  version: '2007',
  serial: { baud: 2400, format: '8E1' },
  value: feeder,
  contents: {
    ...common,
    '0001FF00': tariffs(),
    '00030000': [one('energy-reactive-import', bcd(4, 2, true), 'kvar.h')],
    '00040000': [one('energy-reactive-export', bcd(4, 2, true), 'kvar.h')],
    '0201FF00': each('voltage', PHASES, bcd(2, 1), 'V'),
    '0202FF00': each('current', PHASES, bcd(3, 3, true), 'A'),
    '0203FF00': each('power-active', ALL, bcd(3, 4, true), 'W', 0.001),
    '0204FF00': each('power-reactive', ALL, bcd(3, 4, true), 'var', 0.001),
    '0205FF00': each('power-apparent', ALL, bcd(3, 4, true), 'V.A', 0.001),
    '0206FF00': each('power-factor', ALL, bcd(2, 3, true), '1'),
  },
};

const edition1997: Dlt645Model = {
  stem: 'dlt645-1997',
  version: '1997',
  serial: { baud: 1200, format: '8E1' },
  value: feeder,
  contents: {
    '901F': tariffs(),
    '9020': [one('energy-export', KWH, 'kW.h')],
    '9110': [one('energy-reactive-import', KWH, 'kvar.h')],
    '9120': [one('energy-reactive-export', KWH, 'kvar.h')],
    B61F: each('voltage', PHASES, bcd(2, 0), 'V'),
    B62F: each('current', PHASES, bcd(2, 2), 'A'),
    B63F: each('power-active', ALL, bcd(3, 4), 'W', 0.001),
    B65F: each('power-factor', ALL, bcd(2, 3), '1'),
    A010: [{ point: 'demand-import', cell: bcd(3, 4), uom: 'W', factor: 0.001, value: demand }],
    B010: [{ point: 'demand-import-time', cell: { kind: 'month-minute' }, uom: '1', value: demandTime }],
    C010: [{ point: 'meter-date', cell: { kind: 'date' }, uom: '1', value: local }],
    C011: [{ point: 'meter-time', cell: { kind: 'clock' }, uom: '1', value: local }],
  },
};

/** A meter that knows a block knows its parts, too, each by its own identifier. */
function withParts(model: Dlt645Model): Dlt645Model {
  const contents: Record<string, readonly MeterCell[]> = { ...model.contents };
  for (const [di, cells] of Object.entries(model.contents)) {
    const block = model.version === '2007' ? /^(0[02]..)FF00$/.exec(di) : /^(90.|B6.)F$/.exec(di);
    // Voltages and currents begin with phase A, 1; all else with the total, 0.
    const first = /^(020[12]|B6[12])/.test(di) ? 1 : 0;
    if (block === null) continue;
    cells.forEach((cell, i) => {
      const part = model.version === '2007' ? `0${i + first}00` : String(i + first);
      contents[`${block[1]}${part}`] = [cell];
    });
  }
  return { ...model, contents };
}

export const DLT645_MODELS: ReadonlyMap<string, Dlt645Model> = new Map(
  [singlePhase, threePhase, edition1997].map(withParts).map((model) => [model.stem, model]),
);
