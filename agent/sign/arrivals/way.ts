/** A line on the ground with distances along it: where on it a position lies. */
import type { Wgs84 } from '../../core/sign/transit.ts';

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

export class Way {
  /** Metres. */
  readonly length: number;
  readonly #origin: Wgs84;
  readonly #cos: number;
  readonly #points: readonly Plane[];
  readonly #along: readonly number[];

  /**
   * `along`: metres of each point from the beginning, as the feed has them; absent: reckoned. Throws `RangeError` for
   * fewer than two points.
   */
  constructor(points: readonly Wgs84[], along?: readonly number[]) {
    const [first] = points;
    if (first === undefined || points.length < 2) throw new RangeError('a way needs two points');
    this.#origin = first;
    this.#cos = Math.cos((first.lat * Math.PI) / 180);
    this.#points = points.map((point) => this.#plane(point));
    const reckoned = [along?.[0] ?? 0];
    for (let i = 1; i < this.#points.length; i++) {
      const before = reckoned[i - 1] ?? 0;
      const told = along?.[i];
      const own = before + span(at(this.#points, i - 1), at(this.#points, i));
      reckoned.push(told === undefined ? own : Math.max(before, told));
    }
    this.#along = reckoned;
    this.length = reckoned.at(-1) ?? 0;
  }

  /** Metres of each point from the beginning. */
  get along(): readonly number[] {
    return this.#along;
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
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const square = dx * dx + dy * dy;
      const share = square === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / square;
      const length = end - start;
      const distance = Math.min(to, Math.max(from, start + length * Math.min(1, Math.max(0, share))));
      const inside = length === 0 ? 0 : (distance - start) / length;
      const off = span(point, { x: a.x + dx * inside, y: a.y + dy * inside });
      if (best === undefined || off < best.off) best = { distance, off };
    }
    return best;
  }

  #plane({ lat, lon }: Wgs84): Plane {
    return {
      x: (lon - this.#origin.lon) * METRES_PER_DEGREE * this.#cos,
      y: (lat - this.#origin.lat) * METRES_PER_DEGREE,
    };
  }
}

/** Metres between two positions of one city. */
export function metresBetween(a: Wgs84, b: Wgs84): number {
  const cos = Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot((a.lat - b.lat) * METRES_PER_DEGREE, (a.lon - b.lon) * METRES_PER_DEGREE * cos);
}

function span(a: Plane, b: Plane): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${list.length}`);
  return item;
}
