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

/** `start`: world time of now, epoch ms. `mono`: another source of time, for virtual time in tests. */
export function worldClock(start: number, rate = 1, mono: () => number = monotonic): WorldClock {
  const born = mono();
  return { rate, origin: { mono: born, wall: start }, now: () => start + (mono() - born) * rate };
}
