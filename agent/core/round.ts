/** Rounding by GB/T 8170: half to even, decided on the decimal digits a person sees and not on binary fractions. */

/** Digits a double carries surely. */
const SURE = 15;

/**
 * `value` with `decimals` places, as text without exponent: half goes to the even neighbour. `value` is finite and below
 * 1e15; 2.675 is half although its double lies below it.
 */
export function roundHalfEven(value: number, decimals: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`rounding of ${value} failed: it is not finite`);
  const [mantissa = '0', exponent = '0'] = Math.abs(value)
    .toExponential(SURE - 1)
    .split('e');
  // digits × 10^power, exact.
  const digits = BigInt(mantissa.replace('.', ''));
  const power = Number(exponent) - (SURE - 1);
  const shift = power + decimals;
  let scaled: bigint;
  if (shift >= 0) scaled = digits * 10n ** BigInt(shift);
  else {
    const divisor = 10n ** BigInt(-shift);
    const whole = digits / divisor;
    const twice = (digits % divisor) * 2n;
    const up = twice > divisor || (twice === divisor && whole % 2n === 1n);
    scaled = up ? whole + 1n : whole;
  }
  const text = scaled.toString().padStart(decimals + 1, '0');
  const cut = text.length - decimals;
  const shown = decimals === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
  return value < 0 && scaled !== 0n ? `-${shown}` : shown;
}

/** The same as a number. */
export function roundedHalfEven(value: number, decimals: number): number {
  return Number(roundHalfEven(value, decimals));
}
