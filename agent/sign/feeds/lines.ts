/** The ways of the lines of this sign, to ask how far beside them a position lies. */
import type { StopExtract } from '../../core/sign/timetable.ts';
import type { Wgs84 } from '../../core/sign/transit.ts';

const METRES_PER_DEGREE = 111_320;

interface Plane {
  readonly x: number;
  readonly y: number;
}

export class Lines {
  readonly #origin: Wgs84;
  readonly #narrow: number;
  readonly #ways = new Map<string, Plane[][]>();

  constructor({ patterns, stops, here }: StopExtract) {
    const position = (id: string) => (Object.hasOwn(stops, id) ? stops[id]?.position : undefined);
    this.#origin = position(here[0] ?? '') ?? { lat: 0, lon: 0 };
    this.#narrow = Math.cos((this.#origin.lat * Math.PI) / 180);
    for (const { line, shape, calls } of patterns) {
      const points: Wgs84[] =
        shape?.map(([lat, lon]) => ({ lat, lon })) ?? calls.flatMap(({ stop }) => position(stop) ?? []);
      const ways = this.#ways.get(line) ?? [];
      ways.push(points.map((point) => this.plane(point)));
      this.#ways.set(line, ways);
    }
  }

  /** Metres east and north of this sign. */
  plane({ lat, lon }: Wgs84): Plane {
    return {
      x: (lon - this.#origin.lon) * METRES_PER_DEGREE * this.#narrow,
      y: (lat - this.#origin.lat) * METRES_PER_DEGREE,
    };
  }

  /** Metres from this sign. */
  away(position: Wgs84): number {
    const { x, y } = this.plane(position);
    return Math.hypot(x, y);
  }

  /** Metres beside the nearest way of `line`; undefined: no such line here. */
  beside(position: Wgs84, line: string): number | undefined {
    const ways = this.#ways.get(line);
    if (ways === undefined) return undefined;
    const point = this.plane(position);
    let least = Number.POSITIVE_INFINITY;
    for (const way of ways) {
      for (let i = 1; i < way.length; i++) {
        const [a, b] = [way[i - 1], way[i]];
        if (a === undefined || b === undefined) continue;
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const length = dx * dx + dy * dy;
        const share =
          length === 0 ? 0 : Math.min(1, Math.max(0, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length));
        least = Math.min(least, Math.hypot(a.x + dx * share - point.x, a.y + dy * share - point.y));
      }
    }
    return least;
  }
}
