/**
 * Periods as numbers of a lane, so that the one pump can carry them. Minutes, hours and local days are numbered from the
 * year 2000; of the minutes only those are reports that end an interval, so that a centre may change the interval
 * without a number changing its meaning.
 */
import type { Lane } from '../../core/point.ts';
import type { Calendar } from './time.ts';

export const PERIOD_KINDS = ['minute', 'hour', 'day'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
const ERA = Date.UTC(2000, 0, 1);
const ERA_DAY = ERA / 86_400_000;

/** Lane whose place in the pump's order a kind takes: days first, for they are few. */
export const LANE_OF: Readonly<Record<PeriodKind, Lane>> = {
  day: 'event',
  hour: 'meter',
  minute: 'telemetry',
};
export const KIND_OF: Partial<Readonly<Record<Lane, PeriodKind>>> = {
  event: 'day',
  meter: 'hour',
  telemetry: 'minute',
};

/** Command code of a kind. */
export const CN_OF: Readonly<Record<PeriodKind, string>> = { minute: '2051', hour: '2061', day: '2031' };

export interface PeriodSpan {
  readonly kind: PeriodKind;
  /** Unix epoch ms. */
  readonly start: number;
  readonly end: number;
}

/** Number of the last period that ends at or before `time`. */
export function numberAt(kind: PeriodKind, time: number, local: Calendar): number {
  if (kind === 'minute') return Math.floor((time - ERA) / MINUTE);
  if (kind === 'hour') return Math.floor((time - ERA) / HOUR);
  return local.day(time) - ERA_DAY;
}

/** The period of a number; a minute is the interval (ms) that it ends, undefined where it ends none. */
export function spanOf(
  kind: PeriodKind,
  number: number,
  interval: number,
  local: Calendar,
): PeriodSpan | undefined {
  if (kind === 'hour') return { kind, start: ERA + (number - 1) * HOUR, end: ERA + number * HOUR };
  if (kind === 'day')
    return {
      kind,
      start: local.dayStart(ERA_DAY + number - 1),
      end: local.dayStart(ERA_DAY + number),
    };
  const end = ERA + number * MINUTE;
  return interval > 0 && end % interval === 0 ? { kind, start: end - interval, end } : undefined;
}

/** How many numbers in `from`…`to` are reports. */
export function reportsIn(kind: PeriodKind, from: number, to: number, interval: number): number {
  if (to < from) return 0;
  if (kind !== 'minute') return to - from + 1;
  if (interval === 0) return 0;
  const every = interval / MINUTE;
  const shift = ERA / MINUTE;
  return Math.floor((to + shift) / every) - Math.floor((from - 1 + shift) / every);
}
