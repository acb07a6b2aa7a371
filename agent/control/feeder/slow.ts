/**
 * Limits fall at once where the feeder is above what it may carry, soon where it could come to be, and rise slowly: only after
 * there has been room for a while, and by a step at a time. Pure.
 */
import type { FeederConfig } from '../../core/pole.ts';

/** Differences below this are none, A. */
export const SAME = 0.5;
/** Meter and charger do not tell at one moment: what only could become too much is looked at so long, ms. */
const CONFIRM = 10_000;

export interface Slow {
  readonly limit: number;
  /** Since when more has been possible all the time, mono ms. */
  readonly since: number | undefined;
  /** Since when it has been too much all the time, mono ms. */
  readonly low?: number;
}

/**
 * The limit to give now, where `before` was given and `target` would be possible. `min`: what a charger can begin with.
 * `urgent`: the feeder carries more than it may now.
 */
export function slow(
  { raiseAfter, raiseStep }: Pick<FeederConfig, 'raiseAfter' | 'raiseStep'>,
  before: Slow | undefined,
  target: number,
  min: number,
  now: number,
  urgent = true,
): Slow {
  // Whatever the charger had before the start, nothing is known of the room: it begins where it can charge at all.
  if (before === undefined) return { limit: Math.min(target, min), since: undefined };
  if (target < before.limit) {
    const low = before.low ?? now;
    if (urgent || now - low >= CONFIRM) return { limit: target, since: undefined };
    return { limit: before.limit, since: undefined, low };
  }
  if (target - before.limit < SAME) return { limit: before.limit, since: before.since };
  const since = before.since ?? now;
  if (now - since < raiseAfter) return { limit: before.limit, since };
  // From a pause to what it can charge with in one step; then by steps, each after the same wait.
  const next = before.limit < min ? Math.min(min, target) : Math.min(target, before.limit + raiseStep);
  return { limit: Math.floor(next * 10) / 10, since: now };
}
