/**
 * Figures of stretches of time: what rollups keep, for uplinks that report by period. Read side, usable on any thread;
 * sees only what is durable.
 */
import type { Aggregation } from '../point.ts';
import type { Unit } from '../unit.ts';

/** Lengths of the buckets that rollups have, as configurations write them; a day is one of the site's zone. */
export const BUCKETS = ['1min', '15min', '1h', '1d'] as const;
export type Bucket = (typeof BUCKETS)[number];
/** ms; of a day, which has an hour more or less twice a year, as configurations say it. */
export const BUCKET_MS: Readonly<Record<Bucket, number>> = {
  '1min': 60_000,
  '15min': 900_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
};

/** The bucket of `ms`; undefined where rollups have none of that length. */
export function bucketOf(ms: number | undefined): Bucket | undefined {
  return BUCKETS.find((bucket) => BUCKET_MS[bucket] === ms);
}

/** Lanes of uplinks that send buckets. */
export type RollupLane = `rollup-${Bucket}`;

export interface PointName {
  readonly device: string;
  readonly point: string;
}

/** What a point did in a period. */
export interface PeriodValue {
  readonly kind: Aggregation;
  readonly unit: Unit;
  /** By its aggregation kind: mean, sum, difference of a counter, Leq, direction …; null where there is none. */
  readonly value: number | null;
  /** Null where `count` is 0. */
  readonly min: number | null;
  readonly max: number | null;
  readonly first: number | null;
  readonly last: number | null;
  /** Values with quality good or uncertain. */
  readonly count: number;
  /** Readings without a value. */
  readonly bad: number;
  /** Values there should have been in the whole period; 0 where the plan of the point is not known. */
  readonly expected: number;
  /** Of each hour that begins in the period (the first may be a part): minutes with enough values. */
  readonly validMinutes: readonly number[];
  /** How often a closed bucket of it was changed by late readings or a better clock. */
  readonly revision: number;
  /** Where the kind is `state`: the last one, and ms in each between the readings of the period. */
  readonly states?: { readonly last: string; readonly ms: Readonly<Record<string, number>> };
}

export type PeriodLevel = 'minute' | 'quarter' | 'hour' | 'day';

export interface Periods extends Disposable {
  /** What ends by then is closed, Unix epoch ms; undefined: nothing yet. */
  closedTo(): number | undefined;
  /** Start of the oldest minute, hour … that is kept; Unix epoch ms. */
  oldest(level: PeriodLevel): number | undefined;
  /** Every point that was ever logged, each once. */
  points(): readonly PointName[];
  /**
   * The figures of `points` in the closed bucket from `start` to `end`, in their order; undefined for a point of which
   * there is nothing.
   */
  bucket(
    points: readonly PointName[],
    level: PeriodLevel,
    start: number,
    end: number,
  ): readonly (PeriodValue | undefined)[];
  /**
   * The figures of `points` in `from` ≤ t < `to` (whole minutes), in their order; undefined for a point of which there
   * is nothing. Where minutes are no longer kept, whole hours are read from their own rows. `share`: of the values a
   * minute should have, to be valid.
   */
  read(
    points: readonly PointName[],
    from: number,
    to: number,
    share: number,
  ): readonly (PeriodValue | undefined)[];
}
