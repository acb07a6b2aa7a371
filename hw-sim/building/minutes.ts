/** The power of a branch minute by minute: between its quarter hours it moves, and loads switch on and off. */
import { chance, keyOf } from '../world/random.ts';
import { DAY, YEAR_START } from './calendar.ts';
import type { SimulatedMeter } from './year.ts';

const MINUTE = 60_000;

export interface MinutePower {
  /** Its start, Unix epoch ms. */
  readonly time: number;
  readonly kw: number;
}

/** Minutes of the days `from` ≤ day < `to` of the year. */
export function* minutePower(
  { plan, flowed }: Pick<SimulatedMeter, 'plan' | 'flowed'>,
  seed: number,
  from: number,
  to: number,
): Generator<MinutePower> {
  const key = keyOf(`minutes-${plan.id}`);
  for (let minute = from * 1440; minute < to * 1440; minute++) {
    // From the middle of one quarter to the middle of the next.
    const place = minute / 15 - 0.5;
    const k = Math.max(0, Math.floor(place));
    const part = Math.min(1, Math.max(0, place - k));
    const [a = 0, b = a] = [flowed[k], flowed[Math.min(k + 1, flowed.length - 1)]];
    const mean = 4 * (a + (b - a) * part);
    // A lift, a kettle, a compressor: some of the load comes and goes within a few minutes.
    const spell = Math.floor(minute / 4);
    const swing = 0.06 * (2 * chance(seed, key, spell) - 1) + 0.02 * (2 * chance(seed, key, minute, 1) - 1);
    yield {
      time: YEAR_START + Math.floor(minute / 1440) * DAY + (minute % 1440) * MINUTE,
      kw: mean * (1 + swing),
    };
  }
}
