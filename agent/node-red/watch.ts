/** Watches Node-RED from outside: a process that falls silent, flows that end it again and again. */
import type { Clock } from '../core/time/clock.ts';

/** Ends that make flows suspect, within this time. */
const ENDS = 3;
const WITHIN = 600_000;
/** The same node so often within this time is suspect, too, however slowly it does it. */
const SAME_WITHIN = 86_400_000;
const CHECK_EVERY = 5000;

interface End {
  readonly at: number;
  /** Text of who it was; undefined where nobody knows. */
  readonly who: string | undefined;
}

export class CrashWatch {
  /** Longest silence of a process that has spoken once, ms. It says itself when its flows hang. */
  static readonly SILENCE = 30_000;
  readonly #clock: Clock;
  #starts = 0;
  #ends: End[] = [];
  #lastBeat: number | undefined;
  #heapBytes = 0;
  #loopDelayMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  started(): void {
    this.#starts += 1;
    this.#lastBeat = undefined;
  }

  /** The flows ended it; `who` it was, where that is known. */
  ended(who: string | undefined): void {
    const now = this.#clock.mono();
    this.#ends = [...this.#ends.filter(({ at }) => now - at < SAME_WITHIN), { at: now, who }].slice(-100);
  }

  /** Somebody has changed the flows: what was before counts no more. */
  forget(): void {
    this.#ends = [];
  }

  /** Undefined, or why the next start is to be one with the flows stopped, and who is named for it. */
  suspect(): { readonly count: number; readonly who: string | undefined } | undefined {
    const now = this.#clock.mono();
    const last = this.#ends.at(-1);
    if (last === undefined) return undefined;
    const recent = this.#ends.filter(({ at }) => now - at < WITHIN);
    if (recent.length >= ENDS) {
      const who = recent.findLast((end) => end.who !== undefined)?.who;
      return { count: recent.length, who };
    }
    const same = this.#ends.filter(({ who }) => who !== undefined && who === last.who);
    return same.length >= ENDS ? { count: same.length, who: last.who } : undefined;
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
      starts: this.#starts,
    };
  }
}
