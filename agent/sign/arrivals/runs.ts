/** Runs: one trip on one day of service, with its way and its times, as vehicles and predictions are laid onto them. */
import type { ScheduledCall, StopExtract, TransitPattern } from '../../core/sign/timetable.ts';
import type { TripReference } from '../../core/sign/transit.ts';
import { boards, type Timetable } from '../timetable/timetable.ts';
import { Pattern, type PatternStop } from './pattern.ts';
import { Way } from './way.ts';

/** A call of a run at this sign. */
export interface CallHere {
  readonly call: ScheduledCall;
  /** Place in `Run.pattern.stops`. */
  readonly index: number;
  /** Whether riders may board. */
  readonly boards: boolean;
}

export interface Run {
  /** `trip@date`, and the start behind it where a trip runs at a headway. */
  readonly key: string;
  readonly way: TransitPattern;
  /** Times are s after `start`. */
  readonly pattern: Pattern;
  /** First departure, Unix epoch s. */
  readonly start: number;
  /** In order along the way. */
  readonly here: readonly [CallHere, ...CallHere[]];
  /** Its times are an example of a headway, not a timetable. */
  readonly loose: boolean;
}

export class Runs {
  readonly timetable: Timetable;
  readonly #extract: StopExtract;
  readonly #ways = new Map<TransitPattern, Way | undefined>();
  readonly #patterns = new Map<string, Pattern | undefined>();
  readonly #runs = new Map<string, Run | undefined>();

  constructor(timetable: Timetable) {
    this.timetable = timetable;
    this.#extract = timetable.extract;
  }

  /** The run that a feed means at `now` (Unix epoch s); undefined where the timetable does not know it. */
  named(reference: TripReference, now: number): Run | undefined {
    return this.of(this.timetable.run(reference, now * 1000));
  }

  /** The run of calls that belong together. */
  of(calls: readonly ScheduledCall[]): Run | undefined {
    const [first] = calls;
    if (first === undefined) return undefined;
    const key = keyOf(first);
    if (this.#runs.has(key)) return this.#runs.get(key);
    if (this.#runs.size > 5000) this.#runs.clear();
    const run = this.#make(key, first, calls);
    this.#runs.set(key, run);
    return run;
  }

  /** Runs that call here between two moments, Unix epoch s. */
  between(from: number, to: number): readonly Run[] {
    const groups = new Map<string, ScheduledCall[]>();
    for (const call of this.timetable.calls(from * 1000, to * 1000)) {
      const key = keyOf(call);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [call]);
      else group.push(call);
    }
    return [...groups.values()].flatMap((calls) => {
      const [first] = calls;
      const all = first === undefined ? [] : this.#callsOf(first);
      return this.of(all.length === 0 ? calls : all) ?? [];
    });
  }

  /** A way with the times of its trips, for a vehicle whose trip is not known; undefined where it cannot be drawn. */
  patternOf(way: TransitPattern, profile: number): Pattern | undefined {
    const key = `${way.id}\n${profile}`;
    if (this.#patterns.has(key)) return this.#patterns.get(key);
    const times = this.#extract.profiles[profile]?.arrivals ?? [];
    const stops: PatternStop[] = way.calls.slice(0, times.length).flatMap(({ stop, distance }, index) => {
      const place = Object.hasOwn(this.#extract.stops, stop)
        ? this.#extract.stops[stop]?.position
        : undefined;
      return place === undefined ? [] : [{ id: stop, ...place, distance, time: times[index] ?? 0 }];
    });
    const whole = stops.length >= 2 && stops.length === Math.min(times.length, way.calls.length);
    const pattern = whole ? new Pattern(stops, this.#wayOf(way)) : undefined;
    this.#patterns.set(key, pattern);
    return pattern;
  }

  #wayOf(way: TransitPattern): Way | undefined {
    if (this.#ways.has(way)) return this.#ways.get(way);
    const points = way.shape ?? [];
    const drawn =
      points.length < 2
        ? undefined
        : new Way(
            points.map(([lat, lon]) => ({ lat, lon })),
            points.map(([, , distance]) => distance),
          );
    this.#ways.set(way, drawn);
    return drawn;
  }

  /** All calls here of the run that `call` is one of, also such outside of a window. */
  #callsOf(call: ScheduledCall): readonly ScheduledCall[] {
    const { trip, start } = call;
    if (call.pattern.here.length < 2) return [call];
    return this.timetable.day(call.date).filter((one) => one.trip === trip && one.start === start);
  }

  #make(key: string, first: ScheduledCall, calls: readonly ScheduledCall[]): Run | undefined {
    const pattern = this.patternOf(first.pattern, first.trip.profile);
    const profile = this.#extract.profiles[first.trip.profile];
    if (pattern === undefined || profile === undefined) return undefined;
    const start = first.arrival / 1000 - (profile.arrivals[first.call] ?? 0);
    const here = calls
      .map((call): CallHere => ({ call, index: call.call, boards: boards(call) }))
      .filter(({ index }) => index < pattern.stops.length)
      .sort((a, b) => a.index - b.index);
    const [nearest, ...others] = here;
    if (nearest === undefined) return undefined;
    return {
      key,
      way: first.pattern,
      pattern,
      start,
      here: [nearest, ...others],
      loose: first.headway !== undefined,
    };
  }
}

export function keyOf({ trip, date, start }: Pick<ScheduledCall, 'trip' | 'date' | 'start'>): string {
  return trip.frequencies === undefined ? `${trip.id}@${date}` : `${trip.id}@${date}@${start}`;
}
