/** The way of one trip as a line with distances: its stops and its timetable. */
import type { Wgs84 } from '../../core/sign/transit.ts';
import { type Projection, Way } from './way.ts';

export type { Projection, Wgs84 };

export interface TimedStop extends Wgs84 {
  readonly id: string;
  /** Scheduled passage, s after the start of the service day; never falls along the trip. */
  readonly time: number;
}

/** A stop on the line: metres from its beginning. */
export interface PatternStop extends TimedStop {
  readonly distance: number;
}

export class Pattern {
  readonly way: Way;
  readonly stops: readonly PatternStop[];
  /** Whether the feed draws the way; else it is straight from stop to stop. */
  readonly drawn: boolean;
  /** Longest piece between stops, metres. */
  readonly longest: number;

  /**
   * `shape`: the line as the feed draws it, absent where there is none: then straight from stop to stop. Throws
   * `RangeError` for fewer than two stops.
   */
  constructor(stops: readonly TimedStop[], shape?: readonly Wgs84[] | Way) {
    if (stops.length < 2) throw new RangeError('a pattern needs two stops');
    const drawn = shape instanceof Way || (shape !== undefined && shape.length >= 2);
    this.way = shape instanceof Way ? shape : new Way(shape !== undefined && drawn ? shape : stops);
    const placed: PatternStop[] = [];
    let longest = 0;
    for (const [index, stop] of stops.entries()) {
      const before = placed.at(-1)?.distance ?? 0;
      const known = 'distance' in stop && typeof stop.distance === 'number' ? stop.distance : undefined;
      const distance =
        known ??
        (drawn
          ? Math.max(before, this.project(stop, before, this.length)?.distance ?? before)
          : (this.way.along[index] ?? 0));
      if (placed.length > 0) longest = Math.max(longest, distance - before);
      placed.push({ ...stop, distance, time: Math.max(stop.time, placed.at(-1)?.time ?? stop.time) });
    }
    this.stops = placed;
    this.drawn = drawn;
    this.longest = longest;
  }

  /** Metres. */
  get length(): number {
    return this.way.length;
  }

  /** The nearest place of the line between `from` and `to` metres; undefined where nothing of it lies there. */
  project(position: Wgs84, from: number, to: number): Projection | undefined {
    return this.way.project(position, from, to);
  }

  /** Scheduled time at a place, s of the service day, straight between the stops. */
  timeAt(distance: number): number {
    const after = this.stops.findIndex((stop) => stop.distance >= distance);
    if (after <= 0) return (after === 0 ? this.stops[0] : this.stops.at(-1))?.time ?? 0;
    const a = this.stops[after - 1];
    const b = this.stops[after];
    if (a === undefined || b === undefined) return 0;
    const length = b.distance - a.distance;
    return length === 0 ? b.time : a.time + ((b.time - a.time) * (distance - a.distance)) / length;
  }
}
