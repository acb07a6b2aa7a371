/**
 * The minutes that a row shows: whole minutes that have fully to pass, and no step back up for one minute on one
 * position's word. Who promised four minutes and then says five has lost a rider's trust, often for nothing.
 */

/** Minutes shown for a promise of `left` s. */
export function minutes(left: number): number {
  return Math.max(0, Math.floor(left / 60));
}

/** One row of the screen; a new one for each bus and stop. */
export class ShownRow {
  #minutes: number | undefined;
  #since = 0;
  #held = false;

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
    this.#minutes = wanted;
    this.#since = now;
    return wanted;
  }

  /** What the row shows at `now` without a new promise; undefined before the first. */
  countedDown(now: number): number | undefined {
    if (this.#minutes === undefined) return undefined;
    return Math.max(0, this.#minutes - Math.floor((now - this.#since) / 60));
  }
}
