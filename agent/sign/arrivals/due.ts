/** A bus due soon, for whoever may use it: a lamp that greets it, a signal that lets it through, a flow. */
import type { ArrivalRow } from '../../core/sign/arrival.ts';

export interface Due {
  /** ms to the next bus that is measured; undefined: none is. */
  readonly next: number | undefined;
  /** Buses that are measured. */
  readonly buses: number;
  /** Rows that are due now. */
  readonly due: readonly ArrivalRow[];
}

/** `now`: ms; `within`: ms. Only what is measured counts: no lamp shines for a timetable. */
export function dueOf(rows: readonly ArrivalRow[], now: number, within: number): Due {
  const measured = rows.filter(({ state }) => state === 'live' || state === 'about');
  const left = ({ why }: ArrivalRow) => (why.expected ?? Number.POSITIVE_INFINITY) - now;
  const soonest = Math.min(...measured.map(left));
  return {
    next: Number.isFinite(soonest) ? Math.max(0, soonest) : undefined,
    buses: measured.length,
    due: measured.filter((row) => left(row) <= within),
  };
}
