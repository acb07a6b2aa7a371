import { describe, expect, it } from 'vitest';
import { adjustment, powerFactor } from '../../../agent/control/energy/power-factor.ts';

/**
 * The three tables of 功率因数调整电费办法 (水电财字〔1983〕215号), as supply companies print them: factor → %; in between each
 * hundredth as said. A minus is taken off the bill.
 */
const TABLES = {
  '0.90': {
    '0.90': 0,
    '0.91': -0.15,
    '0.92': -0.3,
    '0.93': -0.45,
    '0.94': -0.6,
    '0.95': -0.75,
    '1.00': -0.75,
    '0.89': 0.5,
    '0.88': 1,
    '0.85': 2.5,
    '0.80': 5,
    '0.75': 7.5,
    '0.71': 9.5,
    '0.70': 10,
    '0.69': 11,
    '0.68': 12,
    '0.66': 14,
    '0.65': 15,
    '0.64': 17,
    '0.63': 19,
    '0.60': 25,
  },
  '0.85': {
    '0.85': 0,
    '0.86': -0.1,
    '0.87': -0.2,
    '0.88': -0.3,
    '0.89': -0.4,
    '0.90': -0.5,
    '0.91': -0.65,
    '0.92': -0.8,
    '0.93': -0.95,
    '0.94': -1.1,
    '1.00': -1.1,
    '0.84': 0.5,
    '0.80': 2.5,
    '0.75': 5,
    '0.70': 7.5,
    '0.66': 9.5,
    '0.65': 10,
    '0.64': 11,
    '0.60': 15,
    '0.59': 17,
  },
  '0.80': {
    '0.80': 0,
    '0.81': -0.1,
    '0.85': -0.5,
    '0.90': -1,
    '0.91': -1.15,
    '0.92': -1.3,
    '1.00': -1.3,
    '0.79': 0.5,
    '0.75': 2.5,
    '0.70': 5,
    '0.65': 7.5,
    '0.61': 9.5,
    '0.60': 10,
    '0.59': 11,
    '0.55': 15,
    '0.54': 17,
  },
} as const;

describe('power factor adjustment', () => {
  for (const standard of ['0.90', '0.85', '0.80'] as const)
    it(`is that of the table for ${standard}`, () => {
      const got = Object.keys(TABLES[standard]).map((factor) => [
        factor,
        adjustment(standard, Math.round(Number(factor) * 100)) / 100,
      ]);
      expect(Object.fromEntries(got)).toEqual(TABLES[standard]);
    });

  it('is by the factor to two decimals, halves up', () => {
    // 3 and 4 make 5.
    expect(powerFactor(4, 3)).toBe(80);
    // 0.945 exactly: tan φ = √(1/0.945² − 1).
    expect(powerFactor(1, Math.sqrt(1 / 0.945 ** 2 - 1))).toBe(95);
    expect(powerFactor(1000, 0)).toBe(100);
    expect(powerFactor(0, 0)).toBe(null);
    expect(powerFactor(0, 5)).toBe(0);
  });
});
