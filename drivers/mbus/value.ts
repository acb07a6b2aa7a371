/** What a reading of a meter told, as readings of points. */
import type { ProfilePoint } from '../../agent/core/profile.ts';
import {
  bad,
  good,
  type Mono,
  type Place,
  type Reading,
  type Reason,
  uncertain,
  type Value,
} from '../../agent/core/reading.ts';
import { convert, UNITS, type Unit } from '../../agent/core/unit.ts';
import { type Header, mediumName, STATUS_BITS } from './header.ts';
import type { RecordError } from './modifier.ts';
import type { RecordWire, Wire } from './schema.ts';
import type { MeterValue } from './telegram.ts';

export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
}

/** All telegrams of one reading. */
export interface Told {
  /** Of the first telegram; absent where there is none. */
  readonly header: Header | undefined;
  readonly values: readonly MeterValue[];
  readonly time: Mono;
}

const REASONS: Readonly<Record<RecordError, Reason>> = {
  'no data': 'not-available',
  overflow: 'over-range',
  underflow: 'under-range',
  'data error': 'sensor-fault',
  'not implemented': 'not-available',
};

export function readingOf(device: string, { point, wire }: Mapped, { header, values, time }: Told): Reading {
  const at: Place = { device, point: point.id, unit: point.unit };
  if ('header' in wire || 'status' in wire) {
    const value = header === undefined ? undefined : headerValue(header, wire);
    return value === undefined ? bad(at, 'not-available', time) : good(at, value, time);
  }
  const found = pick(values, wire);
  if (found === undefined) return bad(at, 'not-available', time);
  const { value, ucum, reason } = found;
  if (value === null) return bad(at, reason === undefined ? 'not-available' : REASONS[reason], time);
  if (point.type === 'string') return good(at, String(value), time);
  if (typeof value !== 'number') return bad(at, 'configuration', time);
  const own = inUnit(value, ucum, point.unit);
  if (own === undefined) return bad(at, 'configuration', time);
  const rounded = point.decimals === undefined ? own : Number(own.toFixed(point.decimals)) + 0;
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (rounded < min) return bad(at, 'under-range', time);
  if (rounded > max) return bad(at, 'over-range', time);
  // A permanent error of the meter is against all that it measures.
  const ill = header !== undefined && (header.status & STATUS_BITS['permanent-error']) !== 0;
  return ill ? uncertain(at, rounded, 'device-failure', time) : good(at, rounded, time);
}

/** The record that a point means; undefined where the meter has none. */
function pick(values: readonly MeterValue[], wire: RecordWire): MeterValue | undefined {
  const quantity = 'name' in wire ? undefined : wire.quantity;
  return values.filter(
    (value) =>
      (quantity === undefined ? 'name' in wire && value.name === wire.name : value.quantity === quantity) &&
      value.function === wire.function &&
      value.storage === wire.storage &&
      value.tariff === wire.tariff &&
      value.subunit === wire.subunit &&
      value.marks.join() === wire.with.join(),
  )[wire.index];
}

function headerValue(header: Header, wire: Exclude<Wire, RecordWire>): Value | undefined {
  if ('status' in wire) {
    const { status } = header;
    if (wire.status === 'any-error') {
      return (status & (STATUS_BITS['permanent-error'] | STATUS_BITS['temporary-error'])) !== 0;
    }
    return (status & STATUS_BITS[wire.status]) !== 0;
  }
  return wire.header === 'medium' && header.medium !== undefined
    ? mediumName(header.medium)
    : header[wire.header];
}

/** A value in the point's unit; one without a unit is taken as it is, another dimension is none. */
function inUnit(value: number, from: Unit | undefined, to: Unit): number | undefined {
  if (from === undefined || from === to) return value;
  if (UNITS[from].dimension !== UNITS[to].dimension) return undefined;
  return Number(convert(value, from, to).toPrecision(12));
}
