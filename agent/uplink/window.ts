/**
 * How much may be under way. Live data may use every slot; the backlog leaves a quarter free, and less again while its
 * acknowledgements are slow, so that on a thin link live data does not queue behind megabytes of it.
 */
import type { Mono } from '../core/reading.ts';

/** An acknowledgement slower than this halves the backlog's slots, ms. */
const SLOW = 1000;

export interface WindowOptions {
  /** Messages under way at once, at least 1. */
  readonly inFlight: number;
  /** Records per second of backlog; 0: no limit. */
  readonly replayRate: number;
}

export class Window {
  readonly #inFlight: number;
  readonly #rate: number;
  readonly #most: number;
  #slots: number;
  #under = { live: 0, backlog: 0 };
  #tokens: number;
  #filled: Mono;

  constructor({ inFlight, replayRate }: WindowOptions, now: Mono) {
    this.#inFlight = Math.max(1, inFlight);
    this.#most = Math.max(1, Math.floor(this.#inFlight * 0.75));
    this.#slots = this.#most;
    this.#rate = replayRate;
    this.#tokens = replayRate;
    this.#filled = now;
  }

  get underWay(): number {
    return this.#under.live + this.#under.backlog;
  }

  /** Whether one more message of `stream` may leave. The last place is kept for what is `urgent`: an alarm waits for nobody. */
  open(stream: 'live' | 'backlog', urgent = false): boolean {
    const places = urgent || this.#inFlight === 1 ? this.#inFlight : this.#inFlight - 1;
    if (this.underWay >= places) return false;
    return stream === 'live' || this.#under.backlog < this.#slots;
  }

  /** ms until the replay limit lets the next backlog message go; 0: now. */
  wait(now: Mono): number {
    if (this.#rate === 0) return 0;
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#filled) / 1000) * this.#rate);
    this.#filled = now;
    // A whole message leaves on the last token and is paid for afterwards: a rate below its size still moves.
    return this.#tokens > 0 ? 0 : Math.ceil((-this.#tokens / this.#rate) * 1000) + 1;
  }

  sent(stream: 'live' | 'backlog', records: number): void {
    this.#under[stream] += 1;
    if (stream === 'backlog' && this.#rate > 0) this.#tokens -= records;
  }

  answered(stream: 'live' | 'backlog', tookMs: number): void {
    this.#under[stream] -= 1;
    if (stream === 'live') return;
    this.#slots = tookMs > SLOW ? Math.max(1, this.#slots >> 1) : Math.min(this.#most, this.#slots + 1);
  }
}
