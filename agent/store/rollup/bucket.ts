/** A bucket of history as people and programs get it: its value by kind, and what that value is worth. */
import type { Bucket } from '../../core/view.ts';
import type { LoggedPoint } from '../points.ts';
import { type Accumulator, bucketValue } from './accumulator.ts';
import type { Offsets } from './breaks.ts';
import { dayLevels, exceeded } from './levels.ts';
import { expectedIn, minimumFor } from './validity.ts';

const DAY = 86_400_000;

export interface BucketFacts {
  readonly start: number;
  /** Length of buckets of its level, ms. */
  readonly bucket: number;
  /** How much of it has passed, ms. */
  readonly passed: number;
  readonly acc: Accumulator;
  /** The bucket before it that holds something. */
  readonly before: Accumulator | undefined;
  readonly offsets: Offsets | undefined;
  readonly point: LoggedPoint;
  /** For days whose minimum is one of hours: how many hours are sufficient. */
  hours(share: number): number;
}

/** `mean` is the bucket's value by its aggregation kind, see `bucketValue`. */
export function bucketOf(facts: BucketFacts): Bucket {
  const { start: time, acc, before, offsets } = facts;
  const { count } = acc;
  const worth = worthOf(facts);
  if (count === 0) return { time, count, min: null, mean: null, max: null, last: null, ...worth };
  const offset = before && offsets?.(before.lastTime, acc.firstTime);
  const mean = bucketValue(acc, before?.last, offset);
  return { time, count, min: acc.min, mean, max: acc.max, last: acc.last, ...worth, ...ofKind(facts) };
}

/** Share of valid values, and whether that is enough. */
function worthOf({ bucket, passed, acc, point, hours }: BucketFacts): Partial<Bucket> {
  const { count, bad, marked, revision } = acc;
  const told = {
    ...(bad === 0 ? {} : { bad }),
    ...(marked === 0 ? {} : { marked }),
    ...(revision === 0 ? {} : { revision }),
  };
  const expected = expectedIn(passed, point.every);
  if (expected === undefined) return told;
  // Polls that were a little early make more values than there should be.
  const share = Math.min(1, count / Math.max(expected, 1));
  const minimum = minimumFor(point, bucket);
  if (minimum === undefined) return { ...told, expected, share };
  const { clause } = minimum;
  const sufficient =
    minimum.hours === undefined
      ? share >= minimum.share - 1e-9
      : hours(minimumFor(point, 3_600_000)?.share ?? 0) >= minimum.hours;
  return { ...told, expected, share, sufficient, clause };
}

function ofKind({ bucket, acc }: BucketFacts): Partial<Bucket> {
  const { kind, count, levels, durations, x, y, weight, sum } = acc;
  if (kind === 'leq' && levels !== undefined) {
    const [l10, l50, l90] = [0.1, 0.5, 0.9].map((share) => exceeded(levels, count, share));
    const noise = { l10: l10 ?? null, l50: l50 ?? null, l90: l90 ?? null };
    return { noise: bucket === DAY ? { ...noise, ...dayLevels(levels, sum, count) } : noise };
  }
  if (kind === 'vector') {
    const length = Math.hypot(x, y);
    return { vector: { length: length / count, steadiness: weight === 0 ? null : length / weight } };
  }
  if (kind === 'state' && durations !== undefined) return { durations_ms: Object.fromEntries(durations) };
  return {};
}
