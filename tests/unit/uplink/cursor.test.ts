import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor, Range } from '../../../agent/core/record.ts';
import { FRESH, firstUnsettled, MOST_RANGES, settle, settledCount } from '../../../agent/uplink/cursor.ts';
import { add, clip, holes, total } from '../../../agent/uplink/ranges.ts';

const range = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, more]): Range => [from, from + more]);

function numbers(ranges: readonly Range[]): Set<number> {
  const all = new Set<number>();
  for (const [from, to] of ranges) for (let n = from; n <= to; n++) all.add(n);
  return all;
}

describe('ranges', () => {
  it('hold the same numbers as a set of numbers, in one form', () => {
    fc.assert(
      fc.property(fc.array(range), range, (list, window) => {
        const joined = list.reduce<Range[]>((all, one) => add(all, one), []);
        expect(numbers(joined)).toEqual(numbers(list));
        expect(total(joined)).toBe(numbers(list).size);
        for (let i = 1; i < joined.length; i++) {
          expect(joined[i]?.[0]).toBeGreaterThan((joined[i - 1]?.[1] ?? 0) + 1);
        }
        const inside = [...numbers([window])];
        expect(numbers(clip(joined, window))).toEqual(new Set(inside.filter((n) => numbers(list).has(n))));
        expect(numbers(holes(joined, window))).toEqual(new Set(inside.filter((n) => !numbers(list).has(n))));
      }),
    );
  });
});

describe('cursor', () => {
  it('rises over what is settled without a hole', () => {
    let cursor = settle(FRESH, [1, 10]);
    expect(cursor).toEqual({ low: 10, above: [] });
    cursor = settle(cursor, [21, 30]);
    cursor = settle(cursor, [16, 20]);
    expect(cursor).toEqual({ low: 10, above: [[16, 30]] });
    expect(firstUnsettled(cursor, 1)).toBe(11);
    expect(firstUnsettled(cursor, 16)).toBe(31);
    expect(settle(cursor, [9, 15])).toEqual({ low: 30, above: [] });
  });

  it('settles the same numbers in any order, and twice is once', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (list) => {
        const forward = list.reduce(settle, FRESH);
        const backward = [...list, ...list].reverse().reduce(settle, FRESH);
        expect(forward).toEqual(backward);
        const all = numbers(list);
        for (let n = 1; n <= 80; n++) {
          const settled = n <= forward.low || forward.above.some(([from, to]) => from <= n && n <= to);
          expect(settled).toBe(all.has(n));
          const next = firstUnsettled(forward, n);
          expect(all.has(next)).toBe(false);
          for (let m = n; m < next; m++) expect(all.has(m)).toBe(true);
        }
        expect(settledCount(forward, 1000)).toBe(all.size);
      }),
    );
  });

  it('stays small under a link that flaps for ever, forgetting the least', () => {
    let cursor: Cursor = settle(FRESH, [1, 5]);
    for (let i = 1; i <= MOST_RANGES + 50; i++)
      cursor = settle(cursor, [i * 100, i * 100 + (i % 7 === 0 ? 1 : 50)]);
    expect(cursor.above.length).toBe(MOST_RANGES);
    expect(cursor.low).toBe(5);
    expect(cursor.above.at(-1)?.[0]).toBe((MOST_RANGES + 50) * 100);
  });
});
