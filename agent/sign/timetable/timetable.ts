/** The timetable of a sign, asked: what calls here when, the first and the last bus, which run a feed means. */
import type {
  ScheduledCall,
  StopExtract,
  TransitLine,
  TransitPattern,
  TransitStop,
  TransitTrip,
} from '../../core/sign/timetable.ts';
import type { ServiceDate, TripReference } from '../../core/sign/transit.ts';
import { addDays, runs, ServiceDays } from './service-day.ts';

/** Days of calls kept; a sign asks for yesterday, today and tomorrow. */
const DAYS_KEPT = 6;
/** Departures of one headway a day: one each 10 s. */
const MOST_RUNS = 8640;

export interface FirstAndLast {
  /** Calls at which riders can board, in order of departure. */
  readonly first: ScheduledCall;
  readonly last: ScheduledCall;
}

export interface DirectionKey {
  readonly line: string;
  /** Absent: the timetable has no directions, or all of them are meant. */
  readonly direction?: 0 | 1;
}

export class Timetable {
  readonly extract: StopExtract;
  readonly days: ServiceDays;
  readonly lines: ReadonlyMap<string, TransitLine>;
  readonly stops: ReadonlyMap<string, TransitStop>;
  readonly trips: ReadonlyMap<string, TransitTrip>;
  /** Longest that a trip calls here after the start of its service day, in whole days: how far back to look. */
  readonly #back: number;
  readonly #cache = new Map<ServiceDate, readonly ScheduledCall[]>();
  readonly #byTrip = new Map<ServiceDate, ReadonlyMap<string, readonly ScheduledCall[]>>();

  /** Throws `RangeError` for a zone that is not in the IANA table. */
  constructor(extract: StopExtract) {
    this.extract = extract;
    this.days = new ServiceDays(extract.timezone);
    this.lines = new Map(extract.lines.map((line) => [line.id, line]));
    this.stops = new Map(Object.entries(extract.stops));
    this.trips = new Map(extract.trips.map((trip) => [trip.id, trip]));
    let latest = 0;
    for (const trip of extract.trips) {
      const end = extract.profiles[trip.profile]?.departures.at(-1) ?? 0;
      const starts = trip.frequencies?.map(({ to }) => to) ?? [trip.start];
      latest = Math.max(latest, ...starts.map((start) => start + end));
    }
    // A day of 23 h ends an hour early: look one day further than the times say.
    this.#back = Math.ceil((latest + 3600) / 86_400);
  }

  /** Whether `date` lies in what the feed covers. Outside nothing is known, which is not the same as no service. */
  covers(date: ServiceDate): boolean {
    return date >= this.extract.feed.from && date <= this.extract.feed.to;
  }

  /** Service days whose trips may be under way at an instant (Unix epoch ms), the latest first. */
  dates(time: number): ServiceDate[] {
    const today = this.days.dateOf(time);
    // Where noon minus 12 h lies before midnight, tomorrow has begun an hour before it.
    const dates = [addDays(today, 1), today];
    for (let i = 1; i <= this.#back; i++) dates.push(addDays(today, -i));
    return dates.filter((date) => this.days.start(date) <= time);
  }

  /** All calls of a service day, in order of departure; those of headways with one run after the other. */
  day(date: ServiceDate): readonly ScheduledCall[] {
    const known = this.#cache.get(date);
    if (known !== undefined) return known;
    const calls = this.covers(date) ? this.#callsOf(date) : [];
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= DAYS_KEPT && oldest !== undefined) {
      this.#cache.delete(oldest);
      this.#byTrip.delete(oldest);
    }
    this.#cache.set(date, calls);
    return calls;
  }

