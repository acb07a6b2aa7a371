/**
 * Evening on order: the street's clock runs faster until the sun is down, and the lamp is left to its programme, which knows
 * nothing of a show. Where the lamp is lit already, the night is left out and a day passes.
 */
import type { StreetParts } from '../street-parts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Degrees at which it is night for every lamp, whatever its photocell has said until then. */
const NIGHT = -6;
/** So much of the day before it is shown where the evening is over. */
const DAY = 9 * HOUR;
/** The street runs at most so fast. */
const FASTEST = 3600;

/** World time of the next moment after `time` at which the sun falls below −6°; undefined: it does not within two days. */
export function nextNight(sun: (time: number) => number, time: number): number | undefined {
  let above = sun(time) > NIGHT;
  for (let at = time; at < time + 48 * HOUR; at += MINUTE) {
    const now = sun(at) > NIGHT;
    if (above && !now) return at;
    above = now;
  }
  return undefined;
}

/** Whether its time is the machine's own, which nobody can turn. */
export function keepsMachineTime({ scenario, speed }: Pick<StreetParts, 'scenario' | 'speed'>): boolean {
  return scenario.start === 'now' && speed === 1;
}

/**
 * Has the night come in `ms` of life. Throws where the street keeps the machine's own time, which nobody can turn, and where
 * the sun does not set.
 */
export function hastenSunset(street: StreetParts, ms: number): void {
  const { world, clock } = street;
  if (keepsMachineTime(street)) {
    throw new Error('this street keeps the time of the machine; start it with --scenario evening');
  }
  const now = clock.now();
  // A lamp that is lit in the twilight has its evening behind it.
  const over = world.lampLevel(now) > 0 && world.sun(now) < 0;
  const night = nextNight(world.sun, over ? now + HOUR : now);
  if (night === undefined) throw new Error('the sun does not set here');
  const begin = Math.max(now, night - DAY);
  const rate = Math.min(FASTEST, Math.max(clock.rate, (night - begin) / ms));
  clock.turn(rate, begin > now ? begin : undefined);
}
