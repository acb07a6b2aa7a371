/** Values of GTFS tables (GTFS reference, «Field types»). Undefined: it is none. */
import type { Boarding } from '../../core/sign/timetable.ts';
import type { ServiceDate } from '../../core/sign/transit.ts';

/** `25:10:00` as s after the start of the service day. */
export function timeOf(text: string): number | undefined {
  const match = /^(\d{1,3}):([0-5]\d):([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

/** `20270621`, a day that exists. */
export function dateOf(text: string): ServiceDate | undefined {
  if (!/^\d{8}$/.test(text)) return undefined;
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso ? undefined : text;
}

/** A whole number without sign. */
export function wholeOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : undefined;
}

/** Degrees; 0, 0 lies in the sea and is what an empty position becomes. */
export function positionOf(
  lat: string,
  lon: string,
): { readonly lat: number; readonly lon: number } | undefined {
  const [north, east] = [numberOf(lat), numberOf(lon)];
  if (north === undefined || east === undefined) return undefined;
  if (Math.abs(north) > 90 || Math.abs(east) > 180) return undefined;
  return Math.abs(north) < 0.001 && Math.abs(east) < 0.001 ? undefined : { lat: north, lon: east };
}

/** `#rrggbb`. */
export function colourOf(text: string): string | undefined {
  return /^[0-9a-f]{6}$/i.test(text) ? `#${text.toLowerCase()}` : undefined;
}

export function boardingOf(text: string): Boarding | undefined {
  return text === '' ? undefined : (['yes', 'no', 'phone', 'driver'] as const)[Number(text)];
}

/** 1 is yes, 2 is no, the rest is not told (`wheelchair_accessible`, `bikes_allowed`, `wheelchair_boarding`). */
export function triState(text: string): boolean | undefined {
  return text === '1' ? true : text === '2' ? false : undefined;
}

/** Text for riders: no control characters, one line, bounded. */
export function plain(text: string, longest = 200): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, longest);
}
