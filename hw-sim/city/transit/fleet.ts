/**
 * The buses of the made-up city on street time. Where each of them is, is a pure function of the moment and the seed: links
 * that take longer at the rush hour, dwell that varies, layovers, the way to the depot; the ledger of true passages is known
 * before anything is sent.
 */
import { chance, keyOf } from '../../world/random.ts';
import type { CityTrip, TransitCity } from './network.ts';

const DAY = 86_400_000;
/** Shanghai has no summer time. */
const OFFSET = 8 * 3_600_000;
/** s */
const LAYOVER = 90;
const TO_DEPOT = 400;
const BEFORE_START = 600;

/** One trip on one day, as it really goes. */
export interface Run {
  readonly trip: CityTrip;
  /** `20270621` */
  readonly date: string;
  /** s after the start of the day: planned first departure. */
  readonly start: number;
  readonly vehicle: string;
  /** Unix epoch ms at each stop. */
  readonly planned: readonly number[];
  readonly arrivals: readonly number[];
  readonly departures: readonly number[];
}

export type BusPhase = 'in-progress' | 'layover' | 'deadhead';

export interface Bus {
  readonly vehicle: string;
  /** The run it is on, or waits for. */
  readonly run: Run;
  readonly phase: BusPhase;
  readonly lat: number;
  readonly lon: number;
  /** Degrees clockwise from north. */
  readonly bearing: number;
  /** m/s */
  readonly speed: number;
  /** Index of the stop it is at or comes to next. */
  readonly next: number;
  readonly stopped: boolean;
}

export class Fleet {
  readonly city: TransitCity;
  readonly #days = new Map<string, readonly Run[]>();

  constructor(city: TransitCity) {
    this.city = city;
  }

  /** All runs of a day of service, in order of their planned starts. */
  runs(date: string): readonly Run[] {
    const known = this.#days.get(date);
    if (known !== undefined) return known;
    const made = this.#make(date);
    if (this.#days.size > 8) this.#days.clear();
    this.#days.set(date, made);
    return made;
  }

  /** Runs that may be under way at `time` (Unix epoch ms): those of the day, and of the day before. */
  around(time: number): readonly Run[] {
    return [dateOf(time - DAY), dateOf(time)].flatMap((date) => this.runs(date));
  }

  /** Buses on the road, each once. */
  buses(time: number): Bus[] {
    const found = new Map<string, Bus>();
    for (const run of this.around(time)) {
      const first = run.departures[0] ?? 0;
      const last = run.arrivals.at(-1) ?? 0;
      if (time < first - BEFORE_START * 1000 || time > last + TO_DEPOT * 1000) continue;
      const bus = at(run, time);
      const other = found.get(run.vehicle);
      // Between two runs it waits for the next.
      if (other === undefined || rank(bus, time) < rank(other, time)) found.set(run.vehicle, bus);
    }
    return [...found.values()];
  }

  /** True arrivals at a stop within [from, to). */
  passages(stop: string, from: number, to: number): { readonly run: Run; readonly arrival: number }[] {
    const found: { run: Run; arrival: number }[] = [];
    for (let day = from - DAY; day <= to + DAY; day += DAY) {
      for (const run of this.runs(dateOf(day))) {
        run.trip.pattern.stops.forEach(({ id }, i) => {
          const arrival = run.arrivals[i] ?? 0;
          if (
            id === stop &&
            arrival >= from &&
            arrival < to &&
            !found.some((f) => f.run === run && f.arrival === arrival)
          ) {
            found.push({ run, arrival });
          }
        });
      }
    }
    return found.sort((a, b) => a.arrival - b.arrival);
  }

  #make(date: string): Run[] {
    const day = startOf(date);
    const weekday = new Date(day + OFFSET).getUTCDay();
    const active: string[] = ['daily', weekday === 0 || weekday === 6 ? 'weekend' : 'weekday'];
    if (date < this.city.from || date > this.city.to) return [];
    const free = new Map<string, number>();
    const runs: Run[] = [];
    for (const trip of this.city.trips) {
      if (!active.includes(trip.service)) continue;
      for (const { start, vehicle } of startsOf(trip)) {
        const shift = start - (trip.times[0] ?? 0);
        runs.push({
          trip,
          date,
          start,
          vehicle,
          planned: trip.times.map((time) => day + (time + shift) * 1000),
          arrivals: [],
          departures: [],
        });
      }
    }
    runs.sort((a, b) => a.start - b.start);
    return runs.map((run) => {
      const made = drive(run, this.city.seed, free.get(run.vehicle) ?? 0);
      free.set(run.vehicle, (made.arrivals.at(-1) ?? 0) + LAYOVER * 1000);
      return made;
    });
  }
}

