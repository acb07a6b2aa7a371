/** Limits fall at once and rise slowly: only after there has been room for a while, and by a step at a time. Pure. */
import type { FeederConfig } from '../../core/pole.ts';

/** Differences below this are none, A. */
export const SAME = 0.5;

export interface Slow {
  readonly limit: number;
  /** Since when more has been possible all the time, mono ms. */
  readonly since: number | undefined;
}

/** The limit to give now, where `before` was given and `target` would be possible. `min`: what a charger can begin with. */
export function slow(
  { raiseAfter, raiseStep }: Pick<FeederConfig, 'raiseAfter' | 'raiseStep'>,
  before: Slow | undefined,
  target: number,
  min: number,
  now: number,
): Slow {
  // Whatever the charger had before the start, nothing is known of the room: it begins where it can charge at all.
  if (before === undefined) return { limit: Math.min(target, min), since: undefined };
  if (target <= before.limit) return { limit: target, since: undefined };
  if (target - before.limit < SAME) return { limit: before.limit, since: before.since };
  const since = before.since ?? now;
  if (now - since < raiseAfter) return { limit: before.limit, since };
  // From a pause to what it can charge with in one step; then by steps, each after the same wait.
  const next = before.limit < min ? Math.min(min, target) : Math.min(target, before.limit + raiseStep);
  return { limit: Math.floor(next * 10) / 10, since: now };
}
