/** Time of a simulated line: the machine's monotonic clock, or a virtual one in tests (agent/core's Clock fits). */
import { monotonic } from '../world/world-clock.ts';

export interface Timebase {
  /** Monotonic ms. */
  mono(): number;
  /** Calls once after `ms`. May call early by a millisecond: who needs the moment looks at `mono` again. */
  after(ms: number, run: () => void): Disposable;
}

export interface RealTimeOptions {
  /**
   * Hits moments to a tenth of a millisecond, by sleeping the last stretch on the thread itself. For a simulator in a
   * process of its own that measures; it blocks that process for up to 1.5 ms at a time. Default false.
   */
  readonly precise?: boolean;
}

/** The machine's clock. */
export function realTime({ precise = false }: RealTimeOptions = {}): Timebase {
  if (!precise) {
    return {
      mono: monotonic,
      after(ms, run) {
        const timer = setTimeout(run, Math.max(0, ms));
        return { [Symbol.dispose]: () => clearTimeout(timer) };
      },
    };
  }
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return {
    mono: monotonic,
    after(ms, run) {
      const due = monotonic() + ms;
      // Node's timers have whole milliseconds and may be one late: leave in good time and sleep the rest exactly.
      const timer = setTimeout(
        () => {
          const rest = due - monotonic();
          if (rest > 0) Atomics.wait(cell, 0, 0, rest);
          run();
        },
        Math.max(0, Math.floor(ms - 1.2)),
      );
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
}
