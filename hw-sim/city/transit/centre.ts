/** What the made-up dispatch centre believes and says at a moment: positions, predictions, alerts, with the faults it has. */
import { chance, keyOf } from '../../world/random.ts';
import { type Bus, type Fleet, type Run, startOf } from './fleet.ts';

/** ms between two positions of a bus, as such units send. */
const PING = 10_000;

export interface CentreFaults {
  /** Trip ids that do not run. */
  readonly cancelled?: readonly string[];
  /** Vehicles that say they run and stand still. */
  readonly ghosts?: readonly string[];
  /** Stops that are not served. */
  readonly skipped?: readonly string[];
  /** Moves each position before it is sent; a centre on a Chinese map. */
  readonly shift?: (point: { readonly lat: number; readonly lon: number }) => {
    readonly lat: number;
    readonly lon: number;
  };
}

export interface Position extends Bus {
  /** When it was there, Unix epoch ms. */
  readonly time: number;
}

export interface Forecast {
  readonly run: Run;
  readonly cancelled: boolean;
  /** Index of the next stop. */
  readonly next: number;
  /** s */
  readonly delay: number;
  /** Predicted arrivals by index of stop, from `next` on; undefined: not served. */
  readonly arrivals: readonly (number | undefined)[];
}

export interface CityAlert {
  readonly id: string;
  readonly header: string;
  readonly headerEnglish: string;
  readonly description: string;
  readonly lines: readonly string[];
  readonly stops: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly severe: boolean;
}

export class Centre {
  readonly fleet: Fleet;
  faults: CentreFaults;
  alerts: readonly CityAlert[] = [];

  constructor(fleet: Fleet, faults: CentreFaults = {}) {
    this.fleet = fleet;
    this.faults = faults;
  }

  /** Last position of each bus up to `now`. */
  positions(now: number): Position[] {
    const { cancelled = [], ghosts = [], shift = (point) => point } = this.faults;
    return this.fleet.buses(now).flatMap((bus) => {
      if (cancelled.includes(bus.run.trip.id)) return [];
      const phase = Math.floor(chance(this.fleet.city.seed, keyOf(bus.vehicle)) * PING);
      const time = Math.floor((now - phase) / PING) * PING + phase;
      const then = this.fleet.buses(time).find(({ vehicle }) => vehicle === bus.vehicle) ?? bus;
      const noise = (axis: number) =>
        (chance(this.fleet.city.seed, keyOf(bus.vehicle), time, axis) - 0.5) * 1.6e-4;
      const ghost = ghosts.includes(bus.vehicle);
      const parked = then.run.trip.pattern.stops[2] ?? then;
      const place = ghost ? parked : then;
      const { lat, lon } = shift({ lat: place.lat + noise(1), lon: place.lon + noise(2) });
      return [{ ...then, ...(ghost ? { speed: 0 } : {}), lat, lon, time }];
    });
  }

  /** What it predicts: the present delay goes on. */
  forecasts(now: number): Forecast[] {
    const { cancelled = [], skipped = [] } = this.faults;
    return this.fleet.around(now).flatMap((run): Forecast[] => {
      const last = run.arrivals.length - 1;
      if (now > (run.arrivals[last] ?? 0) || now < (run.departures[0] ?? 0) - 1_800_000) return [];
      if (cancelled.includes(run.trip.id)) return [{ run, cancelled: true, next: 0, delay: 0, arrivals: [] }];
      const next = Math.max(
        0,
        run.arrivals.findIndex((arrival) => arrival > now),
      );
      const passed = next - 1;
      const delay =
        passed < 0 ? 0 : Math.round(((run.departures[passed] ?? 0) - (run.planned[passed] ?? 0)) / 1000);
      const arrivals = run.planned.map((planned, i) =>
        skipped.includes(run.trip.pattern.stops[i]?.id ?? '')
          ? undefined
          : Math.max(now, planned + delay * 1000),
      );
      return [{ run, cancelled: false, next, delay, arrivals }];
    });
  }
}

/** `08:05:00` of the service day of a run. */
export function startText({ start }: Run): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${part(start / 3600)}:${part((start / 60) % 60)}:${part(start % 60)}`;
}

/** s after the start of the service day. */
export function secondsOf(date: string, time: number): number {
  return (time - startOf(date)) / 1000;
}
