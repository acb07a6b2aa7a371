/**
 * Payload v1: JSON with readable names, the same over every uplink that carries JSON. Everything a receiver's ledger
 * needs stands in the payload, never in headers. Schemas: docs/schemas.
 */

import type { LoggedRecord } from '../core/record.ts';
import { type ClockRank, trusted } from '../core/time/clock.ts';
import type { Message } from '../core/uplink.ts';
import { columnsOf, fitsColumns } from './columns.ts';

const ENCODER = new TextEncoder();
/** Limits of an ECMAScript time value, ms (ECMA-262 §21.4.1.1). */
const LAST_TIME = 8.64e15;

/** ISO 8601, milliseconds, UTC. A time that is none becomes the start of 1970: an impossible time beats a lost record. */
export function isoTime(time: number): string {
  return new Date(Math.abs(time) <= LAST_TIME ? time : 0).toISOString();
}

/** How readings stand in a message: record by record, or as columns (columns.ts). */
export type Layout = 'json' | 'columns';

/** A message of records. `hashOf` names the description of a device. */
export function encodeMessage(
  { envelope, records }: Message,
  hashOf: (device: string) => string | undefined,
  layout: Layout = 'json',
): Uint8Array {
  const descriptions: Record<string, string> = Object.create(null);
  for (const device of devicesOf(records)) {
    const hash = hashOf(device);
    if (hash !== undefined) descriptions[device] = hash;
  }
  if (layout === 'columns' && fitsColumns(records))
    return json({ ...envelope, descriptions, columns: columnsOf(envelope.first, records) });
  const wire = envelope.lane.startsWith('rollup-') ? wireBucket : wireRecord;
  return json({ ...envelope, descriptions, records: records.map(wire) });
}

/** Devices named in `records`, each once. */
export function devicesOf(records: readonly LoggedRecord[]): Set<string> {
  const devices = new Set<string>();
  for (const record of records) {
    if (record.device !== undefined) devices.add(record.device);
    else for (const { device } of valuesOf(record)) devices.add(device);
  }
  return devices;
}

/** Values of a record of buckets (rollup.ts); none of any other record. */
export function valuesOf(record: LoggedRecord): readonly { readonly device: string }[] {
  if (record.kind !== 'event' || record.event !== 'agent') return [];
  const { values = [] } = record.body as { values?: readonly { readonly device: string }[] };
  return values;
}

/** A record of buckets is its body: it has no time of its own but the two ends. */
function wireBucket({ seq, ...record }: LoggedRecord): object {
  return { seq, ...(record.kind === 'event' ? record.body : {}) };
}

function wireRecord(record: LoggedRecord): object {
  const { seq, time, rank } = record;
  const at = { time: isoTime(time), ...untrusted(rank) };
  if (record.kind === 'reading') {
    const { device, point, value, unit, quality, reason } = record;
    return { seq, device, point, value, unit, quality, ...(reason === undefined ? {} : { reason }), ...at };
  }
  const { event, severity, device, body } = record;
  return { seq, event, severity, ...(device === undefined ? {} : { device }), ...at, body };
}

/** The rank of a clock that is not to be trusted. */
export function untrusted(rank: ClockRank): { clock?: ClockRank } {
  return trusted(rank) ? {} : { clock: rank };
}

/** Compact JSON in UTF-8. */
export function json(value: object): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}
