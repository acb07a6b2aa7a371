/** How bright the panel is, and in which palette: by what a light sensor says, watched by the sun, which cannot be covered. */
import type { BoardLight } from '../../core/board.ts';

export interface LightInputs {
  /** lx, of a sensor on this pole; absent: none, or not to be believed. */
  readonly lux?: number;
  /** Degrees above the horizon; absent while the time is not trusted. */
  readonly sun?: number;
  readonly quiet: boolean;
  /** Whether the page has to do the dimming. */
  readonly byPage: boolean;
}

/** Brightness by light, straight between in the logarithm: what a panel behind glass needs to be read. */
const BY_LUX: readonly (readonly [lux: number, brightness: number])[] = [
  [1, 0.12],
  [10, 0.2],
  [100, 0.4],
  [1000, 0.7],
  [10_000, 1],
];
/** By the sun's height, degrees. */
const BY_SUN: readonly (readonly [degrees: number, brightness: number])[] = [
  [-6, 0.25],
  [0, 0.55],
  [6, 1],
];
/** A sensor that says dark while the sun stands this high is covered; it may dim no further than `COVERED`. */
const HIGH_SUN = 10;
const COVERED = 0.7;
/** By night a sensor that says bright looks into a lamp. */
const LOW_SUN = -6;
const LAMPLIGHT = 0.5;
const QUIET = 0.6;
/** lx below which it is night, and above which it is day again. */
const NIGHT = 25;
const DAY = 80;

/** `before`: the palette until now, for twilight must not switch it to and fro. */
export function lightOf(
  { lux, sun, quiet, byPage }: LightInputs,
  before: BoardLight['palette'] = 'day',
): BoardLight {
  let brightness = 1;
  if (lux !== undefined) brightness = between(BY_LUX, lux, Math.log10);
  else if (sun !== undefined) brightness = between(BY_SUN, sun, (x) => x);
  if (lux !== undefined && sun !== undefined) {
    if (sun > HIGH_SUN) brightness = Math.max(COVERED, brightness);
    if (sun < LOW_SUN) brightness = Math.min(LAMPLIGHT, brightness);
  }
  if (quiet) brightness *= QUIET;
  return { palette: paletteOf(lux, sun, before), brightness: Math.round(brightness * 100) / 100, byPage };
}

function paletteOf(
  lux: number | undefined,
  sun: number | undefined,
  before: BoardLight['palette'],
): BoardLight['palette'] {
  if (sun !== undefined) {
    if (sun > HIGH_SUN) return 'day';
    if (sun < LOW_SUN) return 'night';
  }
  if (lux !== undefined) {
    if (lux < NIGHT) return 'night';
    return lux > DAY ? 'day' : before;
  }
  if (sun === undefined) return before;
  if (sun < -2) return 'night';
  return sun > 0 ? 'day' : before;
}

function between(
  table: readonly (readonly [number, number])[],
  at: number,
  scale: (x: number) => number,
): number {
  let low = table[0];
  for (const high of table) {
    if (at <= high[0]) {
      if (low === undefined || low === high) return high[1];
      const share = (scale(at) - scale(low[0])) / (scale(high[0]) - scale(low[0]));
      return low[1] + share * (high[1] - low[1]);
    }
    low = high;
  }
  return low?.[1] ?? 1;
}