  /** Calls that depart within [from, to) (Unix epoch ms), of whatever service day, in order of departure. */
  calls(from: number, to: number): ScheduledCall[] {
    const found: ScheduledCall[] = [];
    const last = addDays(this.days.dateOf(to), 1);
    let date = addDays(this.days.dateOf(from), -this.#back);
    for (; date <= last; date = addDays(date, 1)) {
      for (const call of this.day(date)) {
        if (call.departure >= to) break;
        if (call.departure >= from) found.push(call);
      }
    }
    return found.sort((a, b) => a.departure - b.departure);
  }

  /** First and last bus (首末班) of a line and direction on a service day; undefined: none runs. */
  firstAndLast(date: ServiceDate, { line, direction }: DirectionKey): FirstAndLast | undefined {
    let first: ScheduledCall | undefined;
    let last: ScheduledCall | undefined;
    for (const call of this.day(date)) {
      if (call.line.id !== line || !boards(call)) continue;
      if (direction !== undefined && call.pattern.direction !== direction) continue;
      first ??= call;
      last = call;
    }
    return first === undefined || last === undefined ? undefined : { first, last };
  }

  /** Lines and directions that call here, in the order of the feed, with the patterns of each. */
  directions(): readonly (DirectionKey & { readonly patterns: readonly TransitPattern[] })[] {
    const found = new Map<string, DirectionKey & { patterns: TransitPattern[] }>();
    for (const pattern of this.extract.patterns) {
      const { line, direction } = pattern;
      const key = `${line}\n${direction ?? ''}`;
      const known = found.get(key);
      if (known !== undefined) known.patterns.push(pattern);
      else found.set(key, { line, ...(direction === undefined ? {} : { direction }), patterns: [pattern] });
    }
    return [...found.values()];
  }

  /**
   * The calls here of the run that a feed means. By trip id, else by line, direction and start; of several days the one
   * whose calls lie nearest to `now`. A headway's trip needs a start to be a run; without it there is none. Empty: the
   * timetable does not know it.
   */
  run(reference: TripReference, now: number): readonly ScheduledCall[] {
    const { trip, line, start, date } = reference;
    if (trip === undefined && (line === undefined || start === undefined)) return [];
    if (trip !== undefined && !this.trips.has(trip)) return [];
    if (date !== undefined) {
      const own = this.#runOf(date, reference);
      if (own.length > 0 || trip === undefined) return own;
      // Some centres write the date on the calendar: the 24:10 of Friday is Saturday's to them.
      const before = this.#runOf(addDays(date, -1), reference);
      const [first] = before;
      const began = first === undefined ? '' : this.days.dateOf(this.days.at(first.date, first.start));
      return began === date ? before : [];
    }
    let best: readonly ScheduledCall[] = [];
    let nearest = Infinity;
    for (const one of this.dates(now + 6 * 3_600_000)) {
      const calls = this.#runOf(one, reference);
      const away = Math.abs((calls[0]?.departure ?? Infinity) - now);
      if (away < nearest) [best, nearest] = [calls, away];
    }
    return best;
  }

  #runOf(date: ServiceDate, { trip, line, direction, start }: TripReference): readonly ScheduledCall[] {
    const candidates = trip === undefined ? this.day(date) : (this.#tripsOf(date).get(trip) ?? []);
    const calls = candidates.filter((call) => {
      if (trip === undefined && call.line.id !== line) return false;
      if (direction !== undefined && trip === undefined && call.pattern.direction !== direction) return false;
      if (start === undefined) return call.headway === undefined;
      return call.trip.frequencies === undefined && trip !== undefined ? true : call.start === start;
    });
    const [first] = calls;
    // Two trips may start at the same time: a run is one of them.
    return calls.filter((call) => call.trip === first?.trip && call.start === first.start);
  }

  #tripsOf(date: ServiceDate): ReadonlyMap<string, readonly ScheduledCall[]> {
    const known = this.#byTrip.get(date);
    if (known !== undefined) return known;
    const trips = Map.groupBy(this.day(date), ({ trip }) => trip.id);
    this.#byTrip.set(date, trips);
    return trips;
  }

  #callsOf(date: ServiceDate): ScheduledCall[] {
    const { services, trips, patterns, profiles } = this.extract;
    const active = new Set(services.filter((service) => runs(service, date)).map(({ id }) => id));
    const day = this.days.start(date);
    const calls: ScheduledCall[] = [];
    for (const trip of trips) {
      if (!active.has(trip.service)) continue;
      const pattern = patterns[trip.pattern];
      const profile = profiles[trip.profile];
      const line = pattern === undefined ? undefined : this.lines.get(pattern.line);
      if (pattern === undefined || profile === undefined || line === undefined) continue;
      for (const { start, headway } of startsOf(trip)) {
        for (const call of pattern.here) {
          const at = pattern.calls[call];
          const arrival = profile.arrivals[call];
          const departure = profile.departures[call];
          if (at === undefined || arrival === undefined || departure === undefined) continue;
          calls.push({
            trip,
            pattern,
            call,
            line,
            stop: at.stop,
            date,
            start,
            arrival: day + (start + arrival) * 1000,
            departure: day + (start + departure) * 1000,
            ...(headway === undefined ? {} : { headway }),
            terminates: call === pattern.calls.length - 1,
          });
        }
      }
    }
    return calls.sort((a, b) => a.departure - b.departure);
  }
}

/** Whether riders can board at a call. */
export function boards({ pattern, call, terminates }: ScheduledCall): boolean {
  return !terminates && pattern.calls[call]?.pickup !== 'no';
}

/** What stands on the bus: the headsign, or the name of the terminus. */
export function headsignOf({ trip, pattern }: Pick<ScheduledCall, 'trip' | 'pattern'>, extract: StopExtract) {
  if (trip.headsign !== undefined) return trip.headsign;
  const last = pattern.calls.at(-1)?.stop ?? '';
  return Object.hasOwn(extract.stops, last) ? (extract.stops[last]?.name ?? { text: last }) : { text: last };
}

/** First departures of a trip on its day, s. */
function* startsOf(trip: TransitTrip): Generator<{ readonly start: number; readonly headway?: number }> {
  if (trip.frequencies === undefined) {
    yield { start: trip.start };
    return;
  }
  let count = 0;
  for (const { from, to, every, exact } of trip.frequencies) {
    for (let start = from; start < to && count < MOST_RUNS; start += every, count++) {
      yield exact ? { start } : { start, headway: every };
    }
  }
}
