/**
 * Late-answer guard, the part that keeps count. Modbus RTU and its kin have no transaction number, so an answer that
 * comes after its time-out looks like the answer to the next request (pymodbus PR#2636). What can be proved is this:
 * a request gets at most one answer, a device answers in order, and no answer comes later than `horizon`. So every
 * failed request leaves a debt, and
 * - a frame that the matcher of a debt takes settles the oldest such debt, whenever it comes;
 * - a frame is an answer to the current request only if no open debt would take it too;
 * - such a proven answer settles all older debts of its device, for they would have come before it.
 */
import type { Matcher } from '../core/link.ts';
import type { Mono } from '../core/reading.ts';

export interface Debt {
  readonly device: string;
  readonly match: Matcher;
  /** When the request had left. */
  readonly sent: Mono;
}

export class OwedAnswers {
  readonly #horizon: number;
  #open: Debt[] = [];

  /** `horizon`: latest an answer is thought possible, ms after its request. */
  constructor(horizon: number) {
    this.#horizon = horizon;
  }

  add(debt: Debt): void {
    this.#open.push(debt);
    // A line on which nobody answers must not collect them; the oldest are the least likely to be paid.
    if (this.#open.length > 64) this.#open.shift();
  }

  expire(now: Mono): void {
    const first = this.#open[0];
    if (first === undefined || now - first.sent < this.#horizon) return;
    this.#open = this.#open.filter((debt) => now - debt.sent < this.#horizon);
  }

  /** Settles the oldest debt that takes `frame`; false where none does. */
  take(frame: Uint8Array): boolean {
    const index = this.#open.findIndex((debt) => accepts(debt.match, frame));
    if (index < 0) return false;
    this.#open.splice(index, 1);
    return true;
  }

  /** An answer proven to be of a later request came from `device`. */
  settle(device: string): void {
    if (this.#open.length > 0) this.#open = this.#open.filter((debt) => debt.device !== device);
  }

  /** When the last debt of `device` expires; undefined where it owes nothing. */
  until(device: string, now: Mono): Mono | undefined {
    this.expire(now);
    const last = this.#open.findLast((debt) => debt.device === device);
    return last === undefined ? undefined : last.sent + this.#horizon;
  }

  /** Looks for owed answers in bytes that came while nothing was asked. Gives the bytes still to be looked at. */
  sift(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    for (let found = true; found && rest.length > 0; ) {
      found = false;
      for (const debt of this.#open) {
        const end = find(debt.match, rest);
        if (end === undefined) continue;
        this.#open = this.#open.filter((other) => other !== debt);
        rest = rest.subarray(end);
        found = true;
        break;
      }
    }
    return this.#open.length === 0 ? rest.subarray(rest.length) : rest;
  }

  get size(): number {
    return this.#open.length;
  }
}

/** True where `frame` as a whole is an answer for `match`. */
export function accepts(match: Matcher, frame: Uint8Array): boolean {
  const found = match(frame);
  return found.kind === 'frame' && found.length === frame.length;
}

/** End of the first frame that `match` takes; undefined where there is none yet. */
function find(match: Matcher, bytes: Uint8Array): number | undefined {
  for (let from = 0; from < bytes.length; ) {
    const found = match(bytes.subarray(from));
    if (found.kind === 'more') return undefined;
    const step = Math.max(1, found.length);
    if (found.kind === 'frame') return from + step;
    from += step;
  }
  return undefined;
}
