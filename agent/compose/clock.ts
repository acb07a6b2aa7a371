/** The agent's clock: the machine's in the field; in a demonstration the street's, which may run faster than life. */

import type { Log } from '../core/log.ts';
import { NtpProbe } from '../core/ntp-state.ts';
import type { Site } from '../core/site.ts';
import { SystemClock } from '../core/system-clock.ts';
import { WallWatch } from '../core/wall-watch.ts';

export function siteClock({ rate, origin }: Pick<Site, 'rate' | 'origin'>): SystemClock {
  if (origin === undefined) return new SystemClock({ rate });
  // Reckoned from the origin and not from the start of this process: an agent that was killed comes back in time.
  const mono = Number(process.hrtime.bigint()) / 1e6;
  return new SystemClock({ rate, wall: origin.wall + (mono - origin.mono) * rate });
}

/** Has the clock follow the machine's wall clock as far as that is to be believed; not in a demonstration. */
export function watchClock(clock: SystemClock, { origin }: Pick<Site, 'origin'>, log: Log): Disposable {
  const stack = new DisposableStack();
  if (origin !== undefined) return stack;
  const probe = stack.use(new NtpProbe());
  stack.use(new WallWatch({ clock, log, wall: Date.now, ntp: (now) => probe.state(now) }));
  return stack;
}
