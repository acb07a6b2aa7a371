/**
 * Which profile fits a device that answers: the one whose every point can be read with a value that can be true, and of
 * those the one that reads the most values other than 0. Registers of another type rarely pass: a float read from integers is next to
 * nothing, an integer read from a float is far out of range.
 */

import type { PolledDriver } from '../../core/driver.ts';
import type { Exchange } from '../../core/link.ts';
import { silent } from '../../core/log.ts';
import type { Profile } from '../../core/profile.ts';
import type { Reading } from '../../core/reading.ts';
import type { LineConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { deviceOf } from './searcher.ts';

export interface Fit {
  readonly profile: Profile;
  /** Points with a value. */
  readonly points: number;
  /** Of those, values that say something: not 0. */
  readonly telling: number;
}

/** What the mains have, and no coincidence. */
const PLAUSIBLE: Readonly<Partial<Record<string, readonly [number, number]>>> = {
  Hz: [45, 65],
  V: [0, 1000],
  Cel: [-60, 120],
};
/** Class of most devices on a line. */
const USUAL = 'electricity-meter';
/** So many values that are true and not 0 are no accident: what it is is known then, which model of it is asked on. */
const CONVINCING = 10;
/** No instrument resolves less; integers read as floats are far below. */
const LEAST = 1e-12;

function believable({ value, unit, quality }: Reading): boolean {
  if (quality === 'bad') return false;
  if (typeof value !== 'number' || value === 0) return true;
  const [min, max] = PLAUSIBLE[unit] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return Math.abs(value) > LEAST && value >= min && value <= max;
}

/** Fits of `profiles` to the device at `unit`, best first. Only reads. */
export async function identify(
  driver: PolledDriver,
  profiles: readonly Profile[],
  unit: number,
  line: LineConfig,
  clock: Clock,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<readonly Fit[]> {
  const fits: Fit[] = [];
  // What stands on such a line most is tried first: then little is left to try.
  const ordered = profiles.toSorted((a, b) => Number(b.class === USUAL) - Number(a.class === USUAL));
  let sure: string | undefined;
  for (const profile of ordered) {
    signal.throwIfAborted();
    if (sure !== undefined && profile.class !== sure) continue;
    const fit = await fitOf(driver, profile, unit, line, clock, exchange, signal);
    if (fit === undefined) continue;
    fits.push(fit);
    if (fit.telling >= CONVINCING && fit.telling >= 0.8 * fit.points) sure ??= profile.class;
  }
  // Equal: the smaller table wins, for its big sister read zeros where this model has nothing.
  return fits.sort((a, b) => b.telling - a.telling || a.points - b.points);
}

async function fitOf(
  driver: PolledDriver,
  profile: Profile,
  unit: number,
  line: LineConfig,
  clock: Clock,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Fit | undefined> {
  const session = driver.open({ device: deviceOf(profile, unit), clock, log: silent }, line);
  let points = 0;
  let telling = 0;
  try {
    for (const poll of [...session.polls]) {
      const readings = await poll.execute(exchange, signal);
      if (!readings.every(believable)) return undefined;
      points += readings.length;
      telling += readings.filter(({ value }) => value !== 0).length;
    }
  } catch {
    // No answer to these registers: another model. An abort is told by the caller's own look at the signal.
    return undefined;
  }
  return telling > 0 ? { profile, points, telling } : undefined;
}
