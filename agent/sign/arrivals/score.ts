/**
 * How good predictions were, after the ETA Accuracy Benchmark (Transit, IBI Group, Swiftly and others, 2024): buckets by the
 * time that was really left, in each the share of predictions whose error lies in the band. An early bus costs the rider
 * more than a late one, so the bands are not even.
 */

export interface Bucket {
  /** Seconds to the real arrival: from (included) to (excluded). */
  readonly from: number;
  readonly to: number;
  /** Real minus predicted arrival, s, both ends included. */
  readonly band: readonly [early: number, late: number];
}

export const BUCKETS: readonly Bucket[] = [
  { from: 0, to: 180, band: [-30, 90] },
  { from: 180, to: 360, band: [-60, 150] },
  { from: 360, to: 600, band: [-60, 210] },
  { from: 600, to: 900, band: [-90, 270] },
];

export interface BucketScore {
  readonly count: number;
  /** % in the band. */
  readonly accurate: number;
  /** Mean of real minus predicted, s: above 0 the bus comes later than said. */
  readonly bias: number;
  /** Mean absolute error, s. */
  readonly mae: number;
}

/** Of each bucket, as it is kept over a restart. */
export type ScoreSums = readonly (readonly [
  count: number,
  accurate: number,
  error: number,
  absolute: number,
])[];

/** Collects predictions as their arrivals become known. */
export class Score {
  readonly #sums: { count: number; accurate: number; error: number; absolute: number }[];

  /** `kept`: of an earlier run. */
  constructor(kept: ScoreSums = []) {
    this.#sums = BUCKETS.map((_, i) => {
      const [count = 0, accurate = 0, error = 0, absolute = 0] = kept[i] ?? [];
      return { count, accurate, error, absolute };
    });
  }

  sums(): ScoreSums {
    return this.#sums.map(({ count, accurate, error, absolute }) => [count, accurate, error, absolute]);
  }

  /** A prediction made at `at` for `predicted`, when the bus came at `actual`; s of one clock. */
  add(at: number, predicted: number, actual: number): void {
    const left = actual - at;
    const index = BUCKETS.findIndex(({ from, to }) => left >= from && left < to);
    const sum = this.#sums[index];
    const bucket = BUCKETS[index];
    if (sum === undefined || bucket === undefined) return;
    const error = actual - predicted;
    sum.count += 1;
    sum.error += error;
    sum.absolute += Math.abs(error);
    if (error >= bucket.band[0] && error <= bucket.band[1]) sum.accurate += 1;
  }

  buckets(): readonly BucketScore[] {
    return this.#sums.map(({ count, accurate, error, absolute }) => ({
      count,
      accurate: count === 0 ? 0 : (100 * accurate) / count,
      bias: count === 0 ? 0 : error / count,
      mae: count === 0 ? 0 : absolute / count,
    }));
  }

  /** Plain mean of the buckets that have any, %. */
  overall(): number {
    const filled = this.buckets().filter(({ count }) => count > 0);
    return filled.length === 0 ? 0 : filled.reduce((sum, { accurate }) => sum + accurate, 0) / filled.length;
  }
}
