/**
 * The cursor of one uplink and lane: at or below `low` everything is settled (acknowledged, refused with a reason, or
 * dropped with a gap record), `above` are the settled ranges over it. It only grows; forgetting a range makes the pump
 * send it again under the same numbers, which a receiver drops.
 */
import type { Cursor, Range } from '../core/record.ts';
import { add, total } from './ranges.ts';

/** Ranges a cursor keeps: one more outage of a flapping link than this sends some records again. */
export const MOST_RANGES = 200;

/** Nothing settled. */
export const FRESH: Cursor = { low: 0, above: [] };

/** `cursor` with `range` settled. Settling twice changes nothing. */
export function settle(cursor: Cursor, range: Range): Cursor {
  const above = add(cursor.above, [Math.max(range[0], cursor.low + 1), range[1]]);
  let low = cursor.low;
  while (above[0] !== undefined && above[0][0] <= low + 1) low = Math.max(low, above.shift()?.[1] ?? low);
  return { low, above: above.length > MOST_RANGES ? forgetSmallest(above) : above };
}

/** First number from `from` on that is not settled. */
export function firstUnsettled(cursor: Cursor, from: number): number {
  const next = Math.max(from, cursor.low + 1);
  const inside = cursor.above.find(([first, last]) => first <= next && next <= last);
  return inside === undefined ? next : inside[1] + 1;
}

/** How many numbers up to `head` are settled. */
export function settledCount(cursor: Cursor, head: number): number {
  return Math.min(cursor.low, head) + total(cursor.above);
}

function forgetSmallest(ranges: readonly Range[]): Range[] {
  const smallest = ranges.reduce((least, range) =>
    range[1] - range[0] < least[1] - least[0] ? range : least,
  );
  return ranges.filter((range) => range !== smallest);
}
