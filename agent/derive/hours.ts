/** Hour means from minutes of history, with the validity of GB 3095-2026 Table 4. */
import type { Input } from '../core/figure.ts';
import { convertGas, type Gas } from '../core/gas.ts';
import type { Unit } from '../core/unit.ts';
import type { AgentView } from '../core/view.ts';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** Values of points by id; null where there is none. */
export type Figures = Readonly<Record<string, number | string | null>>;

/**
 * Mean of each hour in `from` ≤ t < `to` (whole hours) in `unit`; null where too few minutes are valid. Rejects as
 * `history` does, or where the unit does not convert.
 */
export async function hourMeans(
  history: AgentView['history'],
  input: Input,
  unit: Unit,
  gas: Gas | undefined,
  span: { readonly from: number; readonly to: number; readonly validMinutes: number },
  signal: AbortSignal,
): Promise<readonly (number | null)[]> {
  const { from, to, validMinutes } = span;
  const buckets = await history(input.device, input.point, from, to, MINUTE, signal);
  const hours = Array.from({ length: Math.round((to - from) / HOUR) }, () => ({
    sum: 0,
    count: 0,
    minutes: 0,
  }));
  // A point that is asked less often than once a minute has its minutes when it has its values.
  const weight = Math.max(1, input.every / MINUTE);
  for (const { time, count, mean } of buckets) {
    const hour = hours[Math.floor((time - from) / HOUR)];
    if (hour === undefined || mean === null || count === 0) continue;
    hour.sum += mean * count;
    hour.count += count;
    hour.minutes += weight;
  }
  return hours.map(({ sum, count, minutes }) =>
    count === 0 || minutes < validMinutes ? null : convertGas(sum / count, input.unit, unit, gas),
  );
}

/** Mean of what is there, where there is enough of it. */
export function meanOf(values: readonly (number | null)[], least: number): number | undefined {
  const there = values.filter((value) => value !== null);
  return there.length < Math.max(1, least)
    ? undefined
    : there.reduce((sum, one) => sum + one, 0) / there.length;
}

/** Greatest mean of eight hours in a row, of which `least` are valid; undefined where no eight hours have so many. */
export function greatestOfEight(values: readonly (number | null)[], least: number): number | undefined {
  let best: number | undefined;
  for (let end = 8; end <= values.length; end++) {
    const mean = meanOf(values.slice(end - 8, end), least);
    if (mean !== undefined) best = best === undefined ? mean : Math.max(best, mean);
  }
  return best;
}
