/**
 * Days of service. Times of a timetable count from noon minus 12 h of their day (GTFS reference, «Time»): on the two days
 * when clocks change that is an hour beside midnight, and the buses still run as printed. They go on past 24:00.
 */
import type { ServiceCalendar } from '../../core/sign/timetable.ts';
import type { ServiceDate } from '../../core/sign/transit.ts';
import { zoneOffset } from '../../core/time/zone.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export class ServiceDays {
  readonly #offset: (time: number) => number;
  readonly #starts = new Map<ServiceDate, number>();

  /** Throws `RangeError` for a zone that is not in the IANA table. */
  constructor(timezone: string) {
    this.#offset = zoneOffset(timezone);
  }

  /** Instant from which the times of `date` count (Unix epoch ms): its local noon minus 12 h. */
  start(date: ServiceDate): number {
    const known = this.#starts.get(date);
    if (known !== undefined) return known;
    const noon = utcOf(date) + 12 * HOUR;
    // The offset at noon, asked for near noon: twice, for the first guess may lie across a change.
    const guess = noon - this.#offset(noon);
    const start = noon - this.#offset(guess) - 12 * HOUR;
    if (this.#starts.size > 64) this.#starts.clear();
    this.#starts.set(date, start);
    return start;
  }

  /** Instant of `seconds` of the service day `date`. */
  at(date: ServiceDate, seconds: number): number {
    return this.start(date) + seconds * 1000;
  }

  /** Local date at an instant. */
  dateOf(time: number): ServiceDate {
    return textOf(Math.floor(time / 1000) * 1000 + this.#offset(time));
  }
}

/** The day `days` after `date`. */
export function addDays(date: ServiceDate, days: number): ServiceDate {
  return textOf(utcOf(date) + days * DAY);
}

/** Whether trips of `service` run on `date`. An exception counts before the week. */
export function runs(service: ServiceCalendar, date: ServiceDate): boolean {
  if (service.removed.includes(date)) return false;
  if (service.added.includes(date)) return true;
  const { weekdays, from, to } = service;
  if (weekdays === undefined || from === undefined || to === undefined || date < from || date > to)
    return false;
  // Monday first.
  return weekdays[(new Date(utcOf(date)).getUTCDay() + 6) % 7] === true;
}

function utcOf(date: ServiceDate): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
}

function textOf(utc: number): ServiceDate {
  return new Date(utc).toISOString().slice(0, 10).replaceAll('-', '');
}
