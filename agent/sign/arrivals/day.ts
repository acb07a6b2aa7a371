/** The figures of a day as readings. */
import { DAY_POINTS, HORIZONS } from '../../core/sign/points.ts';
import { percent, type Tallies } from './tallies.ts';

/** Values by point; null where there is nothing to judge by. */
export function dayFigures(tallies: Tallies): Readonly<Record<string, number | null>> {
  const shown = tallies.of('shown');
  const buckets = shown.buckets();
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const timetable = tallies.of('timetable');
  const timed = timetable.buckets().some(({ count }) => count > 0);
  const { arrivals, forecast, updates, ups, zeros, ghosts, frozen } = tallies.figures();
  const values: Record<string, number | null> = {
    accuracy: total === 0 ? null : shown.overall(),
    'accuracy-timetable': timed ? timetable.overall() : null,
    bias: total === 0 ? null : buckets.reduce((sum, { bias, count }) => sum + bias * count, 0) / total,
    coverage: percent(forecast, arrivals),
    jitter: percent(ups, updates),
    ghosts: percent(ghosts, zeros),
    frozen,
    arrivals,
  };
  for (const [i, horizon] of HORIZONS.entries()) {
    const bucket = buckets[i];
    values[`accuracy-${horizon}`] = bucket === undefined || bucket.count === 0 ? null : bucket.accurate;
  }
  return Object.fromEntries(
    DAY_POINTS.map(({ id, decimals = 0 }) => {
      const value = values[id] ?? null;
      return [id, value === null ? null : Math.round(value * 10 ** decimals) / 10 ** decimals];
    }),
  );
}
