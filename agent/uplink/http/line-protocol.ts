/**
 * InfluxDB line protocol (docs.influxdata.com, «Line protocol reference»). A body begins with a line `message` that
 * carries the envelope, so that a ledger can be kept from what a database holds; then one line per record.
 *
 * Times are ns, which are the ms of the record and, below them, the last six digits of its number: two records of one
 * series within a ms would otherwise overwrite each other.
 */

import type { LoggedRecord } from '../../core/record.ts';
import { trusted } from '../../core/time/clock.ts';
import type { Message } from '../../core/uplink.ts';

const ENCODER = new TextEncoder();
/** ms; the range of ns in 64 bits. */
const LAST_TIME = 9.22e12;

/** `now`: Unix epoch ms, the time of a message without records. */
export function encodeLines(site: string, { envelope, records }: Message, now: number): Uint8Array {
  const { agent, epoch, lane, stream, first, last, count, prev, omitted } = envelope;
  const common = tags({ site, agent, epoch, lane });
  const head = fields({
    v: 1n,
    first: BigInt(first),
    last: BigInt(last),
    count: BigInt(count),
    prev: BigInt(prev),
  });
  const left = omitted.length === 0 ? '' : `,omitted=${text(JSON.stringify(omitted))}`;
  const time = nanoseconds(records.at(-1)?.time ?? now, last);
  const lines = [`message${common},stream=${stream} ${head}${left} ${time}`];
  for (const record of records) lines.push(lineOf(common, record));
  return ENCODER.encode(`${lines.join('\n')}\n`);
}

function lineOf(common: string, record: LoggedRecord): string {
  const { seq, time, rank, device } = record;
  const clock = trusted(rank) ? {} : { clock: rank };
  const at = nanoseconds(time, seq);
  if (record.kind === 'event') {
    const { event, severity, body } = record;
    const about = tags({ event, severity, ...(device === undefined ? {} : { device }) });
    return `event${common}${about} ${fields({ body: JSON.stringify(body), seq: BigInt(seq), ...clock })} ${at}`;
  }
  const { point, value, unit, quality, reason } = record;
  // A field has one type for ever, so each type has its own.
  const measured =
    typeof value === 'number'
      ? { value }
      : typeof value === 'boolean'
        ? { flag: value }
        : value === null
          ? {}
          : { text: value };
  const why = reason === undefined ? {} : { reason };
  const all = { ...measured, quality, ...why, seq: BigInt(seq), ...clock };
  return `reading${common}${tags({ device: record.device, point, unit })} ${fields(all)} ${at}`;
}

function tags(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `,${key}=${value.replace(/[,= ]/g, '\\$&')}`)
    .join('');
}

function fields(values: Readonly<Record<string, string | number | boolean | bigint>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${fieldOf(value)}`)
    .join(',');
}

function fieldOf(value: string | number | boolean | bigint): string {
  if (typeof value === 'bigint') return `${value}i`;
  return typeof value === 'string' ? text(value) : String(value);
}

/** Line breaks would be read as they are, but not by everybody who speaks the protocol. */
function text(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&').replace(/\r?\n|\r/g, '\\n')}"`;
}

function nanoseconds(time: number, seq: number): bigint {
  const ms = Math.abs(time) <= LAST_TIME ? Math.trunc(time) : 0;
  return BigInt(ms) * 1_000_000n + BigInt(seq % 1_000_000);
}
