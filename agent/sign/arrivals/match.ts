/**
 * Where on its line a vehicle is: positions are laid onto the pattern in the order of their times. A bus does not fly,
 * does not drive backwards and was not there before it is; what says so is left out and counted.
 */
import type { Pattern, Wgs84 } from './pattern.ts';

export interface Fix extends Wgs84 {
  /** When the vehicle was there, s (any one clock). */
  readonly time: number;
}

export interface Matched {
  /** s */
  readonly time: number;
  /** Metres along the pattern. */
  readonly distance: number;
  /** Metres off it. */
  readonly off: number;
}

export type Refusal = 'off-route' | 'too-fast' | 'time-back' | 'future';

/**
 * Metres off the line that street width and GPS explain, where the feed draws the way: of 800 New York positions in
 * progress none was further than 45.
 */
const OFF_DRAWN = 100;
/** The same of straight lines from stop to stop; the further the stops, the further the road may be. */
const OFF = 200;
const OFF_PER_METRE = 0.25;
/** m/s */
const FASTEST = 35;
/** Metres that a place may lie behind the one before: GPS noise at a stop. */
const BACK = 50;
const AHEAD = 200;
/** s a position may lie ahead of now: clocks differ. */
const FUTURE = 60;

/** The next place of a vehicle that was at `last`; a reason where the fix is not to be believed. `now`: s. */
export function match(pattern: Pattern, fix: Fix, last: Matched | undefined, now: number): Matched | Refusal {
  if (fix.time > now + FUTURE) return 'future';
  if (last !== undefined && fix.time <= last.time) return 'time-back';
  const allowed = pattern.drawn ? OFF_DRAWN : Math.max(OFF, OFF_PER_METRE * pattern.longest);
  if (last === undefined) {
    const place = pattern.project(fix, 0, pattern.length);
    return place === undefined || place.off > allowed ? 'off-route' : { time: fix.time, ...place };
  }
  const reach = FASTEST * (fix.time - last.time) + AHEAD;
  const place = pattern.project(
    fix,
    Math.max(0, last.distance - BACK),
    Math.min(pattern.length, last.distance + reach),
  );
  if (place !== undefined && place.off <= allowed) {
    return { time: fix.time, distance: Math.max(last.distance, place.distance), off: place.off };
  }
  const anywhere = pattern.project(fix, 0, pattern.length);
  return anywhere !== undefined && anywhere.off <= allowed ? 'too-fast' : 'off-route';
}
