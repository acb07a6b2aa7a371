/** Days of the simulated year: Shandong, UTC+8 without changes of the clock. */
import { chance, keyOf } from '../world/random.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const QUARTER = HOUR / 4;
/** Quarter hours in a day. */
export const QUARTERS = 96;
/** Local midnight of 1 January 2027, Unix epoch ms. */
export const YEAR_START = Date.parse('2027-01-01T00:00:00+08:00');
export const DAYS = 365;

/** The building is closed on these days of 2027 besides weekends: [first, last]. */
export const HOLIDAYS: readonly (readonly [string, string])[] = [
  ['2027-01-01', '2027-01-03'],
  ['2027-02-05', '2027-02-11'],
  ['2027-04-03', '2027-04-05'],
  ['2027-05-01', '2027-05-05'],
  ['2027-06-09', '2027-06-09'],
  ['2027-09-15', '2027-09-15'],
  ['2027-10-01', '2027-10-07'],
];

export function dateOf(day: number): string {
  return DATES[day] ?? reckonDate(day);
}

function reckonDate(day: number): string {
  return new Date(YEAR_START + day * DAY + 8 * HOUR).toISOString().slice(0, 10);
}

/** Day of the year, 0…364, of a date of 2027. */
export function dayOf(date: string): number {
  return Math.round((Date.parse(`${date}T00:00:00+08:00`) - YEAR_START) / DAY);
}

const DATES: readonly string[] = Array.from({ length: DAYS }, (_, day) => reckonDate(day));

/** Whether the office works on a day of the year. */
export function isOpen(day: number): boolean {
  return OPEN[day] ?? works(day);
}

function works(day: number): boolean {
  const weekday = new Date(YEAR_START + day * DAY + 8 * HOUR).getUTCDay();
  if (weekday === 0 || weekday === 6) return false;
  const date = dateOf(day);
  return !HOLIDAYS.some(([from, to]) => date >= from && date <= to);
}

const OPEN: readonly boolean[] = DATES.map((_, day) => works(day));

/** People in the office, 0…1, at a quarter of a day: 07:00 to 19:00, a few at weekends, some overtime. */
export function occupancy(seed: number, day: number, quarter: number): number {
  const hour = quarter / 4;
  if (!isOpen(day)) {
    // One Saturday in ten somebody works; otherwise the guard makes his rounds.
    const busy = chance(seed, keyOf('saturday'), day) < 0.1 ? 0.15 : 0.02;
    return hour >= 9 && hour < 17 ? busy : 0;
  }
  const up = clamp((hour - 7) / 1.5);
  const down = clamp((19 - hour) / 1.5);
  const lunch = hour >= 12 && hour < 13 ? 0.7 : 1;
  const overtime = chance(seed, keyOf('overtime'), day) < 0.08 && hour >= 19 && hour < 21.5 ? 0.25 : 0;
  return Math.max(Math.min(up, down) * lunch, overtime);
}

/** Customers in the shop, 0…1: every day but two of the Spring Festival, 09:00 to 21:30. */
export function shopping(day: number, quarter: number): number {
  const hour = quarter / 4;
  const date = dateOf(day);
  if (date === '2027-02-05' || date === '2027-02-06') return 0;
  if (hour < 9 || hour >= 21.5) return 0;
  return hour < 9.5 || hour >= 21 ? 0.6 : 0.85 + 0.15 * Math.exp(-(((hour - 18) / 2) ** 2));
}

/** Somebody at home awake, 0…1. */
export function atHome(day: number, quarter: number): number {
  const hour = quarter / 4;
  const free = isOpen(day) ? 0 : 0.5;
  if (hour >= 6.25 && hour < 8) return 1;
  if (hour >= 18 && hour < 23) return 1;
  return hour >= 8 && hour < 18 ? free : 0;
}

/** The canteen cooks on working days, 0…1. */
export function cooking(day: number, quarter: number): number {
  if (!isOpen(day)) return 0;
  const hour = quarter / 4;
  if (hour >= 6 && hour < 8) return 0.35;
  return hour >= 10 && hour < 13 ? 1 : 0;
}

/** District heat flows from 15 November to 15 March. */
export function heating(day: number): boolean {
  const date = dateOf(day).slice(5);
  return date < '03-16' || date >= '11-15';
}

/** The chiller may run from 10 May to 30 September. */
export function cooling(day: number): boolean {
  const date = dateOf(day).slice(5);
  return date >= '05-10' && date < '10-01';
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}
