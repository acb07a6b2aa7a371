/**
 * The minutes that a row shows: whole minutes that have fully to pass, and no step back up for one minute on one
 * position's word. Who promised four minutes and then says five has lost a rider's trust, often for nothing.
 */

/** Minutes shown for a promise of `left` s. */
export function minutes(left: number): number {
  return Math.max(0, Math.floor(left / 60));
}

/** The end of a minute, s. */
const WHOLE = 59.999;

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
   * What to show for a promise of `left` s at `now`, s. A rise of one minute, against what the row shows by counting
   * down, waits for a second position that says so.
   */
  show(left: number, now: number): number {
    const wanted = minutes(left);
    const before = this.countedDown(now);
    if (before !== undefined && wanted === before + 1 && !this.#held) {
      this.#held = true;
      return before;
    }
    this.#held = false;
    // A minute once shown stays a whole one, unless something new is heard: positions waver by as much.
    this.#due = now + wanted * 60 + WHOLE;
    return wanted;
  }

  /** What the row shows at `now` without a new promise; undefined before the first. */
  countedDown(now: number): number | undefined {
    return this.#due === undefined ? undefined : minutes(this.#due - now);
  }
}
