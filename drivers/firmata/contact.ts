/** The level of a contact: it counts after it stood for a while, the first one like any other. */
import type { Clock } from '../../agent/core/time/clock.ts';

/** Hears levels and tells the one that stood for `hold` ms. Disposing it forgets what is pending and what was told. */
export class Contact implements Disposable {
  readonly #clock: Clock;
  readonly #hold: number;
  readonly #settled: (level: number) => void;
  #level: number | undefined;
  #pending: { readonly level: number; readonly timer: Disposable } | undefined;

  constructor(clock: Clock, hold: number, settled: (level: number) => void) {
    this.#clock = clock;
    this.#hold = hold;
    this.#settled = settled;
  }

  /** True while a level waits to be told. */
  get moving(): boolean {
    return this.#pending !== undefined;
  }

  hear(level: number): void {
    // A board reports eight pins at once: a report that a neighbour caused says nothing new and restarts nothing.
    if (level === this.#pending?.level) return;
    this.#drop();
    if (level === this.#level) return;
    if (this.#hold === 0) this.#settle(level);
    else this.#pending = { level, timer: this.#clock.after(this.#hold, () => this.#settle(level)) };
  }

  #settle(level: number): void {
    this.#pending = undefined;
    this.#level = level;
    this.#settled(level);
  }

  #drop(): void {
    this.#pending?.timer[Symbol.dispose]();
    this.#pending = undefined;
  }

  [Symbol.dispose](): void {
    this.#drop();
    this.#level = undefined;
  }
}
