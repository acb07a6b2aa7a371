/**
 * Noise statistics: equivalent level, exceeded levels, day, night and day-night level. Levels in dB(A); exceeded levels
 * come from momentary levels only, never from means of minutes.
 */

/** Energy mean: 10 lg[(1/n) Σ 10^(Li/10)]; undefined of nothing. */
export function energyMean(levels: readonly number[]): number | undefined {
  if (levels.length === 0) return undefined;
  // Relative to the greatest, so that no power overflows.
  const top = levels.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY);
  const sum = levels.reduce((all, level) => all + 10 ** ((level - top) / 10), 0);
  return top + 10 * Math.log10(sum / levels.length);
}

/** How `L_N` is read: the level exceeded N % of the time. */
export const EXCEEDED_METHOD = 'descending sort, rank ceil(n%*N)';

/** The level exceeded `percent` % of the time, of levels sorted in descending order. */
export function exceeded(descending: readonly number[], percent: number): number | undefined {
  // In whole hundredths, so that 5 % of 200 is rank 10 and not 11.
  const rank = Math.ceil((percent * descending.length) / 100 - 1e-9);
  return descending[Math.max(1, rank) - 1];
}

export interface NoiseStatistics {
  readonly n: number;
  readonly leq: number;
  readonly l5: number;
  readonly l10: number;
  readonly l50: number;
  readonly l90: number;
  readonly l95: number;
  readonly max: number;
  readonly min: number;
  /** Standard deviation. */
  readonly sd: number;
}

/** Statistics of momentary levels; undefined of nothing. */
export function statistics(levels: readonly number[]): NoiseStatistics | undefined {
  const leq = energyMean(levels);
  if (leq === undefined) return undefined;
  const sorted = [...levels].sort((a, b) => b - a);
  const level = (percent: number) => exceeded(sorted, percent) ?? leq;
  const mean = levels.reduce((sum, one) => sum + one, 0) / levels.length;
  const variance = levels.reduce((sum, one) => sum + (one - mean) ** 2, 0) / levels.length;
  return {
    n: levels.length,
    leq,
    l5: level(5),
    l10: level(10),
    l50: level(50),
    l90: level(90),
    l95: level(95),
    max: sorted[0] ?? leq,
    min: sorted.at(-1) ?? leq,
    sd: Math.sqrt(variance),
  };
}

/**
 * Day-night level: night counts 10 dB more. Hours: of day and night, 16 and 8 unless the local government divides the
 * day otherwise.
 */
export function dayNightLevel(day: number, night: number, dayHours = 16, nightHours = 24 - dayHours): number {
  const sum = dayHours * 10 ** (day / 10) + nightHours * 10 ** ((night + 10) / 10);
  return 10 * Math.log10(sum / (dayHours + nightHours));
}
