/** Forms the envelope of a message: whatever lies between the message before and this one is named with its reason. */
import type { LoggedRecord, Range } from '../core/record.ts';
import type { Envelope, Message, Omission, StreamName } from '../core/uplink.ts';
import { add, clip, holes, total } from './ranges.ts';

/** Numbers that no message will carry, and why. */
export interface Dropped {
  readonly range: Range;
  readonly rule: 'refused' | 'gap';
  readonly reason: string;
}

/**
 * What lies in `span`: dropped numbers by rule and reason, and all others as carried by another message (of the other
 * stream, or an earlier one of this).
 */
export function omissions(span: Range, dropped: readonly Dropped[]): Omission[] {
  if (span[0] > span[1]) return [];
  const named = new Map<string, { rule: Dropped['rule']; reason: string; ranges: Range[] }>();
  let known: Range[] = [];
  for (const { range, rule, reason } of dropped) {
    for (const part of holes(known, span).flatMap((hole) => clip([range], hole))) {
      const group = named.get(`${rule} ${reason}`) ?? { rule, reason, ranges: [] };
      group.ranges = add(group.ranges, part);
      named.set(`${rule} ${reason}`, group);
      known = add(known, part);
    }
  }
  const omitted: Omission[] = [...named.values()].map(({ rule, reason, ranges }) => ({
    rule,
    count: total(ranges),
    ranges,
    reason,
  }));
  const others = holes(known, span);
  if (others.length > 0) omitted.push({ rule: 'stream', count: total(others), ranges: others });
  return omitted;
}

export interface MessageFacts {
  readonly agent: string;
  readonly epoch: string;
  readonly lane: Envelope['lane'];
  readonly stream: StreamName;
  /** Last number of the message before in this stream; below the first record. */
  readonly prev: number;
  /** The numbers that this message accounts for by itself. */
  readonly range: Range;
  /** Of those the ones that leave; all others are left out by selection. */
  readonly records: readonly LoggedRecord[];
  readonly dropped: readonly Dropped[];
}

/** A message of `records`, which may be none. `last − prev = count + Σ omitted.count` holds by construction. */
export function formMessage({ range, records, dropped, ...facts }: MessageFacts): Message {
  const [first, last] = range;
  const left = last - first + 1 - records.length;
  const selection: readonly Omission[] = left > 0 ? [{ rule: 'selection', count: left }] : [];
  return {
    envelope: {
      v: 1,
      ...facts,
      first,
      last,
      count: records.length,
      omitted: [...omissions([facts.prev + 1, first - 1], dropped), ...selection],
    },
    records,
  };
}
