/** What a day should have come to, by its like: working or closed days as it is, of weather as its own. */
import type { BranchDay } from '../../../core/diagnosis.ts';
import type { Look } from './check.ts';
import { median, slope, spread } from './robust.ts';

export interface Expectation {
  /** Quantity of the day. */
  readonly expected: number;
  /** Standard deviation of like days around what was expected of them, outliers apart. */
  readonly spread: number;
  readonly days: number;
}

/** Days looked back for like days, and the nearest in temperature that are taken. */
const BACK = 45;
const NEAREST = 14;
const FEWEST = 5;
/** K; like days must lie around the temperature of the day, or near it. */
const REACH = 4;

/**
 * Median of like days, each moved to the temperature of `day` by the slope that they show. Undefined where too few are
 * known, or none of them was as warm or as cold.
 */
export function expectation(look: Look, day: BranchDay, skip: number): Expectation | undefined {
  const like = look.usual(
    BACK,
    skip,
    ({ open, total, date }) => open === day.open && total !== null && date !== day.date,
  );
  if (like.length < FEWEST) return undefined;
  const { temperature } = day;
  if (temperature === null) return around(like.map(({ total }) => total ?? 0));
  const warm = like.filter((one) => one.temperature !== null);
  if (warm.length < FEWEST) return undefined;
  const away = (one: BranchDay): number => Math.abs((one.temperature ?? 0) - temperature);
  const near = [...warm].sort((a, b) => away(a) - away(b)).slice(0, NEAREST);
  // Beyond what was seen nothing is told by a straight line.
  if (away(near[Math.min(2, near.length - 1)] ?? day) > REACH) return undefined;
  const steep = slope(near.map((one) => [one.temperature ?? 0, one.total ?? 0]));
  return around(near.map((one) => (one.total ?? 0) + steep * (temperature - (one.temperature ?? 0))));
}

function around(values: readonly number[]): Expectation {
  const expected = median(values);
  return { expected, spread: spread(values, expected), days: values.length };
}
