/** Exact arithmetic of bills: quantities in millionths, prices as they were written, money to the fen (0.01 yuan). Pure. */
import BigNumber from 'bignumber.js';

/** Numbers of a bill; apart from the library's own settings, so that nobody else's change them. */
const Decimal = BigNumber.clone({
  DECIMAL_PLACES: 20,
  ROUNDING_MODE: BigNumber.ROUND_HALF_UP,
  EXPONENTIAL_AT: 1e9,
});
export type Decimal = BigNumber;

export function decimal(value: string | number): Decimal {
  return new Decimal(value);
}

export const ZERO: Decimal = decimal(0);

/** Millionths as units. */
export function ofMicro(micro: number): Decimal {
  return decimal(micro).shiftedBy(-6);
}

/** To the fen, halves away from zero, as 四舍五入 has it. */
export function toFen(value: Decimal): Decimal {
  return value.decimalPlaces(2, BigNumber.ROUND_HALF_UP);
}

/** `12.30` */
export function money(value: Decimal): string {
  return toFen(value).toFixed(2);
}

/** Without zeros at its end: `96`, `0.863`. */
export function plain(value: Decimal, decimals: number): string {
  return value.decimalPlaces(decimals, BigNumber.ROUND_HALF_UP).toFixed();
}

export function sum(values: Iterable<Decimal>): Decimal {
  let all = ZERO;
  for (const value of values) all = all.plus(value);
  return all;
}
