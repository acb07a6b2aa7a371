/**
 * Requests for a rebirth: the first is answered at once, and those that follow soon after by one birth together, so that
 * hosts that ask in a chorus do not make the line carry nothing but births.
 */
import type { Clock } from '../../core/time/clock.ts';

export class RebirthGuard {
  readonly #clock: Clock;
  readonly #every: number;
  readonly #give: () => void;
  #due: number;
  #timer: Disposable | undefined;

  /** `every`: births are at least so far apart, ms. `give` publishes them. */
  constructor(clock: Clock, every: number, give: () => void) {
    this.#clock = clock;
    this.#every = every;
    this.#give = give;
    this.#due = clock.mono();
  }

  /** A birth is owed, and no data may leave before it [tck-id-operational-behavior-data-commands-rebirth-action-1]. */
  get owed(): boolean {
    return this.#timer !== undefined;
  }

  /** Somebody asks. */
  ask(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#due - this.#clock.mono();
    if (wait <= 0) this.#now();
    else this.#timer = this.#clock.after(wait, () => this.#now());
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #now(): void {
    this.#timer = undefined;
    this.#due = this.#clock.mono() + this.#every;
    this.#give();
  }
}
