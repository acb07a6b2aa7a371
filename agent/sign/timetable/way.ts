/** The way of a pattern: metres along its shape, where its stops lie on it, and no more points than the eye needs. */
import type { ShapePoint } from '../../core/sign/timetable.ts';
import type { Wgs84 } from '../../core/sign/transit.ts';

const METRES_PER_DEGREE = 111_320;
/** Metres beside the straight line that a point may lie to be left out. */
const TOLERANCE = 2;
/** A stop this far from its way says that the shape is another line's, metres. */
const FURTHEST_OFF = 500;

interface Plane {
  readonly x: number;
  readonly y: number;
}

/** A place of the way that a stop may be at: metres along it, metres beside it. */
interface Place {
  readonly distance: number;
  readonly off: number;
}

/** Straight lines from stop to stop: metres from the first. */
export function straight(stops: readonly Wgs84[]): number[] {
  const points = planes(stops, stops[0]);
  return along(points);
}

/**
 * Metres from the beginning of the shape of each stop, in order: of all ways to lay them onto it without going back, the
 * one with the least distance off. Undefined where a stop lies far beside it.
 */
export function place(shape: readonly Wgs84[], stops: readonly Wgs84[]): number[] | undefined {
  const points = planes(shape, shape[0]);
  const distances = along(points);
  const places = planes(stops, shape[0]).map((stop) => candidates(points, distances, stop));
  // Viterbi: cost[i] is the least sum of squares with this stop at its place i.
  let costs = (places[0] ?? []).map(({ off }) => off * off);
  const back: number[][] = [];
  for (let s = 1; s < places.length; s++) {
    const before = places[s - 1] ?? [];
    const now = places[s] ?? [];
    const from: number[] = [];
    const next: number[] = [];
    let best = -1;
    let b = 0;
    for (const { distance, off } of now) {
      while (b < before.length && (before[b]?.distance ?? 0) <= distance) {
        if (best < 0 || (costs[b] ?? Infinity) < (costs[best] ?? Infinity)) best = b;
        b += 1;
      }
      from.push(best);
      next.push(best < 0 ? Infinity : (costs[best] ?? Infinity) + off * off);
    }
    back.push(from);
    costs = next;
  }
  let at = costs.indexOf(Math.min(...costs));
  if (at < 0 || !Number.isFinite(costs[at])) return undefined;
  const found: number[] = [];
  for (let s = places.length - 1; s >= 0; s--) {
    const here = places[s]?.[at];
    if (here === undefined || here.off > FURTHEST_OFF) return undefined;
    found.unshift(here.distance);
    at = back[s - 1]?.[at] ?? -1;
  }
  return found;
}

/** The shape up to `end` metres, thinned, each point with its distance; coordinates to 0.1 m, distances to 1 m. */
export function drawn(shape: readonly Wgs84[], end: number): ShapePoint[] {
  const points = planes(shape, shape[0]);
  const distances = along(points);
  let last = distances.findIndex((distance) => distance >= end);
  if (last < 0) last = shape.length - 1;
  const keep = thin(points.slice(0, last + 1));
  return keep.map((index) => {
    const { lat, lon } = shape[index] ?? { lat: 0, lon: 0 };
    return [rounded(lat), rounded(lon), Math.round(distances[index] ?? 0)];
  });
}

function rounded(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

/** Metres on a plane that touches the earth at `origin`: right to 0.1 % within a city. */
function planes(points: readonly Wgs84[], origin: Wgs84 | undefined): Plane[] {
  const { lat, lon } = origin ?? { lat: 0, lon: 0 };
  const narrow = Math.cos((lat * Math.PI) / 180);
  return points.map((point) => ({
    x: (point.lon - lon) * METRES_PER_DEGREE * narrow,
    y: (point.lat - lat) * METRES_PER_DEGREE,
  }));
}

function along(points: readonly Plane[]): number[] {
  const distances = [0];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const step = a === undefined || b === undefined ? 0 : Math.hypot(a.x - b.x, a.y - b.y);
    distances.push((distances[i - 1] ?? 0) + step);
  }
  return distances;
}

/** Places of the way nearer to the stop than those before and behind them, in order along the way. */
function candidates(points: readonly Plane[], distances: readonly number[], stop: Plane): Place[] {
  const nearest: Place[] = [];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (a === undefined || b === undefined) continue;
    const length = (distances[i] ?? 0) - (distances[i - 1] ?? 0);
    const share =
      length === 0
        ? 0
        : Math.min(
            1,
            Math.max(0, ((stop.x - a.x) * (b.x - a.x) + (stop.y - a.y) * (b.y - a.y)) / length ** 2),
          );
    const off = Math.hypot(a.x + (b.x - a.x) * share - stop.x, a.y + (b.y - a.y) * share - stop.y);
    nearest.push({ distance: (distances[i - 1] ?? 0) + length * share, off });
  }
  const turns = nearest.filter(
    ({ off }, i) => off <= (nearest[i - 1]?.off ?? Infinity) && off <= (nearest[i + 1]?.off ?? Infinity),
  );
  if (nearest.length === 0) return [{ distance: 0, off: Math.hypot(stop.x, stop.y) }];
  return turns;
}

/** Indexes that Douglas and Peucker keep; iterative, for a shape may have 100,000 points. */
function thin(points: readonly Plane[]): number[] {
  if (points.length < 3) return points.map((_, index) => index);
  const keep = new Uint8Array(points.length);
  keep[0] = 1;
  keep[points.length - 1] = 1;
  const work: [number, number][] = [[0, points.length - 1]];
  for (let range = work.pop(); range !== undefined; range = work.pop()) {
    const [from, to] = range;
    const [a, b] = [points[from], points[to]];
    if (a === undefined || b === undefined) continue;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    let worst = TOLERANCE;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const p = points[i];
      if (p === undefined) continue;
      const off =
        length === 0
          ? Math.hypot(p.x - a.x, p.y - a.y)
          : Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / length;
      if (off > worst) [worst, at] = [off, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    work.push([from, at], [at, to]);
  }
  return [...keep.keys()].filter((index) => keep[index] === 1);
}
