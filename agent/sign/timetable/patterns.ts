/** Trips with the same calls on the same way become one pattern, those with the same times between them one profile. */
import type { PatternCall, TimeProfile, TransitPattern, TransitStop } from '../../core/sign/timetable.ts';
import type { Wgs84 } from '../../core/sign/transit.ts';
import type { Call } from './calls.ts';
import { type Findings, quoted } from './problem.ts';
import type { TripRow } from './tables.ts';
import { drawn, place, straight } from './way.ts';

/** Metres of the way kept behind the last call here: a bus is seen to leave. */
const BEHIND = 1500;
/** Calls whose times are kept behind the last one here. */
const CALLS_BEHIND = 2;

interface Facts {
  readonly here: ReadonlySet<string>;
  readonly stops: ReadonlyMap<string, TransitStop>;
  readonly shapes: ReadonlyMap<string, readonly Wgs84[]>;
  readonly findings: Findings;
}

export interface Placed {
  readonly pattern: number;
  readonly profile: number;
  /** s */
  readonly start: number;
  /** Index of the call whose headsign counts: the last one here. */
  readonly lastHere: number;
}

export class Patterns {
  readonly all: TransitPattern[] = [];
  readonly profiles: TimeProfile[] = [];
  /** Stops and lines that are named. */
  readonly stops = new Set<string>();
  readonly lines = new Set<string>();
  readonly #facts: Facts;
  readonly #byKey = new Map<string, number | undefined>();
  readonly #profileByKey = new Map<string, number>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Undefined: a stop of it is unknown; that has been said. */
  place(trip: string, row: TripRow, calls: readonly Call[]): Placed | undefined {
    const key = JSON.stringify([
      row.route,
      row.direction ?? '',
      row.shape,
      calls.map(({ stop, sequence, pickup = '', dropOff = '' }) => [stop, sequence, pickup, dropOff]),
    ]);
    if (!this.#byKey.has(key)) this.#byKey.set(key, this.#make(row, calls));
    const index = this.#byKey.get(key);
    const pattern = index === undefined ? undefined : this.all[index];
    if (index === undefined || pattern === undefined) {
      const unknown = calls.find(({ stop }) => !this.#facts.stops.has(stop));
      this.#facts.findings.say({
        file: 'stop_times.txt',
        line: calls[0]?.line ?? 1,
        message: `stop ${quoted(unknown?.stop ?? '')} is not in stops.txt, or has no position`,
        fix: `trip ${quoted(trip)} is left out`,
      });
      return undefined;
    }
    const lastHere = pattern.here.at(-1) ?? 0;
    const kept = Math.min(calls.length, lastHere + 1 + CALLS_BEHIND);
    const { start, profile } = profileOf(calls, pattern.calls, kept);
    const profileKey = JSON.stringify(profile);
    let number = this.#profileByKey.get(profileKey);
    if (number === undefined) {
      number = this.profiles.push(profile) - 1;
      this.#profileByKey.set(profileKey, number);
    }
    return { pattern: index, profile: number, start, lastHere };
  }

  #make(row: TripRow, calls: readonly Call[]): number | undefined {
    const { here, stops, shapes, findings } = this.#facts;
    const positions: Wgs84[] = [];
    for (const { stop } of calls) {
      const known = stops.get(stop);
      if (known === undefined) return undefined;
      positions.push(known.position);
    }
    const points = shapes.get(row.shape);
    let shape = points !== undefined && points.length >= 2 ? points : undefined;
    let distances = shape === undefined ? undefined : place(shape, positions);
    if (shape !== undefined && distances === undefined) {
      findings.say({
        file: 'shapes.txt',
        field: 'shape_id',
        message: `stops of route ${quoted(row.route)} lie far beside shape ${quoted(row.shape)}`,
        fix: 'straight lines are taken instead',
      });
      shape = undefined;
    }
    distances ??= straight(positions);
    const placed: PatternCall[] = calls.map(({ stop, sequence, pickup, dropOff }, i) => ({
      stop,
      sequence,
      distance: Math.round(distances[i] ?? 0),
      ...(pickup === undefined ? {} : { pickup }),
      ...(dropOff === undefined ? {} : { dropOff }),
    }));
    const indexes = calls.flatMap(({ stop }, i) => (here.has(stop) ? [i] : []));
    const end = (placed[indexes.at(-1) ?? 0]?.distance ?? 0) + BEHIND;
    for (const { stop } of calls) this.stops.add(stop);
    this.lines.add(row.route);
    return (
      this.all.push({
        id: `p${this.all.length}`,
        line: row.route,
        ...(row.direction === undefined ? {} : { direction: row.direction }),
        calls: placed,
        here: indexes,
        ...(shape === undefined ? {} : { shape: drawn(shape, end) }),
      }) - 1
    );
  }
}

/** Times of the first `kept` calls after the first departure; those that are missing lie between by distance. */
function profileOf(
  calls: readonly Call[],
  placed: readonly PatternCall[],
  kept: number,
): { readonly start: number; readonly profile: TimeProfile } {
  const start = calls[0]?.departure ?? 0;
  const arrivals: number[] = [];
  const departures: number[] = [];
  const timepoints: number[] = [];
  let timed = 0;
  for (let i = 0; i < kept; i++) {
    const call = calls[i];
    if (call?.arrival !== undefined && call.departure !== undefined) {
      timed = i;
      arrivals.push(call.arrival - start);
      departures.push(call.departure - start);
      if (call.timepoint) timepoints.push(i);
      continue;
    }
    let next = i + 1;
    while (next < calls.length - 1 && calls[next]?.arrival === undefined) next += 1;
    const [from, to] = [placed[timed]?.distance ?? 0, placed[next]?.distance ?? 0];
    const share =
      to === from ? (i - timed) / (next - timed) : ((placed[i]?.distance ?? 0) - from) / (to - from);
    const [left, back] = [calls[timed]?.departure ?? start, calls[next]?.arrival ?? start];
    const time = Math.round(left + (back - left) * share) - start;
    arrivals.push(time);
    departures.push(time);
  }
  return { start, profile: { arrivals, departures, timepoints } };
}
