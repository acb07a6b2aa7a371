/** The index of a place by the hour and by the day, from what the log has of its pollutants. */
import { AQI_POLLUTANTS, type AqiFigure, type AqiPollutant } from '../../core/figure.ts';
import type { Unit } from '../../core/unit.ts';
import type { AgentView } from '../../core/view.ts';
import { type Figures, greatestOfEight, HOUR, hourMeans, meanOf } from '../hours.ts';
import { type AqiReport, aqiReport, REPORT_ITEMS, type ReportKind } from './aqi.ts';
import { type Edition, editionOn, type Item, pollutantOf } from './tables.ts';

const unitOf = (pollutant: AqiPollutant): Unit => (pollutant === 'CO' ? 'mg/m3' : 'ug/m3');

/**
 * The figures of the hour that ends at `end`, or of the day from `start` to `end`; `day` is its local date. Rejects as
 * `history` does.
 */
export async function aqiFigures(
  figure: AqiFigure,
  report: ReportKind,
  span: { readonly start: number; readonly end: number; readonly day: string },
  history: AgentView['history'],
  signal: AbortSignal,
): Promise<Figures> {
  const edition = figure.edition === 'by-date' ? editionOn(span.day) : figure.edition;
  // Moving means of the edition of 2012 look back a day.
  const from = report === 'daily' ? span.start : span.end - (edition === 'HJ633-2012' ? 24 : 1) * HOUR;
  const hours = new Map<AqiPollutant, readonly (number | null)[]>();
  for (const pollutant of AQI_POLLUTANTS) {
    const input = figure.inputs[pollutant];
    if (input === undefined) continue;
    const gas = pollutant === 'PM10' || pollutant === 'PM25' ? undefined : pollutant;
    const wanted = { from, to: span.end, validMinutes: figure.validMinutes };
    hours.set(pollutant, await hourMeans(history, input, unitOf(pollutant), gas, wanted, signal));
  }
  const concentrations = concentrationsOf(edition, report, hours, figure);
  return figuresOf(aqiReport(edition, report, concentrations), report);
}

function concentrationsOf(
  edition: Edition,
  report: ReportKind,
  hours: ReadonlyMap<AqiPollutant, readonly (number | null)[]>,
  { validHours, validOfEight }: AqiFigure,
): Partial<Record<Item, number>> {
  const found: Partial<Record<Item, number>> = {};
  for (const item of REPORT_ITEMS[edition][report]) {
    const means = hours.get(pollutantOf(item));
    if (means === undefined) continue;
    const value = item.endsWith('_1h')
      ? (means.at(-1) ?? undefined)
      : item.endsWith('_24h')
        ? meanOf(means, validHours)
        : report === 'daily'
          ? greatestOfEight(means, validOfEight)
          : meanOf(means.slice(-8), validOfEight);
    // Below zero is what an instrument shows around zero.
    if (value !== undefined) found[item] = Math.max(0, value);
  }
  return found;
}

function figuresOf({ aqi, level, primary, missing, iaqi, facts }: AqiReport, report: ReportKind): Figures {
  const suffix = report === 'daily' ? '-day' : '';
  const single: Record<string, number | null> = {};
  for (const pollutant of AQI_POLLUTANTS) {
    const indices = Object.entries(iaqi).flatMap(([item, index]) =>
      pollutantOf(item as Item) === pollutant && index !== null ? [index] : [],
    );
    single[`iaqi-${pollutant.toLowerCase()}${suffix}`] = indices.length === 0 ? null : Math.max(...indices);
  }
  return {
    [`aqi${suffix}`]: aqi,
    [`level${suffix}`]: level,
    [`category${suffix}`]: facts?.zh ?? null,
    [`colour${suffix}`]: facts?.colour ?? null,
    [`primary${suffix}`]: aqi === null ? null : primary.join(','),
    [`missing${suffix}`]: missing.join(','),
    ...single,
  };
}
