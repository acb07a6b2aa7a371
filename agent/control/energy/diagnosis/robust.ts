/** Figures that a few wrong numbers do not move. All of them leave out what is not finite; NaN where nothing is left. */

export function median(values: Iterable<number>): number {
  const sorted = [...values].filter(Number.isFinite).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[half] ?? Number.NaN)
    : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** Standard deviation as a normal distribution of this median absolute deviation would have it (factor 1.4826). */
export function spread(values: readonly number[], centre = median(values)): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)));
}

/** `part` 0…1; the value that so much lies below. */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = [...values].filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export function mean(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

/** Standard deviation by mean. */
export function variation(values: readonly number[]): number {
  const known = values.filter(Number.isFinite);
  const centre = mean(known);
  return Math.sqrt(mean(known.map((value) => (value - centre) ** 2))) / Math.abs(centre);
}

/** Slope of y over x by the median of all pairs' slopes (Theil, Sen); 0 where x does not vary. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes: number[] = [];
  for (const [i, [x1, y1]] of points.entries()) {
    for (const [x2, y2] of points.slice(i + 1)) {
      if (Math.abs(x2 - x1) > 1e-9) slopes.push((y2 - y1) / (x2 - x1));
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}
