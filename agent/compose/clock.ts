/** The agent's clock: the machine's in the field; in a demonstration the street's, which may run faster than life. */

import type { Log } from '../core/log.ts';
import type { Site } from '../core/site.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import { NtpProbe } from '../core/time/ntp-state.ts';
import { SystemClock } from '../core/time/system-clock.ts';
import { WallWatch } from '../core/time/wall-watch.ts';

export function siteClock({ rate, origin }: Pick<Site, 'rate' | 'origin'>): SystemClock {
  if (origin === undefined) return new SystemClock({ rate });
  // Reckoned from the origin and not from the start of this process: an agent that was killed comes back in time.
  const mono = Number(process.hrtime.bigint()) / 1e6;
  return new SystemClock({ rate, wall: origin.wall + (mono - origin.mono) * rate });
}

/** Has the clock follow the machine's wall clock as far as that is to be believed; in a demonstration its street. */
export function watchClock(clock: SystemClock, { origin }: Pick<Site, 'origin'>, log: Log): Disposable {
  if (origin !== undefined) return followStreet(clock, log);
  const stack = new DisposableStack();
  const probe = stack.use(new NtpProbe());
  stack.use(new WallWatch({ clock, log, wall: Date.now, ntp: (now) => probe.state(now) }));
  return stack;
}

/**
 * The parent that started a demonstration says over its IPC channel how fast the street runs from now on:
 * `{ type: 'clock', mono, wall, rate }`.
 */
function followStreet(clock: SystemClock, log: Log): Disposable {
  const hear = (message: unknown): void => {
    const turned = turnOf(message);
    if (turned === undefined) return;
    const followed = clock.turn(turned);
    log[followed ? 'info' : 'warn']('clock.turned', { rate: turned.rate, followed });
  };
  process.on('message', hear);
  return { [Symbol.dispose]: () => void process.off('message', hear) };
}

function turnOf(message: unknown): Pick<ClockMapping, 'mono' | 'wall' | 'rate'> | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, mono, wall, rate } = message as Record<string, unknown>;
  if (type !== 'clock' || typeof mono !== 'number' || typeof wall !== 'number' || typeof rate !== 'number') {
    return undefined;
  }
  return Number.isFinite(mono) && Number.isFinite(wall) ? { mono, wall, rate } : undefined;
}
