/**
 * What a rider sees of one estimator: minutes that count down and up, rows that were there in time, rows that said now and
 * no bus came. Beside the accuracy of single predictions, which score.ts has.
 */
import { ShownRow } from '../../agent/sign/arrivals/shown.ts';

/** A live row must have been there for so long before the bus came, s. */
const FORECAST = 300;

interface Row {
  readonly since: number;
  /** Ours: held and with evidence. Else the moment it counts down to. */
  readonly shown?: ShownRow;
  due: number;
  zero: boolean;
}

export class Rider {
  updates = 0;
  ups = 0;
  arrivals = 0;
  forecast = 0;
  zeros = 0;
  ghosts = 0;
  readonly #held: boolean;
  readonly #rows = new Map<string, Row>();

  /** `held`: as the sign shows it; else minutes are floored as they come. */
  constructor(held: boolean) {
    this.#held = held;
  }

  /** Minutes on the screen after a prediction of `left` s at `now`. `near`: there is evidence that the bus is here. */
  show(key: string, left: number, now: number, near: boolean): number {
    const known = this.#rows.get(key);
    const row: Row = known ?? {
      since: now,
      ...(this.#held ? { shown: new ShownRow() } : {}),
      due: now + left,
      zero: false,
    };
    if (known === undefined) this.#rows.set(key, row);
    const before =
      known === undefined
        ? undefined
        : (row.shown?.at(now, near) ?? Math.max(0, Math.floor((row.due - now) / 60)));
    const after = row.shown?.promise(left, now, near) ?? Math.max(0, Math.floor(left / 60));
    row.due = now + left;
    if (before !== undefined) {
      this.updates += 1;
      if (after > before) this.ups += 1;
    }
    row.zero ||= after === 0;
    return after;
  }

  arrived(key: string, time: number): void {
    const row = this.#rows.get(key);
    this.#rows.delete(key);
    this.arrivals += 1;
    if (row !== undefined && time - row.since >= FORECAST) this.forecast += 1;
    if (row?.zero === true) this.zeros += 1;
  }

  /** The bus went another way, or was heard no more: rows that had said now were ghosts. `until`: end of the recording. */
  close(until: number): void {
    for (const row of this.#rows.values()) {
      if (!row.zero || row.due > until - 900) continue;
      this.zeros += 1;
      this.ghosts += 1;
    }
    this.#rows.clear();
  }

  /** %, per 100 updates, % of the rows that said now. */
  figures(): { readonly coverage: number; readonly jitter: number; readonly ghosts: number } {
    return {
      coverage: (100 * this.forecast) / Math.max(1, this.arrivals),
      jitter: (100 * this.ups) / Math.max(1, this.updates),
      ghosts: (100 * this.ghosts) / Math.max(1, this.zeros),
    };
  }
}
