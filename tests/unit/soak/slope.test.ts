import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planOf, windowsOf } from '../../../bench/soak/plan.ts';
import { median, minuteMinima, type Point, theilSen } from '../../../bench/soak/slope.ts';
import { faultSchema } from '../../../hw-sim/scenario-faults.ts';

describe('what a long run says about growth', () => {
  test('the slope of a line, per hour, whatever a third of the points says', () => {
    const line = (slope: number): Point[] =>
      Array.from({ length: 41 }, (_, i) => [20 + i, 100 + (slope * i) / 60]);
    expect(theilSen(line(4))).toBeCloseTo(4, 9);
    expect(theilSen(line(-1))).toBeCloseTo(-1, 9);
    const spoilt = line(4).map(([at, value], i): Point => [at, i % 4 === 0 ? value + 500 : value]);
    expect(Math.abs(theilSen(spoilt) - 4)).toBeLessThan(1);
    expect(theilSen([[1, 1]])).toBeNaN();
  });

  test('minima are of whole minutes', () => {
    expect(
      minuteMinima([
        [0.1, 5],
        [0.9, 4],
        [1.0, 9],
        [1.5, 7],
        [3.2, 1],
      ]),
    ).toEqual([
      [0.9, 4],
      [1.5, 7],
      [3.2, 1],
    ]);
  });

  test('the median lies between halves', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
    expect(median([])).toBeNaN();
  });
});

describe('faults by seed', () => {
  test('are the same for the same seed, are known to the street, and end before the street is left alone', () => {
    for (const minutes of [5, 60]) {
      const windows = windowsOf(minutes);
      const plan = planOf(14, windows);
      expect(plan).toEqual(planOf(14, windows));
      expect(plan).not.toEqual(planOf(15, windows));
      expect(plan.length).toBeGreaterThan(minutes / 2);
      for (const one of plan) {
        const { at, for: lasts = Number.NaN } = one;
        expect(windows.faults.some(([from, to]) => at >= from && at + lasts <= to + 1)).toBe(true);
        if (one.fault === 'archive-away' || one.fault === 'camera-away') continue;
        // As a scenario file has them: times with their unit.
        const written = Object.entries(one).map(([key, value]) => [
          key,
          ['at', 'for', 'delay', 'gap'].includes(key) ? `${value}ms` : value,
        ]);
        expect(faultSchema.safeParse(Object.fromEntries(written)).error?.issues ?? []).toEqual([]);
      }
      for (const [from, to] of windows.quiet)
        expect(plan.filter(({ at, for: lasts = 0 }) => at < to && at + lasts > from)).toEqual([]);
    }
  });
});
