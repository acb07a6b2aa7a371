/** Registers of a settlement period as a statement shows them: what was read nearest to its two ends, and what lies between. Pure. */

import type { StatementRegister } from '../../core/energy/account.ts';
import type { RegisterMeter, RegisterSeries } from '../../core/energy/energy.ts';

/** A reading further away than this is none of the end, ms. */
const REACH = 3_600_000;

export function statementOf(
  { id, title, device, point, ratios }: RegisterMeter,
  series: RegisterSeries | undefined,
  from: number,
  to: number,
): StatementRegister {
  const [opening, closing] = [from, to].map((time) => nearest(series, time));
  const between = series?.breaks.filter(({ time }) => time > from && time <= to) ?? [];
  return {
    meter: id,
    title,
    device,
    point,
    unit: series?.unit ?? '1',
    opening: opening ?? null,
    closing: closing ?? null,
    breaks: between.map(({ time, kind, closing: end, opening: begin }) => ({
      time,
      kind,
      closing: end,
      opening: begin,
    })),
    ratios: ratios
      .filter(({ from: since }, i) => since < to && (ratios[i + 1]?.from ?? Number.POSITIVE_INFINITY) > from)
      .map(({ from: since, ct, pt }) => ({ from: since, ratio: ct * pt })),
  };
}

function nearest(
  series: RegisterSeries | undefined,
  time: number,
): { readonly value: number; readonly time: number } | undefined {
  if (series === undefined) return undefined;
  let best = -1;
  series.times.forEach((at, i) => {
    if (best < 0 || Math.abs(at - time) < Math.abs((series.times[best] ?? 0) - time)) best = i;
  });
  const at = series.times[best];
  if (at === undefined || Math.abs(at - time) > REACH) return undefined;
  return { value: series.values[best] ?? 0, time: Math.round(at) };
}
