/** The made-up city: its buses go where and when they say, and the street's site file puts a sign among them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { siteDeps } from '../../../agent/cli/site.ts';
import { loadSite } from '../../../agent/config/load.ts';
import { readExtract } from '../../../agent/sign/timetable/extract-file.ts';
import { Centre } from '../../../hw-sim/city/transit/centre.ts';
import { dateOf, Fleet } from '../../../hw-sim/city/transit/fleet.ts';
import { transitCity } from '../../../hw-sim/city/transit/network.ts';
import { siteFile } from '../../../hw-sim/site-file.ts';
import { startStreet } from '../../../hw-sim/street-parts.ts';
import { startTransit } from '../../../hw-sim/street-transit.ts';

const folder = mkdtempSync(join(tmpdir(), 'kerbside-transit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const city = transitCity(7, '20270601', '20271231');
const fleet = new Fleet(city);
/** 2027-06-21 is a Monday; Shanghai is 8 h ahead. */
const at = (hour: number, minute = 0) => Date.UTC(2027, 5, 21, hour - 8, minute);

function metres(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  return Math.hypot((a.lat - b.lat) * 111_320, (a.lon - b.lon) * 89_000);
}

test('a bus is at one place, at its stops when it says, and never flies', () => {
  const before = new Map<string, { lat: number; lon: number }>();
  for (let time = at(7); time < at(9); time += 10_000) {
    const buses = fleet.buses(time);
    expect(new Set(buses.map(({ vehicle }) => vehicle)).size).toBe(buses.length);
    for (const bus of buses) {
      const last = before.get(bus.vehicle);
      if (last !== undefined && bus.phase === 'in-progress') expect(metres(last, bus)).toBeLessThan(600);
      before.set(bus.vehicle, bus);
      const stop = bus.run.trip.pattern.stops[bus.next];
      if (bus.stopped && bus.phase === 'in-progress' && stop !== undefined)
        expect(metres(stop, bus)).toBeLessThan(1);
    }
  }
  const [passage] = fleet.passages('C1', at(8), at(9));
  const there = fleet.buses(passage?.arrival ?? 0).find(({ vehicle }) => vehicle === passage?.run.vehicle);
  expect(
    metres(there ?? { lat: 0, lon: 0 }, city.stops.find(({ id }) => id === 'C1') ?? { lat: 1, lon: 1 }),
  ).toBeLessThan(1);
});

test('no bus leaves before its time or before it is there, and the night goes on past midnight', () => {
  const runs = fleet.runs('20270621');
  expect(runs.length).toBeGreaterThan(500);
  const busy = new Map<string, number>();
  for (const { vehicle, arrivals, departures, planned } of runs) {
    expect(departures[0]).toBeGreaterThanOrEqual(planned[0] ?? 0);
    expect(departures[0]).toBeGreaterThan(busy.get(vehicle) ?? 0);
    busy.set(vehicle, arrivals.at(-1) ?? 0);
    const times = arrivals.flatMap((arrival, i) => [arrival, departures[i] ?? 0]).slice(0, -1);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }
  const night = fleet.passages('C1', at(24), at(27));
  expect(night.length).toBeGreaterThan(3);
  expect(new Set(night.map(({ run }) => run.date))).toEqual(new Set(['20270621']));
});

test('is the same for the same seed, and another for another', () => {
  const twice = new Fleet(transitCity(7, '20270601', '20271231')).buses(at(8));
  expect(twice).toEqual(fleet.buses(at(8)));
  expect(new Fleet(transitCity(8, '20270601', '20271231')).buses(at(8))).not.toEqual(twice);
  expect(dateOf(at(24))).toBe('20270622');
});

test('a ghost stands still, and a cancelled trip is not on the road', () => {
  const [bus] = fleet.buses(at(8)).filter(({ phase }) => phase === 'in-progress');
  const centre = new Centre(fleet, { ghosts: [bus?.vehicle ?? ''], cancelled: [] });
  const [a, b] = [at(8), at(8, 3)].map((time) =>
    centre.positions(time).find(({ vehicle }) => vehicle === bus?.vehicle),
  );
  expect(metres(a ?? { lat: 0, lon: 0 }, b ?? { lat: 1, lon: 1 })).toBeLessThan(40);
  centre.faults = { cancelled: [bus?.run.trip.id ?? ''] };
  expect(centre.positions(at(8)).some(({ run }) => run === bus?.run)).toBe(false);
  expect(centre.forecasts(at(8)).find(({ run }) => run === bus?.run)?.cancelled).toBe(true);
});

test('the street has a sign at its centre, whose site file is right', async () => {
  await using street = await startStreet({
    scenario: 'street',
    speed: 60,
    camera: false,
    broker: false,
    ports: folder,
  });
  await using transit = await startTransit(street, folder, new AbortController().signal);
  const text = siteFile(street, {
    broker: 'mqtt://h:1',
    console: 8081,
    nodeRed: 1881,
    state: './agent',
    sign: { ...transit.sign, screen: 8090 },
  });
  const site = join(folder, 'site.yaml');
  writeFileSync(site, text);
  const result = await loadSite(site, siteDeps());
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.site.sign?.feeds.map(({ id, alerts }) => [id, alerts])).toEqual([
    ['vehicles', false],
    ['trips', false],
    ['alerts', true],
  ]);
  expect(result.site.sign?.feeds[0]?.via).toMatchObject({ every: 1000 });
  const extract = await readExtract(result.site.sign?.extract ?? '');
  expect(extract.here).toEqual(['C1', 'C2']);
  const answer = await fetch(`${transit.sign.centre}/vehicles.pb`);
  expect(answer.status).toBe(200);
}, 60_000);
