/**
 * Payload v1 of the MQTT uplink: JSON with readable names. Everything a receiver's ledger needs stands in the payload,
 * never in MQTT 5 properties. Schemas: docs/schemas.
 */
import { type ClockRank, trusted } from '../../core/clock.ts';
import type { CommandResult } from '../../core/command.ts';
import type { Point } from '../../core/point.ts';
import type { LoggedRecord } from '../../core/record.ts';
import type { Description } from '../../core/site.ts';
import type { Message } from '../../core/uplink.ts';

const ENCODER = new TextEncoder();
/** Limits of an ECMAScript time value, ms (ECMA-262 §21.4.1.1). */
const LAST_TIME = 8.64e15;

/** ISO 8601, milliseconds, UTC. A time that is none becomes the start of 1970: an impossible time beats a lost record. */
export function isoTime(time: number): string {
  return new Date(Math.abs(time) <= LAST_TIME ? time : 0).toISOString();
}

/** `…/data/<lane>` and `…/backlog/<lane>`. `hashOf` names the description of a device. */
export function encodeMessage(
  { envelope, records }: Message,
  hashOf: (device: string) => string | undefined,
): Uint8Array {
  const descriptions: Record<string, string> = Object.create(null);
  for (const device of devicesOf(records)) {
    const hash = hashOf(device);
    if (hash !== undefined) descriptions[device] = hash;
  }
  return json({ ...envelope, descriptions, records: records.map(wireRecord) });
}

/** Devices named in `records`, each once. */
export function devicesOf(records: readonly LoggedRecord[]): Set<string> {
  const devices = new Set<string>();
  for (const { device } of records) if (device !== undefined) devices.add(device);
  return devices;
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

function untrusted(rank: ClockRank): { clock?: ClockRank } {
  return trusted(rank) ? {} : { clock: rank };
}

/** `…/gap`: one hole in the log, as its event record says. */
export function encodeGap(message: Message, record: LoggedRecord & { kind: 'event' }): Uint8Array {
  const { agent, epoch } = message.envelope;
  return json({
    v: 1,
    agent,
    epoch,
    seq: record.seq,
    time: isoTime(record.time),
    ...untrusted(record.rank),
    gap: record.body,
  });
}

export interface StateFacts {
  readonly site: string;
  readonly agent: string;
  readonly reason?: 'stopped' | 'link-lost';
}

/** `…/state`, retained; `offline` with `link-lost` is the will. */
export function encodeState(state: 'online' | 'offline', facts: StateFacts): Uint8Array {
  return json({ v: 1, state, ...facts });
}

/** `…/describe/<device>`, retained. */
export function encodeDescription(hash: string, description: Description): Uint8Array {
  const { points, ...facts } = description;
  return json({ v: 1, hash, ...facts, points: points.map(wirePoint) });
}

function wirePoint(point: Point): object {
  const { id, title, type, unit, decimals, range, access, aggregation, weight, lane, states } = point;
  return { id, title, type, unit, decimals, range, access, aggregation, weight, lane, states };
}

/** `…/cmd/<id>/result`. */
export function encodeResult({ at, ...result }: CommandResult): Uint8Array {
  return json({ v: 1, ...result, at: isoTime(at) });
}

function json(value: object): Uint8Array {
  return ENCODER.encode(JSON.stringify(value));
}
