/** What a centre gets of a period or of this moment, as items of the data field. */
import { AgentError } from '../../core/errors.ts';
import { convertGas, gasOfFactor } from '../../core/gas.ts';
import type { LoggedReading } from '../../core/record.ts';
import { roundHalfEven } from '../../core/round.ts';
import type { Hj212Point, Hj212UplinkConfig } from '../../core/site.ts';
import type { Periods, PeriodValue } from '../../core/time/period.ts';
import type { Unit } from '../../core/unit.ts';
import type { Item, Pair } from './cp.ts';
import { factorFacts } from './factors.ts';
import { commonest, type Mark, type MarkScan, markOf, type Tally } from './marks.ts';
import { HOUR, MINUTE, type PeriodSpan } from './period.ts';

/** Noise has a value of its own for each statistic, and no extremes (2017 Tables C.25 to C.28). */
const NOISE: Readonly<Record<string, string>> = {
  L5: 'L5-Data',
  L10: 'L10-Data',
  L50: 'L50-Data',
  L90: 'L90-Data',
  L95: 'L95-Data',
  Leq: 'Leq-Data',
  LMx: 'LMx-Data',
  LMn: 'LMn-Data',
  Ldn: 'Ldn-Data',
  Ld: 'Ld-DayData',
  Ln: 'Ln-NightData',
};

export interface ReportParts {
  readonly config: Hj212UplinkConfig;
  readonly periods: Periods;
  /** Absent: marks are told by counts alone. */
  readonly scan?: MarkScan;
  /** Told of a point that cannot be converted. */
  unfit?(point: Hj212Point, why: string): void;
}

/** Items of a period; none where nothing of it was measured. */
export function periodItems(span: PeriodSpan, parts: ReportParts): Item[] {
  const { config, periods, scan } = parts;
  const { points, stopped } = config;
  const asked = stopped === undefined ? points : [...points, stopped];
  const values = periods.read(asked, span.start, span.end, config.validShare);
  if (values.every((value) => value === undefined)) return [];
  const stands = stopped !== undefined && (values[points.length]?.value ?? 0) >= 0.5;
  const marks = marksIn(scan, points, span);
  return points.flatMap((point, i) => {
    const value = values[i];
    const mark = periodMark(value, marks[i] ?? {}, span, config, stands);
    const pairs = value === undefined ? [] : pairsOf(point, value, parts);
    const flagged = config.flags && (mark !== 'N' || !isNoise(point.factor));
    const item: Pair[] = flagged || pairs.length === 0 ? [...pairs, [`${point.factor}-Flag`, mark]] : pairs;
    // Noise statistics are items each, not values of one.
    return isNoise(point.factor) ? item.map((pair) => [pair]) : [item];
  });
}

function marksIn(
  scan: MarkScan | undefined,
  points: readonly Hj212Point[],
  span: PeriodSpan,
): readonly Tally[] {
  if (scan === undefined) return [];
  try {
    return scan.tallies(points, span.start, span.end);
  } catch (thrown) {
    // A damaged batch costs the reason of a gap, not the report.
    if (thrown instanceof AgentError && thrown.code === 'store-damaged') return [];
    throw thrown;
  }
}

/** GB 3095-2026 Table 4, as settings: an hour needs minutes, a day needs hours, anything else its share of values. */
export function periodMark(
  value: PeriodValue | undefined,
  tally: Tally,
  span: PeriodSpan,
  config: Pick<Hj212UplinkConfig, 'validShare' | 'validMinutes' | 'validHours'>,
  stands: boolean,
): Mark {
  if (stands) return 'F';
  if (value === undefined) return 'B';
  const common = commonest(tally);
  const odd = common === undefined ? 0 : (tally[common] ?? 0);
  const all = Object.values(tally).reduce((sum, some) => sum + (some ?? 0), 0);
  // Values that were marked (by hand, in maintenance) count as present, and their mark is what is to be told.
  if (common !== undefined && odd * 2 > all) return common;
  if (isValid(value, span, config)) return 'N';
  if (common !== undefined) return common;
  return value.bad > 0 ? 'D' : 'B';
}

