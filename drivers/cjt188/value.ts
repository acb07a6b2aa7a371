/** Contents of an answer as readings. */
import { bad, good, type Mono, type Place, type Reading, uncertain } from '../../agent/core/reading.ts';
import { convert, UNITS } from '../../agent/core/unit.ts';
import {
  type Amount,
  amountAt,
  amountValue,
  batteryLow,
  type Contents,
  clockOf,
  contentsOf,
  valveOf,
} from './contents.ts';
import type { DeviceMap, Mapped } from './map.ts';
import type { Field } from './schema.ts';

/** What an answer holds, by identifier; undefined where it has none of the known layouts. */
export function contentsFor(di: string, data: Uint8Array): Contents | undefined {
  if (di === '901F') return contentsOf(data);
  if (data.length < 5) return undefined;
  const amounts = { 'current-total': amountAt(data, 0) };
  return { layout: 'short', amounts, status: new Uint8Array(), trailing: data.length - 5 };
}

/** The reading of one point. */
export function readingOf(
  device: string,
  { point, wire }: Mapped,
  contents: Contents | undefined,
  decimals: DeviceMap['decimals'],
  time: Mono,
): Reading {
  const at: Place = { device, point: point.id, unit: point.unit };
  // A byte too many is known of real meters; more is another layout.
  if (contents === undefined || contents.trailing > 1) return bad(at, 'configuration', time);
  const { field } = wire;
  if (isState(field)) {
    const state = stateOf(field, contents);
    return state === undefined ? bad(at, 'not-available', time) : good(at, state, time);
  }
  const measured = measure(field, contents, decimals);
  if (measured === undefined) return bad(at, 'not-available', time);
  const value = measured.in(point.unit);
  if (value === undefined) return bad(at, 'configuration', time);
  const rounded = point.decimals === undefined ? value : Number(value.toFixed(point.decimals)) + 0;
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (rounded < min) return bad(at, 'under-range', time);
  if (rounded > max) return bad(at, 'over-range', time);
  // A unit code that is not in the standard: the profile's unit is supposed.
  return measured.sure ? good(at, rounded, time) : uncertain(at, rounded, 'configuration', time);
}

type State = 'clock' | 'valve' | 'battery-low';
const isState = (field: Field): field is State =>
  field === 'clock' || field === 'valve' || field === 'battery-low';

function stateOf(field: State, { clock, status }: Contents): string | boolean | undefined {
  if (field === 'clock') return clock === undefined ? undefined : clockOf(clock);
  if (status.length === 0) return undefined;
  return field === 'valve' ? valveOf(status) : batteryLow(status);
}

interface Measured {
  readonly sure: boolean;
  /** In a unit; undefined where it measures something else. */
  in(unit: Place['unit']): number | undefined;
}

function measure(
  field: Exclude<Field, State>,
  contents: Contents,
  decimals: DeviceMap['decimals'],
): Measured | undefined {
  switch (field) {
    case 'supply-temperature':
      return plain(contents.supply, 100, 'Cel');
    case 'return-temperature':
      return plain(contents.return, 100, 'Cel');
    case 'hours':
      return plain(contents.hours, 1, 'h');
    default: {
      const amount = contents.amounts[field];
      return amount === undefined ? undefined : amountOf(amount, decimals[field]);
    }
  }
}

function plain(digits: number | undefined, divisor: number, own: Place['unit']): Measured | undefined {
  if (digits === undefined) return undefined;
  return { sure: true, in: (unit) => converted(digits / divisor, own, unit) };
}

function amountOf(amount: Amount, decimals: number): Measured | undefined {
  const value = amountValue(amount, decimals);
  if (value === null) return undefined;
  const { unit: own } = amount;
  if (own === undefined) return { sure: false, in: () => value };
  return { sure: true, in: (unit) => converted(value * own.factor, own.ucum, unit) };
}

function converted(value: number, from: Place['unit'], to: Place['unit']): number | undefined {
  return UNITS[from].dimension === UNITS[to].dimension ? convert(value, from, to) : undefined;
}
