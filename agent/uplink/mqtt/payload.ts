/** Payload v1 of what only MQTT carries: holes, state, descriptions, results. Schemas: docs/schemas. */
import type { CommandResult } from '../../core/command.ts';
import type { Point } from '../../core/point.ts';
import type { LoggedRecord } from '../../core/record.ts';
import type { Description } from '../../core/site.ts';
import type { Message } from '../../core/uplink.ts';
import { isoTime, json, untrusted } from '../payload.ts';

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
  readonly hardware?: string;
  readonly instance?: string;
  /** Which unit of the agent; absent: it replaced nobody. */
  readonly generation?: number;
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
