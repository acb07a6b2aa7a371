/**
 * From positions as they came to reports that can be believed: converted to WGS 84, in order, each once, none from the
 * future, none that flew. What is left out is counted by reason; of lines that do not call here nothing is kept.
 */
import type { Datum, FeedEvent, TripReference, VehicleReport, Wgs84 } from '../../core/sign/transit.ts';
import type { Timetable } from '../timetable/timetable.ts';
import type { RawVehicle, Tally } from './content.ts';
import { toWgs84 } from './datum.ts';
import { DatumWatch } from './datum-watch.ts';
import { Lines } from './lines.ts';
import { plainText } from './text.ts';

/** ms a position may lie ahead of now: clocks differ. */
const FUTURE = 60_000;
/** ms behind now at which it says nothing of any arrival any more. */
const OLD = 3_600_000;
/** m/s and m: what no bus does between two positions. */
const FASTEST = 45;
const SLACK = 500;
/** ms after which where a vehicle was is forgotten, and vehicles known at once. */
const FORGET = 2 * 3_600_000;
const MOST_VEHICLES = 20_000;
/** Metres from this sign beyond which a vehicle without a line is of no account. */
const NEAR = 30_000;
/** A line on the map begins where 0, 0 is: degrees. */
const NOWHERE = 0.01;

interface Known {
  readonly position: Wgs84;
  readonly time: number;
  readonly trip: string;
  /** A position far away that waits for a second one beside it. */
  readonly far?: { readonly position: Wgs84; readonly time: number };
}

export interface IntakeFacts {
  readonly sent?: number;
  readonly received: number;
  /** Unix epoch ms, where our clock can be trusted. */
  readonly now?: number;
}

export class Intake {
  readonly #source: string;
  readonly #datum: Datum;
  readonly #timetable: Timetable;
  readonly #lines: Lines;
  readonly #watch: DatumWatch;
  readonly #known = new Map<string, Known>();

  constructor(source: string, datum: Datum, timetable: Timetable) {
    this.#source = source;
    this.#datum = datum;
    this.#timetable = timetable;
    this.#lines = new Lines(timetable.extract);
    this.#watch = new DatumWatch(source, datum, this.#lines);
  }

  /** Reports in the order of their times. `onEvent` hears of a datum that does not fit. */
  take(
    raw: readonly RawVehicle[],
    facts: IntakeFacts,
    tally: Tally,
    onEvent: (event: FeedEvent) => void,
  ): VehicleReport[] {
    const { sent, received } = facts;
    const now = facts.now ?? sent;
    const reports: VehicleReport[] = [];
    for (const one of newestLast(raw)) {
      const reason = this.#refuse(one);
      if (reason !== undefined) {
        tally.add(reason);
        continue;
      }
      const time = one.time ?? sent ?? now;
      if (time === undefined) tally.add('no-time');
      else if (now !== undefined && time > now + FUTURE) tally.add('future');
      else if (now !== undefined && time < now - OLD) tally.add('old');
      else {
        const position = toWgs84(one.position, this.#datum);
        const line = this.#lineOf(one);
        if (line === undefined && this.#lines.away(position) > NEAR) {
          tally.add('elsewhere');
          continue;
        }
        const wrong = this.#follow(one, position, time);
        if (wrong !== undefined) {
          tally.add(wrong);
          continue;
        }
        if (line !== undefined) {
          const event = this.#watch.see(one.vehicle, one.position, line);
          if (event !== undefined) onEvent(event);
        }
        const trip = this.#tripOf(one, line, time, tally);
        reports.push(this.#report(one, { position, time, trip, sent, received }));
      }
    }
    this.#forget(now);
    return reports;
  }

  /** What can be seen from the position alone; a line that does not call here. */
  #refuse({ position: { lat, lon }, trip }: RawVehicle): string | undefined {
    if (!Number.isFinite(lat) || !Number.isFinite(lon) || Math.abs(lat) > 90 || Math.abs(lon) > 180) {
      return 'no-position';
    }
    if (Math.abs(lat) < NOWHERE && Math.abs(lon) < NOWHERE) return 'null-position';
    const { lines, trips } = this.#timetable;
    const named = trip?.line !== undefined || trip?.trip !== undefined;
    // A trip that is not in the timetable may be an extra one; its line says whether it can come here.
    const here =
      (trip?.line !== undefined && lines.has(trip.line)) ||
      (trip?.trip !== undefined && trips.has(trip.trip));
    if (named && !here) return 'other-line';
    return undefined;
  }

  #lineOf({ trip }: RawVehicle): string | undefined {
    if (trip === undefined) return undefined;
    const { trips, lines, extract } = this.#timetable;
    const known = trip.trip === undefined ? undefined : trips.get(trip.trip);
    if (known !== undefined) return extract.patterns[known.pattern]?.line;
    return trip.line !== undefined && lines.has(trip.line) ? trip.line : undefined;
  }

