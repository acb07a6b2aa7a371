/** Where the sun stands, and when it crosses a height: the one place that asks the astronomy library. */
import { getPosition } from 'suncalc';

const MINUTE = 60_000;
const STEP = 5 * MINUTE;

/** Degrees. */
export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** The sun's apparent elevation, degrees above the horizon, refraction included. `time`: Unix epoch ms. */
export function sunElevation(place: Place, time: number): number {
  return getPosition(new Date(time), place.lat, place.lon).altitude;
}

/** The dark part of one night; both ends Unix epoch ms. A night without end (polar night) fills the whole span. */
export interface Darkness {
  readonly dusk: number;
  readonly dawn: number;
}

/**
 * When the sun is below `elevation` between `from` and `to` (noon to noon, so at most one stretch); undefined where it
 * never is. To the second. At either end of a span that begins or ends dark stands the end of the span.
 */
export function darkness(place: Place, from: number, to: number, elevation: number): Darkness | undefined {
  const dark = (time: number): boolean => sunElevation(place, time) < elevation;
  let dusk: number | undefined = dark(from) ? from : undefined;
  let dawn: number | undefined;
  let before = from;
  for (let time = from + STEP; before < to; time += STEP) {
    const now = Math.min(time, to);
    const wasDark = dusk !== undefined;
    if (dark(now) !== wasDark) {
      const crossing = bisect(dark, before, now, wasDark);
      if (wasDark) {
        dawn = crossing;
        break;
      }
      dusk = crossing;
    }
    before = now;
  }
  return dusk === undefined ? undefined : { dusk, dawn: dawn ?? to };
}

/** The first moment of the other state, to the second. */
function bisect(dark: (time: number) => boolean, from: number, to: number, wasDark: boolean): number {
  let [low, high] = [from, to];
  while (high - low > 1000) {
    const middle = (low + high) / 2;
    if (dark(middle) === wasDark) low = middle;
    else high = middle;
  }
  return high;
}
