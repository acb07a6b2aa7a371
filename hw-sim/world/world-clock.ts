/** World time: starts at a moment and runs `rate` times as fast as the machine's monotonic clock. */

/** Milliseconds of CLOCK_MONOTONIC, the same for every process of one boot. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export interface WorldClock {
  /** World time per real time. */
  readonly rate: number;
  /** World time (epoch ms) at a moment of CLOCK_MONOTONIC (ms), for others who must agree with it. */
  readonly origin: { readonly mono: number; readonly wall: number };
  /** World time, epoch ms. */
  now(): number;
}

/** One whose pace changes. */
export interface StreetClock extends WorldClock {
  /** From now on it runs at `rate`; with `wall` (epoch ms) it goes forward to there first. Throws where it would go back. */
  turn(rate: number, wall?: number): void;
  /** Called at every turn. */
  onTurn(listener: () => void): Disposable;
}

/** `start`: world time of now, epoch ms. `mono`: another source of time, for virtual time in tests. */
export function worldClock(start: number, rate = 1, mono: () => number = monotonic): StreetClock {
  let pace = { rate, origin: { mono: mono(), wall: start } };
  const listeners = new Set<() => void>();
  const at = (moment: number): number => pace.origin.wall + (moment - pace.origin.mono) * pace.rate;
  return {
    get rate() {
      return pace.rate;
    },
    get origin() {
      return pace.origin;
    },
    now: () => at(mono()),
    turn(rate, wall) {
      const moment = mono();
      const now = at(moment);
      if (wall !== undefined && wall < now) {
        throw new Error(`street time does not go back: from ${iso(now)} to ${iso(wall)}`);
      }
      pace = { rate, origin: { mono: moment, wall: wall ?? now } };
      for (const listener of [...listeners]) listener();
    },
    onTurn(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
