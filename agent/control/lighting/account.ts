/**
 * Energy of one lamp and what its programme saved: against the same lamp at full light through the same night, reckoned
 * from its own measured curve. Amounts per interval, so that a restart loses at most one interval and doubles none.
 */

export interface Amount {
  /** kWh since the amount before. */
  readonly used: number;
  /** kWh that full light from dusk to dawn would have taken besides. */
  readonly saved: number;
}

/** Two measurements further apart than this leave a hole: nothing is known of it. */
const HOLE = 15 * 60_000;
const MS_PER_KWH = 3_600_000_000;

export class LampAccount {
  #used = 0;
  #saved = 0;
  #last: { readonly time: number; readonly watts: number; readonly full: number } | undefined;

  /** `watts` measured and `full` what full light would take now: 0 where it is day. `time`: mono ms at the street's rate. */
  take(time: number, watts: number, full: number): void {
    const last = this.#last;
    this.#last = { time, watts, full };
    if (last === undefined || time <= last.time || time - last.time > HOLE) return;
    const span = time - last.time;
    const used = ((last.watts + watts) / 2) * span;
    const baseline = ((last.full + full) / 2) * span;
    this.#used += used / MS_PER_KWH;
    // By day there is nothing to save on; a lamp that burns then is a finding and no negative saving.
    if (baseline > 0) this.#saved += (baseline - used) / MS_PER_KWH;
  }

  /** What has come together since the last call. */
  close(): Amount {
    const amount = { used: this.#used, saved: this.#saved };
    this.#used = 0;
    this.#saved = 0;
    return amount;
  }
}
