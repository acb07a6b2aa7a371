/** Noise statistics against their definitions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../agent/cli/decoders.ts';
import { dayNightLevel, energyMean, exceeded, statistics } from '../../../agent/derive/noise/statistics.ts';

describe('noise statistics', () => {
  it('Leq lies between the least and the greatest, above the mean, and adding 10 dB adds 10 dB', () => {
    const levels = fc.array(
      fc.integer({ min: 200, max: 1300 }).map((n) => n / 10),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(levels, (some) => {
        const found = statistics(some);
        if (found === undefined) throw new Error('no statistics');
        const mean = some.reduce((sum, one) => sum + one, 0) / some.length;
        expect(found.leq).toBeGreaterThanOrEqual(mean - 1e-9);
        expect(found.leq).toBeLessThanOrEqual(found.max + 1e-9);
        expect([found.max, found.l5, found.l10, found.l50, found.l90, found.l95, found.min]).toEqual(
          [found.max, found.l5, found.l10, found.l50, found.l90, found.l95, found.min].sort((a, b) => b - a),
        );
        expect(energyMean(some.map((one) => one + 10))).toBeCloseTo(found.leq + 10, 9);
      }),
    );
  });

  it('the level exceeded N % of the time has so many above it', () => {
    const sorted = Array.from({ length: 60 }, (_, i) => 90 - i);
    expect([5, 10, 50, 90, 95].map((percent) => exceeded(sorted, percent))).toEqual([88, 85, 61, 37, 34]);
    expect(exceeded([], 50)).toBeUndefined();
    expect(exceeded([50], 5)).toBe(50);
  });

  it('a night as loud as the day is 6 dB worse than either', () => {
    expect(dayNightLevel(60, 60)).toBeCloseTo(66.02, 2);
    expect(dayNightLevel(60, 50)).toBeCloseTo(60, 9);
  });

  it('counts invalid values out, and says how many there were', () => {
    const text = JSON.stringify({ LA: [50, null, 60, null] });
    expect(decode('noise-stat', text)).toMatchObject({ ok: true, n: 2, total: 4, VDR: 50, Leq: 57.4 });
    expect(decode('noise-stat', '{"LA":[null]}')).toMatchObject({ ok: false });
    expect(decode('noise-stat', '{"LA":"x"}')).toMatchObject({ ok: false });
    expect(decode('noise-stat', '{"Ld":57.28,"Ln":48.99}')).toMatchObject({ ok: true, Ldn: 57.93 });
  });
});
