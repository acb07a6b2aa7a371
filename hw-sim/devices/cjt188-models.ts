/** Meters of CJ/T 188 the simulator can play, by the stem of their profile. Layouts: CJ/T 188-2004 Table 9 to 12. */
import type { World } from '../world/world.ts';
import { clock, digits, type Written } from './cjt188-codec.ts';

/** A value in the answer. */
export interface MeterCell {
  readonly point: string;
  /** UCUM unit of the point. */
  readonly uom: string;
  /** The truth as a number: in the unit of the wire, or local time in ms. */
  truth(world: World, time: number): number | null;
  /** Contents on the wire, with the unit code where it has one. */
  write(truth: number | null): Written;
  /** Value of the wire's unit in the point's. Default 1. */
  readonly factor?: number;
}

export interface Cjt188Model {
  readonly stem: string;
  /** Type it has in its answers, which is not always the one it is asked by. */
  readonly type: number;
  readonly serial: { readonly baud: number; readonly format: string };
  readonly cells: readonly MeterCell[];
  /** Points that the two status bytes tell. */
  readonly status: readonly StatusCell[];
  readonly statusBytes: readonly [number, number];
}

export interface StatusCell {
  readonly point: string;
  readonly value: string | boolean;
}

const HOUR = 3_600_000;
/** Hours since a day before the street opened: then these meters were read. */
const hours = (world: World, time: number): number => (time - world.start) / HOUR + 24;
const local = (world: World, time: number): number => time + world.utcOffset * HOUR;

/** Four BCD bytes and a unit code. */
function amount(
  point: string,
  uom: string,
  code: number,
  truth: MeterCell['truth'],
  { decimals = 2, factor = 1 }: { readonly decimals?: number; readonly factor?: number } = {},
): MeterCell {
  const write = (value: number | null): Written => {
    const written = digits(value, 4, decimals);
    return { bytes: [...written.bytes, code], value: written.value };
  };
  return { point, uom, truth, write, factor };
}

const meterClock: MeterCell = { point: 'meter-time', uom: '1', truth: local, write: clock };

function totals(stem: string, type: number, before: number, perHour: number): Cjt188Model {
  return {
    stem,
    type,
    serial: { baud: 2400, format: '8E1' },
    cells: [
      amount(
        'volume',
        'm3',
        0x2c,
        (world, time) => before + (world.pipe(time)?.volume ?? perHour * hours(world, time)),
      ),
      amount('volume-settlement', 'm3', 0x2c, () => before - 11.07),
      meterClock,
    ],
    // Valve open; the battery is low in the gas meter.
    statusBytes: type === 0x30 ? [0x04, 0x00] : [0x00, 0xff],
    status: [
      { point: 'valve', value: 'open' },
      { point: 'battery-low', value: type === 0x30 },
    ],
  };
}

/** Water at 50 °C on the way there; what comes back is colder the colder it is outside, °C. */
const SUPPLY = 50.25;
const back = (world: World, time: number): number => 41 + world.weather(time).temperature / 10;
const FLOW = 0.8125;
/** kWh per m³ and kelvin. */
const HEAT_CAPACITY = 1.163;
const kilowatts = (world: World, time: number): number => FLOW * HEAT_CAPACITY * (SUPPLY - back(world, time));

const heat: Cjt188Model = {
  stem: 'cjt188-heat',
  // A meter for heating and cooling: asked as 20, it answers as 25.
  type: 0x25,
  serial: { baud: 2400, format: '8E1' },
  cells: [
    amount('energy-cold', 'kW.h', 0x05, () => 274.11),
    amount('energy-heat', 'kW.h', 0x08, (world, time) => 54.42 + 0.009 * hours(world, time), {
      factor: 1000,
    }),
    amount('power-thermal', 'W', 0x17, kilowatts, { factor: 1000 }),
    amount('flow', 'm3/h', 0x35, () => FLOW, { decimals: 4 }),
    amount('volume', 'm3', 0x2c, (world, time) => 7156.08 + FLOW * hours(world, time)),
    { point: 'temperature-supply', uom: 'Cel', truth: () => SUPPLY, write: (value) => digits(value, 3, 2) },
    { point: 'temperature-return', uom: 'Cel', truth: back, write: (value) => digits(value, 3, 2) },
    {
      point: 'hours',
      uom: 'h',
      truth: (world, time) => 5446 + Math.floor(hours(world, time)),
      write: (value) => digits(value, 3, 0),
    },
    meterClock,
  ],
  statusBytes: [0x00, 0x05],
  status: [{ point: 'battery-low', value: false }],
};

export const CJT188_MODELS: ReadonlyMap<string, Cjt188Model> = new Map(
  [totals('cjt188-water', 0x10, 433.13, 0.0271), totals('cjt188-gas', 0x30, 72.17, 0.043), heat].map(
    (model) => [model.stem, model],
  ),
);
