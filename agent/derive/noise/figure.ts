/** Noise statistics of a place: of each period and hour from the levels as they come, of day and night from its hours. */
import type { NoiseFigure } from '../../core/figure.ts';
import type { AgentView } from '../../core/view.ts';
import { type Figures, HOUR, MINUTE } from '../hours.ts';
import type { NoiseSampler } from './sampler.ts';
import { dayNightLevel, energyMean, statistics } from './statistics.ts';

/** Figures, and whether there was enough behind them. */
export interface Judged {
  readonly figures: Figures;
  /** False: to be used with care, for too few levels were valid. */
  readonly enough: boolean;
}

/** Levels a minute should have, by the period of the point. */
function due({ level }: NoiseFigure): number {
  return level.every > 0 ? Math.max(1, MINUTE / level.every) : 1;
}

/** Statistics of the period from `start` to `end` (whole minutes); undefined where nothing came. */
export function periodFigures(
  figure: NoiseFigure,
  sampler: NoiseSampler,
  start: number,
  end: number,
): Judged | undefined {
  const { all, valid, minutes } = sampler.between(start, end, due(figure));
  const every = energyMean(all);
  if (every === undefined) return undefined;
  const found = statistics(valid);
  // HJ 906-2017 formula 1: of the levels that should be there, not of those that came.
  const share = Math.min(1, valid.length / (due(figure) * minutes));
  return {
    enough: share >= figure.validShare,
    figures: {
      leq: found?.leq ?? null,
      'leq-all': every,
      l5: found?.l5 ?? null,
      l10: found?.l10 ?? null,
      l50: found?.l50 ?? null,
      l90: found?.l90 ?? null,
      l95: found?.l95 ?? null,
      lmx: found?.max ?? null,
      lmn: found?.min ?? null,
      vdr: share * 100,
    },
  };
}

/** Of the hour that ends at `end`; undefined where nothing came. */
export function hourFigures(figure: NoiseFigure, sampler: NoiseSampler, end: number): Judged | undefined {
  const { all, valid, validMinutes } = sampler.between(end - HOUR, end, due(figure));
  if (all.length === 0) return undefined;
  return {
    enough: validMinutes >= figure.validMinutes,
    figures: { 'leq-hour': energyMean(valid) ?? null, 'valid-minutes': validMinutes },
  };
}

/**
 * Day or night level from the hours of the log, and with the day the day-night level with the night before it. `span`
 * are whole hours. Undefined where no hour is valid. Rejects as `history` does.
 */
export async function longFigures(
  figure: NoiseFigure,
  what: 'ld' | 'ln',
  span: { readonly start: number; readonly end: number },
  nightBefore: { readonly start: number; readonly end: number },
  history: AgentView['history'],
  signal: AbortSignal,
): Promise<Judged | undefined> {
  const level = await levelOf(figure, span, history, signal);
  if (level === undefined) return undefined;
  if (what === 'ln') return { enough: level.enough, figures: { ln: level.value } };
  const night = await levelOf(figure, nightBefore, history, signal);
  const dayHours = figure.day[1] - figure.day[0];
  const ldn = night === undefined ? null : dayNightLevel(level.value, night.value, dayHours);
  return {
    enough: level.enough && (night === undefined || night.enough),
    figures: { ld: level.value, ldn },
  };
}

async function levelOf(
  { id, validMinutes, validShare }: NoiseFigure,
  { start, end }: { readonly start: number; readonly end: number },
  history: AgentView['history'],
  signal: AbortSignal,
): Promise<{ readonly value: number; readonly enough: boolean } | undefined> {
  const levels = await history(id, 'leq-hour', start, end, HOUR, signal);
  const minutes = await history(id, 'valid-minutes', start, end, HOUR, signal);
  const valid = new Set(minutes.filter(({ last }) => (last ?? 0) >= validMinutes).map(({ time }) => time));
  const taken = levels.flatMap(({ time, last }) => (last !== null && valid.has(time) ? [last] : []));
  const value = energyMean(taken);
  return value === undefined
    ? undefined
    : { value, enough: taken.length >= validShare * Math.round((end - start) / HOUR) };
}
