/** A state that changes only after what is seen has been different for a while (hysteresis in time). */
import type { Mono } from '../core/reading.ts';

export class Debounced {
  readonly #after: { readonly on: number; readonly off: number };
  #value: boolean | undefined;
  /** Since when what is seen differs from the state. */
  #since: Mono | undefined;
  #pending: boolean | undefined;

  /** How long something must be seen before it is so, ms. */
  constructor(after: { readonly on: number; readonly off: number }) {
    this.#after = after;
  }

  /** Undefined until either was seen for the shorter of the two times. */
  get value(): boolean | undefined {
    return this.#value;
  }

  /** True: the state has changed with it. */
  update(seen: boolean, time: Mono): boolean {
    if (seen === this.#value) {
      this.#since = undefined;
      return false;
    }
    if (this.#value === undefined && this.#pending !== seen) this.#since = undefined;
    this.#pending = seen;
    this.#since ??= time;
    const { on, off } = this.#after;
    const needed = this.#value === undefined ? Math.min(on, off) : seen ? on : off;
    if (time - this.#since < needed) return false;
    this.#value = seen;
    this.#since = undefined;
    return true;
  }

  /** Forgets it all: it must be seen anew. */
  forget(): void {
    this.#value = undefined;
    this.#since = undefined;
    this.#pending = undefined;
  }
}
