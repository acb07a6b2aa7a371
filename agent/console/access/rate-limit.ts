/** Counts failures per key and stops those who fail too often; a bucket that refills as time goes by. */
import type { Clock } from '../../core/time/clock.ts';

export interface RateLimitOptions {
  /** Failures at once before the door shuts. */
  readonly burst: number;
  /** ms until one more try is given. */
  readonly refill: number;
}

/** Keys remembered at once. A key is forgotten when its bucket would be full, so forgetting gives nobody more tries. */
const MOST = 4096;

export class RateLimit {
  readonly #clock: Clock;
  readonly #options: RateLimitOptions;
  /** When the bucket of a key is full again, monotonic ms. */
  readonly #fullAt = new Map<string, number>();

  constructor(clock: Clock, options: RateLimitOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** ms to wait before `key` may try, 0 where it may now. */
  wait(key: string): number {
    const now = this.#clock.mono();
    const debt = Math.max(0, (this.#fullAt.get(key) ?? now) - now);
    return Math.max(0, debt - (this.#options.burst - 1) * this.#options.refill);
  }

  /** Notes a failure. */
  failed(key: string): void {
    const now = this.#clock.mono();
    if (this.#fullAt.size >= MOST && !this.#fullAt.has(key)) this.#forget(now);
    const from = Math.max(now, this.#fullAt.get(key) ?? now);
    this.#fullAt.set(key, from + this.#options.refill);
  }

  /** Takes one failure back. */
  undo(key: string): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - this.#options.refill);
  }

  #forget(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    for (const key of this.#fullAt.keys()) {
      if (this.#fullAt.size < MOST) return;
      this.#fullAt.delete(key);
    }
  }
}
