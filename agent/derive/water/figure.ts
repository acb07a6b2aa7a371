/** The class of a water by the means of the hour. */
import { WATER_ITEMS, type WaterFigure, type WaterItem } from '../../core/figure.ts';
import type { AgentView } from '../../core/view.ts';
import { type Figures, HOUR, hourMeans } from '../hours.ts';
import { waterClass } from './class.ts';

/** The figures of the hour that ends at `end`. Rejects as `history` does. */
export async function waterFigures(
  { inputs, body, validMinutes }: WaterFigure,
  end: number,
  history: AgentView['history'],
  signal: AbortSignal,
): Promise<Figures> {
  const values: Partial<Record<WaterItem, number>> = {};
  for (const item of WATER_ITEMS) {
    const input = inputs[item];
    if (input === undefined) continue;
    const unit = item === 'ph' ? '[pH]' : 'mg/L';
    const span = { from: end - HOUR, to: end, validMinutes };
    const [mean] = await hourMeans(history, input, unit, undefined, span, signal);
    if (mean !== null && mean !== undefined) values[item] = mean;
  }
  const found = waterClass(values, body);
  return {
    class: found?.class ?? null,
    decisive: found === undefined ? null : found.decisive.join(','),
    ...Object.fromEntries(WATER_ITEMS.map((item) => [`class-${item}`, found?.items[item] ?? null])),
  };
}
