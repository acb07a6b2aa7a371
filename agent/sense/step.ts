/** A step that no real quantity makes. It is doubted until the readings after it stay there. Pure. */

export interface Stepping {
  /** The last value that was believed. */
  readonly good: number;
  /** The last value that was not, and how many like it came in a row. */
  readonly odd?: { readonly value: number; readonly count: number };
}

/** Readings that stay where the step led before it is believed. */
const STAYS = 3;

export function step(
  before: Stepping | undefined,
  value: number,
  most: number,
): { readonly state: Stepping; readonly believed: boolean; readonly turned: boolean } {
  if (before === undefined) return { state: { good: value }, believed: true, turned: false };
  const { good, odd } = before;
  if (Math.abs(value - good) <= most)
    return { state: { good: value }, believed: true, turned: odd !== undefined };
  const count = odd !== undefined && Math.abs(value - odd.value) <= most ? odd.count + 1 : 1;
  if (count > STAYS) return { state: { good: value }, believed: true, turned: true };
  return { state: { good, odd: { value, count } }, believed: false, turned: odd === undefined };
}
