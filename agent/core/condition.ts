/** Conditions of a site file on the newest readings. */
import type { Subscription } from './hub.ts';
import type { Value } from './reading.ts';

/** A condition on the newest reading of a point. Exactly one of `is`, `above` and `below` is given. */
export interface Condition {
  readonly device: string;
  readonly point: string;
  readonly is?: Value;
  readonly above?: number;
  readonly below?: number;
}

/** Whether `condition` holds now. A bad reading, or none yet, fulfils nothing: an alarm of its own tells of it. */
export function holds(
  hub: Pick<Subscription, 'latest'>,
  { device, point, is, above, below }: Condition,
): boolean {
  const value = hub.latest(device, point)?.value;
  if (value === undefined || value === null) return false;
  if (is !== undefined) return value === is;
  if (typeof value !== 'number') return false;
  return above !== undefined ? value > above : below !== undefined && value < below;
}
