/** What a day should have come to, by its like: working or closed days as it is, of weather as its own. */
import type { BranchDay } from '../../../core/energy/diagnosis.ts';
import type { Look } from './check.ts';
import { correlation, median, quantile, slope, spread } from './robust.ts';

export interface Expectation {
  /** Quantity of the day. */
  readonly expected: number;
  /** Standard deviation of like days around what was expected of them, outliers apart. */
  readonly spread: number;
  readonly days: number;
  /** Lowest and highest of them, and the same with a tenth of them left out at either end. */
  readonly range: readonly [number, number];
  readonly inner: readonly [number, number];
}

/** Days looked back for like days, and the nearest in temperature that are taken. */
const BACK = 45;
const NEAREST = 14;
const FEWEST = 8;
/** So many of them were as cold, and as hot. */
const SEEN = 2;
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
  const driven = weatherDriven(look);
  if ((driven || look.branch.weather) && !seen(warm, day, 1)) return undefined;
  if (!driven) return around(like.map(({ total }) => total ?? 0));
  const away = (one: BranchDay): number => Math.abs((one.temperature ?? 0) - temperature);
  const near = [...warm].sort((a, b) => away(a) - away(b)).slice(0, NEAREST);
  // Beyond what was seen nothing is told by a straight line.
  if (away(near[Math.min(2, near.length - 1)] ?? day) > REACH) return undefined;
  const steep = slope(near.map((one) => [one.temperature ?? 0, one.total ?? 0]));
  return around(near.map((one) => (one.total ?? 0) + steep * (temperature - (one.temperature ?? 0))));
}

function around(values: readonly number[]): Expectation {
  const expected = median(values);
  const range = [Math.min(...values), Math.max(...values)] as const;
  const inner = [quantile(values, 0.1), quantile(values, 0.9)] as const;
  return { expected, spread: spread(values, expected), days: values.length, range, inner };
}

/** Share of its median by which nine days of ten of a weather-driven branch differ from the tenth. */
const DRIVEN = 0.5;
const TOGETHER = 0.6;

/** Whether the branch follows the weather by much: its working days rise and fall with the temperature. */
export function weatherDriven(look: Look): boolean {
  const days = look.usual(
    BACK,
    0,
    ({ open, total, temperature }) => open && total !== null && temperature !== null,
  );
  if (days.length < 10) return false;
  const totals = days.map(({ total }) => total ?? 0);
  const swing = quantile(totals, 0.9) - quantile(totals, 0.1);
  if (swing <= DRIVEN * Math.abs(median(totals))) return false;
  return (
    Math.abs(
      correlation(
        days.map(({ temperature }) => temperature ?? 0),
        totals,
      ),
    ) > TOGETHER
  );
}

/** Of those days, the ones about as warm as `day`. */
export function asWarm(days: readonly BranchDay[], day: BranchDay): readonly BranchDay[] {
  const { temperature } = day;
  if (temperature === null) return days;
  return days.filter((one) => one.temperature !== null && Math.abs(one.temperature - temperature) <= REACH);
}

/** Whether days as cold and as hot as `day` were seen, give or take `reach` K: weather that is new has no like. */
export function seen(days: readonly BranchDay[], { temperature }: BranchDay, reach: number): boolean {
  if (temperature === null) return true;
  const known = days.flatMap((one) => one.temperature ?? []).sort((a, b) => a - b);
  const [coldest = Number.NaN, hottest = Number.NaN] = [known[SEEN - 1], known.at(-SEEN)];
  return temperature >= coldest - reach && temperature <= hottest + reach;
}