  /** The trip with its line. A trip that does not run on the day that is given with it says no more than its line. */
  #tripOf(
    { trip }: RawVehicle,
    line: string | undefined,
    time: number,
    tally: Tally,
  ): TripReference | undefined {
    if (trip === undefined || line === undefined) return trip;
    const { trip: id, date, direction, relationship } = trip;
    const known = id === undefined ? undefined : this.#timetable.trips.get(id);
    if (
      known?.frequencies === undefined &&
      known !== undefined &&
      date !== undefined &&
      this.#timetable.covers(date) &&
      this.#timetable.run({ trip: known.id, date }, time).length === 0
    ) {
      tally.add('not-on-this-day');
      return {
        line,
        ...(direction === undefined ? {} : { direction }),
        ...(relationship === undefined ? {} : { relationship }),
      };
    }
    return { ...trip, line };
  }

  /** Where the vehicle was before; why this position is not to be believed. */
  #follow({ vehicle, trip }: RawVehicle, position: Wgs84, time: number): string | undefined {
    const known = this.#known.get(vehicle);
    const name = `${trip?.trip ?? ''} ${trip?.line ?? ''}`;
    if (known !== undefined && time - known.time < FORGET) {
      if (time === known.time) return name === known.trip ? 'duplicate' : 'two-trips';
      if (time < known.time) return 'out-of-order';
      if (this.#flew(known, position, time)) {
        const { far } = known;
        // The first fix may have been the wrong one: two beside each other far away are believed.
        if (far === undefined || time <= far.time || this.#flew(far, position, time)) {
          this.#known.set(vehicle, { ...known, far: { position, time } });
          return 'jump';
        }
      }
    }
    this.#known.delete(vehicle);
    this.#known.set(vehicle, { position, time, trip: name });
    return undefined;
  }

  #flew(from: { readonly position: Wgs84; readonly time: number }, to: Wgs84, time: number): boolean {
    const [a, b] = [this.#lines.plane(from.position), this.#lines.plane(to)];
    return Math.hypot(a.x - b.x, a.y - b.y) > SLACK + (FASTEST * (time - from.time)) / 1000;
  }

  #report(
    raw: RawVehicle,
    facts: {
      readonly position: Wgs84;
      readonly time: number;
      readonly trip: TripReference | undefined;
      readonly sent: number | undefined;
      readonly received: number;
    },
  ): VehicleReport {
    const { vehicle, label, speed, bearing, near, phase, occupancy, wheelchair } = raw;
    const { position, time, trip, sent, received } = facts;
    return {
      source: this.#source,
      ...(sent === undefined ? {} : { sent }),
      received,
      vehicle,
      ...(label === undefined ? {} : { label: plainText(label, 40) }),
      position,
      time,
      ...(trip === undefined ? {} : { trip }),
      ...(speed === undefined || !(speed >= 0 && speed <= FASTEST) ? {} : { speed }),
      ...(bearing === undefined || !Number.isFinite(bearing)
        ? {}
        : { bearing: ((bearing % 360) + 360) % 360 }),
      ...(near === undefined ? {} : { near }),
      ...(phase === undefined ? {} : { phase }),
      ...(occupancy === undefined ? {} : { occupancy }),
      ...(wheelchair === undefined ? {} : { wheelchair }),
    };
  }

  #forget(now: number | undefined): void {
    for (const [vehicle, { time }] of this.#known) {
      const old = now !== undefined && time < now - FORGET;
      if (!old && this.#known.size <= MOST_VEHICLES) break;
      this.#known.delete(vehicle);
    }
  }
}

/** In the order of their times, so that of two positions of one vehicle the newer counts. */
function newestLast(raw: readonly RawVehicle[]): readonly RawVehicle[] {
  return [...raw].sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
}
