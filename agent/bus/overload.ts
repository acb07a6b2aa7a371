/** Notices that a line has more to do than time: periods are missed again and again. Said once, taken back once. */
import type { Mono } from '../core/reading.ts';

/** Missing for this long is overload; less is a device that fell silent or a burst of commands, ms. */
const PERSISTS_MS = 5000;
/** Without a missed period for this long it is over, ms. */
const OVER_MS = 30_000;

export class OverloadWatch {
  #first: Mono | undefined;
  #last: Mono = Number.NEGATIVE_INFINITY;
  #on = false;

  get on(): boolean {
    return this.#on;
  }

  /** A poll ran after missing periods. True where the line is overloaded from now on. */
  missed(now: Mono): boolean {
    if (this.#first === undefined || now - this.#last > PERSISTS_MS) this.#first = now;
    this.#last = now;
    if (this.#on || now - this.#first < PERSISTS_MS) return false;
    this.#on = true;
    return true;
  }

  /** True where the overload is over from now on. */
  over(now: Mono): boolean {
    if (!this.#on || now - this.#last < OVER_MS) return false;
    this.#on = false;
    this.#first = undefined;
    return true;
  }
}