/** Instant from which the times of a day count. */
export function startOf(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6))) - OFFSET;
}

export function dateOf(time: number): string {
  return new Date(time + OFFSET).toISOString().slice(0, 10).replaceAll('-', '');
}

function startsOf(trip: CityTrip): { readonly start: number; readonly vehicle: string }[] {
  if (trip.headway === undefined) return [{ start: trip.times[0] ?? 0, vehicle: `B-${trip.block}` }];
  const { from, to, every } = trip.headway;
  const starts: { start: number; vehicle: string }[] = [];
  for (let start = from, n = 0; start < to; start += every, n++) {
    starts.push({ start, vehicle: `K-${trip.pattern.id}-${n % 9}` });
  }
  return starts;
}

/** How long it really takes. `free`: when its bus is free, ms. */
function drive(run: Run, seed: number, free: number): Run {
  const key = keyOf(`${run.trip.id} ${run.date} ${run.start}`);
  const late = chance(seed, key, 1) ** 3 * 240;
  let time = Math.max((run.planned[0] ?? 0) + late * 1000, free);
  const arrivals = [time];
  const departures = [time];
  for (let i = 1; i < run.planned.length; i++) {
    const planned = ((run.planned[i] ?? 0) - (run.planned[i - 1] ?? 0)) / 1000;
    const hour = (((time + OFFSET) / 3_600_000) % 24) - 0;
    const rush = 1 + 0.25 * Math.exp(-((hour - 8) ** 2) / 2) + 0.2 * Math.exp(-((hour - 18) ** 2) / 2);
    const dwell = 8 + 30 * chance(seed, key, i, 2) ** 2;
    const pace = (0.85 + 0.3 * chance(seed, key, i, 3)) * rush;
    time += Math.max(20, (planned - 20) * pace) * 1000;
    arrivals.push(Math.round(time));
    time += i === run.planned.length - 1 ? 0 : dwell * 1000;
    departures.push(Math.round(time));
  }
  return { ...run, arrivals, departures };
}

function rank({ phase, run }: Bus, time: number): number {
  const wait = Math.abs((run.departures[0] ?? 0) - time);
  return phase === 'in-progress' ? 0 : phase === 'layover' ? 1 + wait : 1e12 + wait;
}

function at(run: Run, time: number): Bus {
  const { stops, shape } = run.trip.pattern;
  const { arrivals, departures, vehicle } = run;
  const place = (lat: number, lon: number, rest: Partial<Bus>): Bus => ({
    vehicle,
    run,
    phase: 'in-progress',
    lat,
    lon,
    bearing: 0,
    speed: 0,
    next: 0,
    stopped: false,
    ...rest,
  });
  const first = stops[0] ?? { lat: 0, lon: 0 };
  if (time < (departures[0] ?? 0)) return place(first.lat, first.lon, { phase: 'layover', stopped: true });
  const last = stops.length - 1;
  const end = stops[last] ?? first;
  if (time >= (arrivals[last] ?? 0)) {
    const gone = Math.min(1, (time - (arrivals[last] ?? 0)) / (TO_DEPOT * 1000));
    return place(end.lat + gone * 0.02, end.lon, { phase: 'deadhead', next: last, speed: 6 });
  }
  const next = arrivals.findIndex((arrival, i) => time < Math.max(arrival, departures[i] ?? 0));
  const arrival = arrivals[next] ?? 0;
  const stop = stops[next] ?? first;
  if (time >= arrival) return place(stop.lat, stop.lon, { next, stopped: true });
  const left = departures[next - 1] ?? 0;
  const share = Math.min(1, Math.max(0, (time - left) / (arrival - left)));
  const [a, corner, b] = [
    shape[2 * next - 2] ?? first,
    shape[2 * next - 1] ?? first,
    shape[2 * next] ?? first,
  ];
  const [one, two] = [metres(a, corner), metres(corner, b)];
  const gone = share * (one + two);
  const [from, to, part] =
    gone <= one ? [a, corner, one === 0 ? 1 : gone / one] : [corner, b, (gone - one) / two];
  return place(from.lat + (to.lat - from.lat) * part, from.lon + (to.lon - from.lon) * part, {
    next,
    speed: ((one + two) * 1000) / (arrival - left),
    bearing: bearing(from, to),
  });
}

type Point = { readonly lat: number; readonly lon: number };

function metres(a: Point, b: Point): number {
  return Math.hypot((a.lat - b.lat) * 111_320, (a.lon - b.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180));
}

function bearing(a: Point, b: Point): number {
  const east = (b.lon - a.lon) * Math.cos((a.lat * Math.PI) / 180);
  return ((Math.atan2(east, b.lat - a.lat) * 180) / Math.PI + 360) % 360;
}