export function isValid(
  { validMinutes, count, bad, expected }: PeriodValue,
  { kind, start, end }: PeriodSpan,
  {
    validShare,
    validMinutes: minutes,
    validHours: hours,
  }: Pick<Hj212UplinkConfig, 'validShare' | 'validMinutes' | 'validHours'>,
): boolean {
  const enough = (found: number) => found >= minutes;
  // A point that is asked less often than once a minute is judged by its values.
  const seldom = expected > 0 && expected < (end - start) / MINUTE;
  const share = count / (expected || count + bad || 1) >= validShare;
  if (kind === 'minute' || seldom) return share;
  if (kind === 'hour') return enough(validMinutes[0] ?? 0);
  const due = Math.min(hours, Math.floor((end - start) / HOUR));
  return validMinutes.filter(enough).length >= due;
}

function pairsOf(point: Hj212Point, value: PeriodValue, parts: ReportParts): Pair[] {
  const { factor } = point;
  const text = (number: number | null) => textOf(point, number, value.unit, parts);
  const pair = (name: string, number: number | null): Pair[] => {
    const shown = text(number);
    return shown === undefined ? [] : [[name, shown]];
  };
  if (factor === 'LA')
    return [...pair('Leq-Data', value.value), ...pair('LMx-Data', value.max), ...pair('LMn-Data', value.min)];
  const statistic = NOISE[factor];
  if (statistic !== undefined) return pair(statistic, value.last);
  if (value.kind === 'counter' || value.kind === 'sum') return pair(`${factor}-Cou`, value.value);
  if (value.value === null) return [];
  return [
    ...pair(`${factor}-Min`, value.min),
    ...pair(`${factor}-Avg`, value.value),
    ...pair(`${factor}-Max`, value.max),
  ];
}

/** Items of real-time data from the newest reading of each point. */
export function realTimeItems(
  newest: ReadonlyMap<string, LoggedReading>,
  parts: Pick<ReportParts, 'config' | 'unfit'>,
): Item[] {
  return parts.config.points.flatMap((point): Item[] => {
    const { device, point: id, factor } = point;
    const reading = newest.get(`${device}/${id}`);
    // Statistics are of a period, never of a moment.
    if (reading === undefined || NOISE[factor] !== undefined) return [];
    const mark = reading.quality === 'bad' && reading.reason === undefined ? 'D' : markOf(reading.reason);
    const number = typeof reading.value === 'boolean' ? Number(reading.value) : reading.value;
    const text = typeof number === 'number' ? textOf(point, number, reading.unit, parts) : undefined;
    const value: Pair[] = text === undefined ? [] : [[`${factor}-Rtd`, text]];
    const flagged = mark !== 'N' || factor !== 'LA';
    return [flagged || value.length === 0 ? [...value, [`${factor}-Flag`, mark]] : value];
  });
}

export function isNoise(factor: string): boolean {
  return factor === 'LA' || NOISE[factor] !== undefined;
}

/** In the unit and decimals of the wire; undefined where there is no value or it cannot be converted. */
function textOf(
  point: Hj212Point,
  number: number | null,
  from: Unit,
  { unfit }: Pick<ReportParts, 'unfit'>,
): string | undefined {
  if (number === null || !Number.isFinite(number)) return undefined;
  const facts = factorFacts(point.factor);
  const to = point.unit ?? facts?.unit ?? from;
  try {
    return roundHalfEven(
      convertGas(number, from, to, gasOfFactor(point.factor)),
      point.decimals ?? facts?.decimals ?? 3,
    );
  } catch (thrown) {
    unfit?.(point, thrown instanceof Error ? thrown.message : String(thrown));
    return undefined;
  }
}
