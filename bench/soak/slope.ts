/** What a long run says about growth: minima of each minute, and the slope through them that outliers cannot turn. */

/** [time in minutes, value] */
export type Point = readonly [minutes: number, value: number];

/** The smallest value of each whole minute, at the time it was seen. */
export function minuteMinima(samples: readonly Point[]): readonly Point[] {
  const minima = new Map<number, Point>();
  for (const sample of samples) {
    const minute = Math.floor(sample[0]);
    const before = minima.get(minute);
    if (before === undefined || sample[1] < before[1]) minima.set(minute, sample);
  }
  return [...minima.values()].sort((a, b) => a[0] - b[0]);
}

/** Theil–Sen: the median of the slopes through all pairs, in units of value per hour. NaN below two points. */
export function theilSen(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [i, [x, y]] of points.entries()) {
    for (const [other, value] of points.slice(i + 1)) {
      if (other !== x) slopes.push((value - y) / (other - x));
    }
  }
  return median(slopes) * 60;
}

/** NaN of nothing; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
