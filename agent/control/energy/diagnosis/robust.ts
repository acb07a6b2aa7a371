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

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

/** Standard deviation by mean. */
export function variation(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const off = (values[i] ?? Number.NaN) - centre;
    if (!Number.isFinite(off)) continue;
    sum += off * off;
    count += 1;
  }
  return Math.sqrt(sum / count) / Math.abs(centre);
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

/** Pearson's correlation of the ranks (Spearman), −1…1; 0 where one of them does not vary. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [ranks(x), ranks(y)];
  const centre = (x.length - 1) / 2;
  let together = 0;
  let [alone, other] = [0, 0];
  for (const [i, rank] of a.entries()) {
    const [da, db] = [rank - centre, (b[i] ?? 0) - centre];
    together += da * db;
    alone += da * da;
    other += db * db;
  }
  return alone === 0 || other === 0 ? 0 : together / Math.sqrt(alone * other);
}

/** Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const result = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let k = from; k < to; k++) result[order[k] ?? 0] = (from + to - 1) / 2;
    from = to;
  }
  return result;
}
