/** The way of one trip as a line with distances: its stops, its timetable, and where on it a position lies. */

export interface Wgs84 {
  /** Degrees, WGS84. */
  readonly lat: number;
  readonly lon: number;
}

export interface TimedStop extends Wgs84 {
  readonly id: string;
  /** Scheduled passage, s after the start of the service day; never falls along the trip. */
  readonly time: number;
}

/** A stop on the line: metres from its beginning. */
export interface PatternStop extends TimedStop {
  readonly distance: number;
}

export interface Projection {
  /** Metres from the beginning of the line. */
  readonly distance: number;
  /** Metres off the line. */
  readonly off: number;
}

const METRES_PER_DEGREE = 111_320;

/** Metres on a plane that touches the earth at the first point: right to 0.1 % within a city. */
interface Plane {
  readonly x: number;
  readonly y: number;
}

export class Pattern {
  readonly stops: readonly PatternStop[];
  /** Metres. */
  readonly length: number;
  readonly #origin: Wgs84;
  readonly #cos: number;
  readonly #points: readonly Plane[];
  readonly #along: readonly number[];

  /**
   * `shape`: the line as the feed draws it, absent where there is none: then straight from stop to stop. Throws
   * `RangeError` for fewer than two stops.
   */
  constructor(stops: readonly TimedStop[], shape?: readonly Wgs84[]) {
    const [first] = stops;
    if (first === undefined || stops.length < 2) throw new RangeError('a pattern needs two stops');
    this.#origin = first;
    this.#cos = Math.cos((first.lat * Math.PI) / 180);
    this.#points = (shape !== undefined && shape.length >= 2 ? shape : stops).map((point) =>
      this.#plane(point),
    );
    const along = [0];
    for (let i = 1; i < this.#points.length; i++) {
      along.push((along[i - 1] ?? 0) + span(at(this.#points, i - 1), at(this.#points, i)));
    }
    this.#along = along;
    this.length = along.at(-1) ?? 0;
    const placed: PatternStop[] = [];
    for (const [index, stop] of stops.entries()) {
      const before = placed.at(-1)?.distance ?? 0;
      const distance =
        shape === undefined
          ? (along[index] ?? 0)
          : Math.max(before, this.project(stop, before, this.length)?.distance ?? before);
      placed.push({ ...stop, distance, time: Math.max(stop.time, placed.at(-1)?.time ?? stop.time) });
    }
    this.stops = placed;
  }

  /** The nearest place of the line between `from` and `to` metres; undefined where nothing of it lies there. */
  project(position: Wgs84, from: number, to: number): Projection | undefined {
    const point = this.#plane(position);
    let best: Projection | undefined;
    for (let i = 1; i < this.#points.length; i++) {
      const start = this.#along[i - 1] ?? 0;
      const end = this.#along[i] ?? 0;
      if (end < from || start > to) continue;
      const a = at(this.#points, i - 1);
      const b = at(this.#points, i);
      const length = end - start;
      const share =
        length === 0
          ? 0
          : ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / (length * length);
      const distance = Math.min(to, Math.max(from, start + length * Math.min(1, Math.max(0, share))));
      const inside = length === 0 ? 0 : (distance - start) / length;
      const off = span(point, { x: a.x + (b.x - a.x) * inside, y: a.y + (b.y - a.y) * inside });
      if (best === undefined || off < best.off) best = { distance, off };
    }
    return best;
  }

  /** Scheduled time at a place, s of the service day, straight between the stops. */
  timeAt(distance: number): number {
    const after = this.stops.findIndex((stop) => stop.distance >= distance);
    if (after <= 0) return (after === 0 ? this.stops[0] : this.stops.at(-1))?.time ?? 0;
    const a = at(this.stops, after - 1);
    const b = at(this.stops, after);
    const length = b.distance - a.distance;
    return length === 0 ? b.time : a.time + ((b.time - a.time) * (distance - a.distance)) / length;
  }

  #plane({ lat, lon }: Wgs84): Plane {
    return {
      x: (lon - this.#origin.lon) * METRES_PER_DEGREE * this.#cos,
      y: (lat - this.#origin.lat) * METRES_PER_DEGREE,
    };
  }
}

function span(a: Plane, b: Plane): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${list.length}`);
  return item;
}
