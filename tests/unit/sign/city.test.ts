/** The engine at the busiest stop of the made-up city, against the ledger of what its buses really did. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StopExtract } from '../../../agent/core/sign/timetable.ts';
import type { VehicleReport } from '../../../agent/core/sign/transit.ts';
import { ArrivalEngine } from '../../../agent/sign/arrivals/engine.ts';
import { importFeed } from '../../../agent/sign/timetable/import.ts';
import { Timetable } from '../../../agent/sign/timetable/timetable.ts';
import { Centre } from '../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../hw-sim/city/transit/fleet.ts';
import { gtfsTables, zipTables } from '../../../hw-sim/city/transit/gtfs.ts';
import { transitCity } from '../../../hw-sim/city/transit/network.ts';

const city = transitCity(7, '20270601', '20270731');
const stops = [...city.centre.platforms];
const centre = new Centre(new Fleet(city));
const SEVEN = Date.parse('2027-06-20T23:00:00Z');
const STEP = 20_000;
const HOUR = 3_600_000;

let folder = '';
let extract: StopExtract;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kerbside-city-'));
  const zip = join(folder, 'gtfs.zip');
  writeFileSync(zip, zipTables(gtfsTables(city)));
  ({ extract } = await importFeed({ zip, stops, now: SEVEN }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How much the feed says: the trip, or as most bus GPS the line and direction alone. */
const TOLD = {
  trip: ({ run }: ReturnType<Centre['positions']>[number]) => ({
    trip: run.trip.id,
    date: run.date,
    start: run.start,
  }),
  line: ({ run }: ReturnType<Centre['positions']>[number]) => ({
    line: run.trip.pattern.line,
    direction: run.trip.pattern.direction,
  }),
} as const;

test.each(['trip', 'line'] as const)(
  'told by %s: no ghosts, most buses forecast, and as accurate as promised',
  (told) => {
    const engine = new ArrivalEngine({ timetable: new Timetable(extract), horizon: 3600 });
    const passages = stops.flatMap((stop) => centre.fleet.passages(stop, SEVEN - HOUR, SEVEN + 2 * HOUR));
    const seen: { readonly vehicle: string; readonly at: number }[] = [];
    const nows = new Map<string, { readonly vehicle: string | undefined; readonly at: number }>();
    for (let now = SEVEN; now < SEVEN + HOUR; now += STEP) {
      const reports = centre.positions(now).map(
        (bus): VehicleReport => ({
          source: 'gps',
          received: 0,
          vehicle: bus.vehicle,
          position: { lat: bus.lat, lon: bus.lon },
          time: bus.time,
          ...(bus.phase === 'deadhead' ? { phase: 'deadhead' as const } : { trip: TOLD[told](bus) }),
        }),
      );
      engine.vehicles(reports, now);
      for (const { key, minutes, vehicle, state } of engine.board(now, true).rows) {
        if (vehicle !== undefined && (state === 'live' || state === 'about')) seen.push({ vehicle, at: now });
        if (minutes === 0 && !nows.has(key)) nows.set(key, { vehicle, at: now });
      }
    }
    expect(nows.size).toBeGreaterThan(15);
    const ghosts = [...nows.values()].filter(
      ({ vehicle, at }) =>
        !passages.some(
          ({ run, arrival }) => run.vehicle === vehicle && arrival > at - 120_000 && arrival < at + 180_000,
        ),
    );
    expect(ghosts).toEqual([]);
    const { tallies } = engine.ledger;
    const came = passages.filter(({ arrival }) => arrival > SEVEN + HOUR / 3 && arrival < SEVEN + HOUR);
    const forecast = came.filter(({ run, arrival }) =>
      seen.some(
        ({ vehicle, at }) => vehicle === run.vehicle && at <= arrival - 300_000 && at > arrival - HOUR / 2,
      ),
    );
    expect(forecast.length / came.length).toBeGreaterThan(0.8);
    expect(tallies.of('promised').overall()).toBeGreaterThan(80);
  },
);
