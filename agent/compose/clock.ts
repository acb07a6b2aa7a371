/** The agent's clock: the machine's in the field; in a demonstration the street's, which may run faster than life. */
import type { Site } from '../core/site.ts';
import { SystemClock } from '../core/system-clock.ts';

export function siteClock({ rate, origin }: Pick<Site, 'rate' | 'origin'>): SystemClock {
  if (origin === undefined) return new SystemClock({ rate });
  // Reckoned from the origin and not from the start of this process: an agent that was killed comes back in time.
  const mono = Number(process.hrtime.bigint()) / 1e6;
  return new SystemClock({ rate, wall: origin.wall + (mono - origin.mono) * rate });
}
