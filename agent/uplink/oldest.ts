/** When the oldest record that an uplink still waits with was measured: what a backlog is in hours. */

import { LANES, type Lane } from '../core/point.ts';
import type { Cursor, Heads, LogSource } from '../core/record.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';

/** The log is looked at once in this time at most, ms: while a backlog drains, its oldest record changes all the time. */
const LOOK_EVERY = 5000;
/** What waits no longer than this is on its way, ms. */
const SOON = 15_000;

export class OldestWaiting {
  readonly #source: Pick<LogSource, 'read'>;
  readonly #clock: Clock;
  readonly #known = new Map<Lane, { readonly low: number; readonly time: number | undefined }>();
  #looked = Number.NEGATIVE_INFINITY;

  constructor(source: Pick<LogSource, 'read'>, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Unix epoch ms; undefined where nothing waits, or not for long. */
  at(heads: Heads, cursor: (lane: Lane) => Cursor): number | undefined {
    const now = this.#clock.mono();
    if (now - this.#looked >= LOOK_EVERY) {
      this.#looked = now;
      for (const lane of LANES) this.#look(lane, heads[lane], cursor(lane).low);
    }
    const times = LANES.flatMap((lane) => {
      const { low } = cursor(lane);
      return low < heads[lane] ? (this.#known.get(lane)?.time ?? []) : [];
    });
    const oldest = Math.min(...times);
    const wall = wallAt(this.#clock.mapping(), now).time;
    return Number.isFinite(oldest) && wall - oldest > SOON ? oldest : undefined;
  }

  #look(lane: Lane, head: number, low: number): void {
    if (low >= head) {
      this.#known.delete(lane);
      return;
    }
    if (this.#known.get(lane)?.low === low) return;
    const time = this.#source.read(lane, low + 1, 1)?.records[0]?.time;
    this.#known.set(lane, { low, time });
  }
}
