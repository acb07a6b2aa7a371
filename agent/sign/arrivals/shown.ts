/**
 * The minutes that a row shows: whole minutes that have fully to pass, and no step back up for one minute on one
 * position's word. Who promised four minutes and then says five has lost a rider's trust, often for nothing.
 */

/** A bus is said to come now (即将进站) where it is expected within this, s, or seen within this, metres along its way. */
export const APPROACH = { seconds: 30, metres: 120 } as const;

/** The end of a minute, s. */
const WHOLE = 59.999;

/** Minutes shown for a promise of `left` s. */
export function minutes(left: number): number {
  return Math.max(0, Math.floor(left / 60));
}

/** One row of the screen; a new one for each bus and stop. */
export class ShownRow {
  #due: number | undefined;
  #held = false;

  /** The moment that the row counts down to, s: its whole minutes are shown. Undefined before the first promise. */
  get due(): number | undefined {
    return this.#due;
  }

  /** Whether the last promise waits for a second one that says the same. */
  get held(): boolean {
    return this.#held;
  }

  /**
   * Takes a promise of `left` s, made at `now`, s; gives the minutes to show. A rise of one minute, against what the row
   * shows by counting down, waits for a second position that says so. `near`: there is evidence that the bus comes now;
   * without it no row says 0.
   */
  promise(left: number, now: number, near: boolean): number {
    const wanted = minutes(left);
    const before = this.#due === undefined ? undefined : minutes(this.#due - now);
    this.#held = before !== undefined && wanted === before + 1 && !this.#held;
    // A minute once shown stays a whole one, unless something new is heard: positions waver by as much.
    if (!this.#held) this.#due = now + wanted * 60 + WHOLE;
    return this.at(now, near) ?? 0;
  }

  /** What the row shows at `now` without a new promise; undefined before the first. */
  at(now: number, near: boolean): number | undefined {
    if (this.#due === undefined) return undefined;
    return Math.max(near ? 0 : 1, minutes(this.#due - now));
  }
}
