import { describe, expect, it } from 'vitest';
import type { Datum, FeedEvent, VehicleReport } from '../../../../agent/core/sign/transit.ts';
import { type RawVehicle, Tally } from '../../../../agent/sign/feeds/content.ts';
import { fromWgs84, toWgs84 } from '../../../../agent/sign/feeds/datum.ts';
import { decodeGtfsRt } from '../../../../agent/sign/feeds/gtfs-rt/decode.ts';
import { Intake } from '../../../../agent/sign/feeds/intake.ts';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import { vehiclePositions } from '../../../../hw-sim/city/transit/messages.ts';
import { CITY } from '../timetable/feed.ts';
import { NOW, timetable } from './stand.ts';

class Taking {
  readonly tally = new Tally();
  readonly events: FeedEvent[] = [];
  readonly #intake: Intake;

  constructor(datum: Datum = 'wgs84') {
    this.#intake = new Intake('city', datum, timetable);
  }

  take(raw: readonly RawVehicle[], now: number | null = NOW, sent?: number): VehicleReport[] {
    const facts = {
      received: 1,
      ...(now === null ? {} : { now }),
      ...(sent === undefined ? {} : { sent }),
    };
    return this.#intake.take(raw, facts, this.tally, (event) => this.events.push(event));
  }
}

const centre = timetable.stops.get('C1')?.position ?? { lat: 0, lon: 0 };
const at = (change: Partial<RawVehicle> = {}): RawVehicle => ({
  vehicle: 'v',
  position: centre,
  time: NOW - 5000,
  trip: { line: 'L7' },
  ...change,
});
const east = (metres: number) => ({ lat: centre.lat, lon: centre.lon + metres / 89_100 });

describe('positions that come in', () => {
  it.each<[string, RawVehicle]>([
    ['null-position', at({ position: { lat: 0.001, lon: 0 } })],
    ['no-position', at({ position: { lat: Number.NaN, lon: 118 } })],
    ['no-position', at({ position: { lat: 91, lon: 118 } })],
    ['future', at({ time: NOW + 90_000 })],
    ['old', at({ time: NOW - 2 * 3_600_000 })],
    ['other-line', at({ trip: { line: 'X', trip: 'x1' } })],
    ['elsewhere', { vehicle: 'v', position: { lat: 31, lon: 121 }, time: NOW }],
  ])('are left out as %s', (reason, raw) => {
    const taking = new Taking();
    expect(taking.take([raw])).toEqual([]);
    expect(taking.tally.counts()).toEqual({ [reason]: 1 });
  });

  it('are in order, each once, and a vehicle is in one place at a time', () => {
    const taking = new Taking();
    const reports = taking.take([
      at({ time: NOW }),
      at({ time: NOW - 20_000, position: east(-50) }),
      at({ time: NOW - 10_000, position: east(-20) }),
    ]);
    expect(reports.map(({ time }) => time)).toEqual([NOW - 20_000, NOW - 10_000, NOW]);
    taking.take([at({ time: NOW }), at({ time: NOW - 3000 }), at({ time: NOW, trip: { line: 'L15' } })]);
    expect(taking.tally.counts()).toEqual({ duplicate: 1, 'out-of-order': 1, 'two-trips': 1 });
  });

  it('do not fly, unless they stay there', () => {
    const taking = new Taking();
    const step = (metres: number, seconds: number) =>
      taking.take([at({ position: east(metres), time: NOW + seconds * 1000 })], NOW + seconds * 1000);
    expect(step(0, 0)).toHaveLength(1);
    expect(step(100_000, 10)).toHaveLength(0);
    expect(step(120, 20)).toHaveLength(1);
    // The first fix was the wrong one.
    expect(step(9000, 30)).toHaveLength(0);
    expect(step(9100, 40)).toHaveLength(1);
    expect(taking.tally.counts()).toEqual({ jump: 2 });
  });

  it('take the time of their message where they have none, and need one where our clock is none', () => {
    const { time: _, ...timeless } = at();
    expect(new Taking().take([timeless], null, NOW)).toMatchObject([{ time: NOW }]);
    const taking = new Taking();
    expect(taking.take([timeless], null)).toEqual([]);
    expect(taking.tally.counts()).toEqual({ 'no-time': 1 });
  });

  it('keep the line of a trip that does not run that day, and not the trip', () => {
    const taking = new Taking();
    const [report] = taking.take([
      at({ trip: { trip: 'L7-0-weekend-003', date: '20270621', direction: 0 } }),
    ]);
    expect(report?.trip).toEqual({ line: 'L7', direction: 0 });
    expect(taking.tally.counts()).toEqual({ 'not-on-this-day': 1 });
  });

  it('clean what vehicles say of themselves', () => {
    const [report] = new Taking().take([at({ speed: 400, bearing: -90, label: 'a\u202eb' })]);
    expect(report).toMatchObject({ bearing: 270, label: 'ab' });
    expect(report?.speed).toBeUndefined();
  });
});

describe('the datum of a feed', () => {
  /** An hour of the city's positions sent as `sent`, read as `declared`. */
  function hour(declared: Datum, sent: Datum): Taking {
    const city = new Centre(new Fleet(CITY), { shift: (point) => fromWgs84(point, sent) });
    const taking = new Taking(declared);
    for (let time = NOW; time < NOW + 3_600_000; time += 60_000) {
      taking.take(decodeGtfsRt(vehiclePositions(city, time)).vehicles, time, time);
    }
    return taking;
  }

  it.each<[Datum, Datum]>([
    ['wgs84', 'wgs84'],
    ['gcj02', 'gcj02'],
    ['bd09', 'bd09'],
  ])('%s is right where %s is sent', (declared, sent) => {
    expect(hour(declared, sent).events).toEqual([]);
  });

  it.each<[Datum, Datum]>([
    ['wgs84', 'gcj02'],
    ['wgs84', 'bd09'],
    ['gcj02', 'wgs84'],
    ['gcj02', 'bd09'],
    ['bd09', 'gcj02'],
  ])('%s is told to be %s, once', (declared, sent) => {
    const { events } = hour(declared, sent);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: 'datum', feed: 'city', declared, likely: sent });
    const [event] = events;
    if (event?.type !== 'datum') throw new Error('no event');
    expect(event.offset).toBeGreaterThan(150);
    expect(event.vehicles).toBeGreaterThan(1);
  });

  it('is not blamed for buses that are elsewhere', () => {
    const random = (i: number) => ((i * 7919) % 1000) / 1000;
    const taking = new Taking();
    for (let i = 0; i < 400; i++) {
      const position = toWgs84(
        { lat: centre.lat + (random(i) - 0.5) * 0.08, lon: centre.lon + (random(i + 500) - 0.5) * 0.08 },
        'wgs84',
      );
      taking.take([at({ vehicle: `v${i % 9}`, position, time: NOW + i * 200_000 })], NOW + i * 200_000);
    }
    expect(taking.events).toEqual([]);
  });
});
