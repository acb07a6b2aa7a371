/**
 * Holds what was measured under a clock that is not to be trusted, for a while: true time may become known, and then it
 * leaves with that. Alarms and events never wait. What leaves earlier says so (`clock` of the record), and the mapping
 * follows as an event.
 */

import { LANES, type Lane } from '../core/point.ts';
import type { Mono } from '../core/reading.ts';
import type { Heads, LogSource } from '../core/record.ts';
import { type Clock, trusted } from '../core/time/clock.ts';

/** Lanes that wait. */
const HELD: ReadonlySet<Lane> = new Set<Lane>(['meter', 'telemetry', 'bulk']);
/** How fine the past is kept: what is held leaves in steps of this, ms. */
const STEP = 5000;

export class Hold {
  readonly #clock: Clock;
  readonly #source: LogSource;
  readonly #most: number;
  /** Heads as they were, oldest first; what the first says has been here long enough. */
  #past: { readonly mono: Mono; readonly heads: Heads }[] = [];
  #holding = false;

  /** `most`: ms. */
  constructor(clock: Clock, source: LogSource, most: number) {
    this.#clock = clock;
    this.#source = source;
    this.#most = most;
  }

  /** Up to where records may leave now. */
  release(heads: Heads): Heads {
    if (trusted(this.#clock.mapping().rank) && !(this.#holding && this.#stillUntimed(heads))) {
      this.#holding = false;
      this.#past = [];
      return heads;
    }
    const now = this.#clock.mono();
    // What was there before anybody looked has waited already.
    if (!this.#holding)
      this.#past = [{ mono: Number.NEGATIVE_INFINITY, heads: this.#past[0]?.heads ?? heads }];
    this.#holding = true;
    const last = this.#past.at(-1);
    if (last === undefined || now - last.mono >= STEP) this.#past.push({ mono: now, heads });
    while ((this.#past[1]?.mono ?? Number.POSITIVE_INFINITY) <= now - this.#most) this.#past.shift();
    const free = this.#past[0]?.heads ?? heads;
    const released = LANES.map((lane) => [
      lane,
      HELD.has(lane) ? Math.min(free[lane], heads[lane]) : heads[lane],
    ]);
    return Object.fromEntries(released) as Heads;
  }

  /** ms until something that waits now may leave; undefined where nothing waits. */
  wait(): number | undefined {
    const next = this.#past[1];
    return this.#holding && next !== undefined
      ? Math.max(1, next.mono + this.#most - this.#clock.mono())
      : undefined;
  }

  /** The clock is right, but the log does not have the mapping yet: it comes with the next commit. */
  #stillUntimed(heads: Heads): boolean {
    for (const lane of HELD) {
      if (heads[lane] === 0) continue;
      const newest = this.#source.read(lane, heads[lane], 1)?.records.at(-1);
      if (newest !== undefined && !trusted(newest.rank)) return true;
    }
    return false;
  }
}
