/** Exponential back-off with full jitter (delays drawn from 0…cap, so that a herd spreads out). */
export interface BackoffOptions {
  /** First ceiling, ms. Default 1000. */
  readonly first?: number;
  /** Growth per attempt. Default 2. */
  readonly factor?: number;
  /** Highest ceiling, ms. Default 60000. */
  readonly max?: number;
  /** Health that forgets earlier failures, ms. Default 60000. */
  readonly resetAfter?: number;
  /** 0 ≤ random() < 1. Default Math.random; a seeded one in tests. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempt = 0;
  #healthySince: number | undefined;

  constructor(options: BackoffOptions = {}) {
    this.#options = {
      first: 1000,
      factor: 2,
      max: 60_000,
      resetAfter: 60_000,
      random: Math.random,
      ...options,
    };
  }

  /** How many failures in a row so far. */
  get attempts(): number {
    return this.#attempt;
  }

  /** Wait before the next try, ms. `now` is monotonic ms. */
  next(now: number): number {
    const { first, factor, max, resetAfter, random } = this.#options;
    if (this.#healthySince !== undefined && now - this.#healthySince >= resetAfter) this.#attempt = 0;
    this.#healthySince = undefined;
    const ceiling = Math.min(max, first * factor ** this.#attempt);
    this.#attempt += 1;
    return random() * ceiling;
  }

  /** Tells that the thing works since `now` (monotonic ms); after `resetAfter` of it the ladder starts anew. */
  healthy(now: number): void {
    this.#healthySince ??= now;
  }
}
