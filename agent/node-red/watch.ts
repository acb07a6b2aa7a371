/** Watches Node-RED from outside: a flow that loops stops the heartbeat, one that crashes it again and again is suspect. */
import type { Clock } from '../core/clock.ts';

const CRASHES = 3;
const WITHIN = 600_000;
const CHECK_EVERY = 5000;

export class CrashWatch {
  /** Longest silence of a child whose event loop turns, ms. */
  static readonly SILENCE = 30_000;
  readonly #clock: Clock;
  #starts: number[] = [];
  #lastBeat: number | undefined;
  #heapBytes = 0;
  #loopDelayMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a start; true where the three before it were within ten minutes: start this one with the flows stopped. */
  flowsSuspect(): boolean {
    const now = this.#clock.mono();
    this.#starts = this.#starts.filter((start) => now - start < WITHIN);
    this.#starts.push(now);
    this.#lastBeat = undefined;
    return this.#starts.length > CRASHES;
  }

  beat(heapBytes: number, loopDelayMs: number): void {
    this.#lastBeat = this.#clock.mono();
    this.#heapBytes = Number(heapBytes);
    this.#loopDelayMs = Number(loopDelayMs);
  }

  /** Calls `onSilence` once when the heartbeat, having begun, stays away. */
  guard(onSilence: () => void): Disposable {
    let timer: Disposable;
    const check = () => {
      const silent = this.#lastBeat !== undefined && this.#clock.mono() - this.#lastBeat > CrashWatch.SILENCE;
      if (silent) onSilence();
      else timer = this.#clock.after(CHECK_EVERY, check);
    };
    timer = this.#clock.after(CHECK_EVERY, check);
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }

  facts(): Record<string, number> {
    return {
      heap_mb: Math.round(this.#heapBytes / 1e6),
      loop_delay_ms: Math.round(this.#loopDelayMs),
      starts: this.#starts.length,
    };
  }
}
