/** What a device is asked for: points, grouped by the identifier that reads them. */
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { characterTime, meterAddress } from '../line-settings.ts';
import { type AmountName, type Contents, DECIMALS, sizeOf } from './contents.ts';
import { ANYBODY, type Order } from './frame.ts';
import { type Control, deviceSchema, type Field, optionsSchema, type Wire, wireSchema } from './schema.ts';

/** A point and where it stands. */
export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
}

/** Points read by one identifier at one period. */
export interface Group {
  readonly di: string;
  /** ms */
  readonly period: number;
  readonly points: readonly Mapped[];
  /** Bytes that follow identifier and SER in a usual answer. */
  readonly size: number;
}

export interface DeviceMap {
  readonly type: number;
  /** Fourteen digits; AA where the line has one meter and nobody has said which. */
  readonly address: string;
  readonly order: Order;
  readonly decimals: Readonly<Record<AmountName, number>>;
  readonly preambles: number;
  /** ms */
  readonly delay: number;
  /** Time of one character, ms. */
  readonly character: number;
  readonly groups: readonly Group[];
  /** What the meter may be told; absent: nothing. */
  readonly control: Control | undefined;
}

/** Fields that stand only in the answer of a heat meter, and only in that of the others. */
const HEAT: readonly Field[] = [
  'cold-energy',
  'energy',
  'power',
  'flow',
  'volume',
  'supply-temperature',
  'return-temperature',
  'hours',
];

/** The layout of the usual answer to 901F that has these fields. */
export function layoutOf(fields: readonly Field[]): Contents['layout'] {
  return fields.some((field) => HEAT.includes(field)) ? 'heat' : 'totals';
}

/** The map of a device whose profile and options have passed their checks; throws a `ZodError` otherwise. */
export function deviceMap(device: DeviceConfig, line: LineConfig): DeviceMap {
  const options = optionsSchema.parse(device.profile.options ?? {});
  const own = deviceSchema.parse(device.options);
  const groups = new Map<string, { di: string; period: number; points: Mapped[] }>();
  for (const point of device.profile.points) {
    const wire = wireSchema.parse(point.wire);
    const period = device.every ?? point.every ?? device.profile.every;
    const key = `${wire.di}/${period}`;
    const group = groups.get(key) ?? { di: wire.di, period, points: [] };
    group.points.push({ point, wire });
    groups.set(key, group);
  }
  const layout = layoutOf(device.profile.points.map(({ wire }) => wireSchema.parse(wire).field));
  return {
    control: own.control,
    type: Number.parseInt(own.type ?? options.type, 16),
    address: device.address === undefined ? ANYBODY : (meterAddress(device.address, 14) ?? ANYBODY),
    order: own.order ?? options.order,
    decimals: { ...DECIMALS, ...options.decimals, ...own.decimals },
    preambles: own.preambles ?? options.preambles,
    delay: own.delay ?? options.delay,
    character: characterTime(line),
    groups: [...groups.values()].map((group) => ({
      ...group,
      size: group.di === '901F' ? sizeOf(layout) : 5,
    })),
  };
}
