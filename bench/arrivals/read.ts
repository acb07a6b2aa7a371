/** CapMetrics files: bus positions, timetable, stops. Times become seconds after local midnight of the service day. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { TimedStop } from '../../agent/sign/arrivals/pattern.ts';

export interface Ping {
  readonly vehicle: string;
  readonly trip: string;
  readonly time: number;
  readonly lat: number;
  readonly lon: number;
}

function rows(file: string): string[][] {
  const raw = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  // No quotes in these files' columns that are used; the name of a stop may hold a comma, so it is cut from both ends.
  return text
    .split(/\r?\n/)
    .slice(1)
    .filter(Boolean)
    .map((line) => line.split(','));
}

/** Positions in the order of their times. `day`: `2016-12-16`. */
export function readPings(file: string, day: string): Ping[] {
  return rows(file)
    .map(([vehicle = '', stamp = '', , , trip = '', lat, lon]) => {
      const midnight = Date.parse(`${day}T00:00:00${stamp.slice(19)}`);
      return {
        vehicle,
        trip,
        time: (Date.parse(stamp) - midnight) / 1000,
        lat: Number(lat),
        lon: Number(lon),
      };
    })
    .filter(({ time, trip }) => Number.isFinite(time) && trip !== '')
    .sort((a, b) => a.time - b.time);
}

/** Stops of each trip that runs on the weekday (0 is Sunday). */
export function readTrips(schedule: string, stops: string, weekday: number): Map<string, TimedStop[]> {
  const places = new Map(
    rows(stops).map((row) => [row[0] ?? '', { lat: Number(row.at(-2)), lon: Number(row.at(-1)) }]),
  );
  const trips = new Map<string, TimedStop[]>();
  for (const [trip = '', at = '', id = '', ...days] of rows(schedule)) {
    const place = places.get(id);
    if (place === undefined || days[weekday] !== '1') continue;
    const [h = 0, m = 0, s = 0] = at.split(':').map(Number);
    const list = trips.get(trip) ?? [];
    list.push({ id, time: h * 3600 + m * 60 + s, ...place });
    trips.set(trip, list);
  }
  return trips;
}
