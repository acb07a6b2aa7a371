/** Reads a message of records as it came, believing nothing: unknown fields are ignored, a wrong one is named. */
import { recordsOf } from './columns.ts';
import { type Fields, isFields, isNumber } from './fields.ts';
import type { Span } from './numbers.ts';

export { type Fields, isFields, isNumber } from './fields.ts';

export type Stream = 'live' | 'backlog';

export interface Omitted {
  readonly rule: string;
  readonly count: number;
  readonly ranges: readonly Span[];
  readonly reason?: string;
}

export interface Received {
  readonly agent: string;
  readonly epoch: string;
  readonly lane: string;
  readonly stream: Stream;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly prev: number;
  readonly omitted: readonly Omitted[];
  /** With their numbers, ascending. */
  readonly records: readonly (Fields & { readonly seq: number })[];
}

/** The message, or why it is none. */
export function readEnvelope(payload: unknown): Received | string {
  if (!isFields(payload)) return 'not a JSON object';
  const { v, agent, epoch, lane, stream, first, last, count, prev, omitted, columns } = payload;
  if (v !== 1) return `version ${JSON.stringify(v)} instead of 1`;
  if (typeof agent !== 'string' || typeof epoch !== 'string' || typeof lane !== 'string') {
    return 'agent, epoch or lane is not a text';
  }
  if (stream !== 'live' && stream !== 'backlog') return `stream ${JSON.stringify(stream)}`;
  if (!isNumber(first, 1) || !isNumber(last, 1) || !isNumber(count, 0) || !isNumber(prev, 0)) {
    return 'first, last, count or prev is not a number of records';
  }
  const left = readOmitted(omitted);
  if (typeof left === 'string') return left;
  const records = columns === undefined ? payload.records : recordsOf(columns, first);
  if (typeof records === 'string') return records;
  if (!Array.isArray(records)) return 'records is not an array';
  let before = first - 1;
  for (const record of records) {
    if (!isFields(record) || !isNumber(record.seq, 1)) return 'a record without its number';
    if (record.seq <= before) return `record ${record.seq} after ${before}: numbers must rise from first`;
    before = record.seq;
  }
  if (before > last) return `record ${before} beyond last ${last}`;
  if (records.length !== count) return `count ${count}, but ${records.length} records`;
  const sum = left.reduce((all, one) => all + one.count, count);
  if (last - prev !== sum) return `last − prev is ${last - prev}, but count and omitted are ${sum}`;
  return { agent, epoch, lane, stream, first, last, count, prev, omitted: left, records };
}

function readOmitted(omitted: unknown): Omitted[] | string {
  if (!Array.isArray(omitted)) return 'omitted is not an array';
  const read: Omitted[] = [];
  for (const one of omitted) {
    if (!isFields(one) || typeof one.rule !== 'string' || !isNumber(one.count, 0))
      return 'omitted is malformed';
    const ranges = one.ranges === undefined ? [] : readRanges(one.ranges);
    if (ranges === undefined) return 'a range of omitted is malformed';
    const sum = ranges.reduce((all, [from, to]) => all + to - from + 1, 0);
    if (one.ranges !== undefined && sum !== one.count)
      return `omitted ${one.count}, but its ranges hold ${sum}`;
    if (one.ranges === undefined && one.rule !== 'selection') return `omitted by ${one.rule} without ranges`;
    const reason = typeof one.reason === 'string' ? { reason: one.reason } : {};
    read.push({ rule: one.rule, count: one.count, ranges, ...reason });
  }
  return read;
}

function readRanges(ranges: unknown): Span[] | undefined {
  if (!Array.isArray(ranges)) return undefined;
  const read: Span[] = [];
  for (const range of ranges) {
    if (!Array.isArray(range) || range.length !== 2) return undefined;
    const [from, to]: unknown[] = range;
    if (!isNumber(from, 1) || !isNumber(to, from)) return undefined;
    read.push([from, to]);
  }
  return read;
}
