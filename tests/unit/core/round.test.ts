/** Rounding by GB/T 8170, and gases from volume to mass. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { convertGas, gasOfFactor } from '../../../agent/core/gas.ts';
import { roundHalfEven } from '../../../agent/core/round.ts';

it.each([
  [2.675, 2, '2.68'],
  [2.665, 2, '2.66'],
  [0.5, 0, '0'],
  [1.5, 0, '2'],
  [-0.5, 0, '0'],
  [-1.5, 0, '-2'],
  [1e-9, 3, '0.000'],
  [35, 1, '35.0'],
  [0.1 + 0.2, 1, '0.3'],
  [123456.789, 2, '123456.79'],
])('%d to %d places is %s', (value, decimals, text) => {
  expect(roundHalfEven(value, decimals)).toBe(text);
});

it('is never further off than half a place, and even at the half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.integer({ min: 0, max: 4 }),
      (n, decimals) => {
        const value = n / 1000;
        const rounded = Number(roundHalfEven(value, decimals));
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9);
      },
    ),
  );
});

it('ppb of a gas are M/24.45 µg/m³ (GB 3095-2026 4.3), and back', () => {
  expect(convertGas(10, '10*-9', 'ug/m3', 'SO2')).toBeCloseTo(26.2, 1);
  expect(convertGas(1, '10*-6', 'mg/m3', 'CO')).toBeCloseTo(1.146, 3);
  expect(convertGas(convertGas(7, '10*-9', 'mg/m3', 'O3'), 'mg/m3', '10*-9', 'O3')).toBeCloseTo(7, 9);
  expect(() => convertGas(1, '10*-9', 'ug/m3', undefined)).toThrow(
    /volume fraction is not mass concentration/,
  );
  expect([gasOfFactor('a21026'), gasOfFactor('O3'), gasOfFactor('a34004')]).toEqual(['SO2', 'O3', undefined]);
});
