/** What an object said, as a reading. */
import type { Varbind } from 'net-snmp';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import { bad, good, type Mono, type Place, type Reading, type Value } from '../../agent/core/reading.ts';
import type { Wire } from './schema.ts';

export interface Mapped {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  /** The instance, with the device's index. */
  readonly oid: string;
}

/** Types of RFC 2578 §7.1 as they stand on the wire, and the exceptions of RFC 3416 §3. */
const COUNTER64 = 70;
const OPAQUE = 68;
const FIRST_EXCEPTION = 128;
/** A float within Opaque, as net-snmp's agents write it: 9F 78 04 and four bytes. */
const FLOAT = Buffer.from([0x9f, 0x78, 0x04]);

export function readingOf(device: string, mapped: Mapped, varbind: Varbind, time: Mono): Reading {
  const { point, wire } = mapped;
  const at: Place = { device, point: point.id, unit: point.unit };
  if (varbind.type >= FIRST_EXCEPTION || varbind.value === null) return bad(at, 'not-available', time);
  if (point.type === 'string') {
    const text = textOf(varbind, wire.hex);
    return text === '' ? bad(at, 'not-available', time) : good(at, text, time);
  }
  const contents = numberOf(varbind);
  if (contents === undefined) return bad(at, 'configuration', time);
  if (wire.notAvailable.includes(contents)) return bad(at, 'not-available', time);
  if (point.type === 'boolean') {
    return good(at, wire.equals === undefined ? contents !== 0 : wire.equals.includes(contents), time);
  }
  return ranged(at, point, scaled(contents, wire), time);
}

function ranged(at: Place, { decimals, range }: ProfilePoint, exact: number, time: Mono): Reading {
  const value: Value = decimals === undefined ? exact : Number(exact.toFixed(decimals)) + 0;
  if (range !== undefined && value > range[1]) return bad(at, 'over-range', time);
  if (range !== undefined && value < range[0]) return bad(at, 'under-range', time);
  return good(at, value, time);
}

/** Decimal scales stay decimal: 451 × 0.1 is 45.1. */
function scaled(contents: number, { scale, offset }: Wire): number {
  const inverse = Math.round(1 / scale);
  const exact = Math.abs(scale) < 1 && Math.abs(inverse * scale - 1) < 1e-9;
  return (exact ? contents / inverse : contents * scale) + offset;
}

/** Counters, gauges, ticks; a text that is a number, with or without its unit. */
function numberOf({ type, value }: Varbind): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (!Buffer.isBuffer(value)) return undefined;
  if (type === COUNTER64) {
    return Number(value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  }
  if (type === OPAQUE) {
    const float = value.length === 7 && value.subarray(0, 3).equals(FLOAT);
    return float ? Number(value.readFloatBE(3).toPrecision(7)) : undefined;
  }
  const number = /^([-+]?\d+(?:\.\d+)?)(?: ?[^\d\s.,][^\d]*)?$/.exec(value.toString('utf8').trim())?.[1];
  return number === undefined ? undefined : Number(number);
}

function textOf({ value }: Varbind, hex: boolean): string {
  if (!Buffer.isBuffer(value)) return String(value);
  if (hex) return [...value].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
  // Some agents close their texts with a zero.
  return value.toString('utf8').replace(/\0+$/, '').trim();
}
