/** What an object said of itself, as a reading. */
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
import type { Part, Said } from './client.ts';
import type { Wire } from './schema.ts';

export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  readonly type: number;
  readonly instance: number;
  readonly property: number;
}

/** Application tags of §20.2.1.4. */
const TAG = { boolean: 1, unsigned: 2, signed: 3, real: 4, double: 5, text: 7, bits: 8, enumerated: 9 };
/** BACnetErrorCode (§21): what may not be read. */
const DENIED = [27, 85];
/** What is not there: no such object, property or index, not initialised, not configured. */
const MISSING = [17, 31, 32, 36, 42, 45, 72, 132];
/** BACnetStatusFlags. */
const [FAULT, OVERRIDDEN, OUT_OF_SERVICE] = [2, 4, 8];

export function readingOf(
  device: string,
  { point, wire }: Mapped,
  said: Said | undefined,
  flags: Said | undefined,
  time: Mono,
): Reading {
  const at: Place = { device, point: point.id, unit: point.unit };
  if (said === undefined) return bad(at, 'not-available', time);
  if ('error' in said) return bad(at, reasonOf(said.error), time);
  const [part] = said.parts;
  const value = part === undefined || said.parts.length > 1 ? undefined : typedValue(point, wire, part);
  if (value === undefined) return bad(at, part?.type === 0 ? 'not-available' : 'configuration', time);
  const status = flagsOf(flags);
  if (status & FAULT) return bad(at, 'sensor-fault', time);
  if (typeof value === 'number' && point.range !== undefined) {
    if (value > point.range[1]) return bad(at, 'over-range', time);
    if (value < point.range[0]) return bad(at, 'under-range', time);
  }
  if (status & OUT_OF_SERVICE) return uncertain(at, value, 'maintenance', time);
  if (status & OVERRIDDEN) return uncertain(at, value, 'manual-entry', time);
  return good(at, value, time);
}

export function reasonOf(code: number): Reason {
  if (DENIED.includes(code)) return 'configuration';
  return MISSING.includes(code) ? 'not-available' : 'device-failure';
}

function typedValue(point: ProfilePoint, wire: Wire, part: Part): Value | undefined {
  if (point.type === 'string') {
    if (part.type === TAG.text) return String(part.value).replace(/\0+$/, '').trim();
    const number = numberOf(part);
    return number === undefined ? undefined : String(number);
  }
  const number = numberOf(part);
  if (number === undefined) return undefined;
  if (point.type === 'boolean') {
    return wire.equals === undefined ? number !== 0 : wire.equals.includes(number);
  }
  const inverse = Math.round(1 / wire.scale);
  const decimal = Math.abs(wire.scale) < 1 && Math.abs(inverse * wire.scale - 1) < 1e-9;
  const exact = (decimal ? number / inverse : number * wire.scale) + wire.offset;
  if (point.decimals === undefined || !Number.isFinite(exact)) return exact;
  return Number(exact.toFixed(point.decimals)) + 0;
}

function numberOf({ type, value, len }: Part): number | undefined {
  if (type === TAG.boolean) return value === true || value === 1 ? 1 : 0;
  if (typeof value !== 'number') return undefined;
  // The library takes a real of another length for 0.
  if (type === TAG.real) return len === 5 ? Number(value.toPrecision(7)) : undefined;
  if (type === TAG.double) return len === 10 ? value : undefined;
  return type === TAG.unsigned || type === TAG.signed || type === TAG.enumerated ? value : undefined;
}

/** Bit 0 in-alarm, 1 fault, 2 overridden, 3 out-of-service; 0 where there are none. */
function flagsOf(said: Said | undefined): number {
  if (said === undefined || 'error' in said) return 0;
  const [part] = said.parts;
  const value = part?.type === TAG.bits ? part.value : undefined;
  if (typeof value !== 'object' || value === null || !('value' in value)) return 0;
  return Array.isArray(value.value) ? Number(value.value[0] ?? 0) : 0;
}
