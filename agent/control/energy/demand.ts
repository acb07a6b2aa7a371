/**
 * Maximum demand of a period: the highest mean power of a window, from registers (energy of the window by its length).
 * `sliding` windows move by a minute (需量周期 15 min, 滑差 1 min, as meters of DL/T 614 reckon it); `block` windows lie end
 * to end. Pure.
 */
import type { DemandFigure } from '../../core/energy/account.ts';
import { MICRO } from './register.ts';

export const SLIDE = 60_000;
const HOUR = 3_600_000;

export interface DemandWindows {
  readonly method: 'sliding' | 'block';
  /** ms */
  readonly window: number;
}

/** Millionths of a kWh counted by a moment; NaN where that is not known from readings around it. */
export type TotalAt = (time: number) => number;

/** `to`: end of the period, or now. Windows with an end that is not known are counted, and give no demand. */
export function maximumDemand(
  meter: string,
  totalAt: TotalAt,
  { method, window }: DemandWindows,
  from: number,
  to: number,
): DemandFigure {
  const step = method === 'block' ? window : SLIDE;
  const ends = Math.floor((to - from) / step);
  const back = window / step;
  const totals = new Float64Array(Math.max(0, ends + 1));
  for (let i = 0; i < totals.length; i++) totals[i] = totalAt(from + i * step);
  let most = -1;
  let at: number | null = null;
  let unknown = 0;
  for (let i = back; i < totals.length; i++) {
    const ran = (totals[i] ?? Number.NaN) - (totals[i - back] ?? Number.NaN);
    if (Number.isNaN(ran)) unknown++;
    else if (ran > most) {
      most = ran;
      at = from + i * step;
    }
  }
  return { meter, kw: at === null ? null : kwOf(most, window), at, method, window, unknown };
}

/** Mean power of a window, kW. */
export function kwOf(micro: number, window: number): number {
  return Math.round((micro / MICRO / (window / HOUR)) * 1000) / 1000;
}
