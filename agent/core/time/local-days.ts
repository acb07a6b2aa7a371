/** Local days of the site, which have 23, 24 or 25 hours, and rarely something else. */
import { zoneOffset } from './zone.ts';

const HOUR = 3_600_000;
const QUARTER = 900_000;

export class LocalDays {
  readonly #offset: (time: number) => number;
  #start = 0;
  #end = 0;
  #quarter = Number.NaN;
  #hour = 0;

  /** Throws `RangeError` for a zone that is not in the IANA table. */
  constructor(timezone: string) {
    this.#offset = zoneOffset(timezone);
  }

  /** Local date and time of an instant, as if it were UTC. */
  #local(time: number): number {
    return Math.floor(time / 1000) * 1000 + this.#offset(time);
  }

  /** Hour of the local day at `time`, 0…23. Clocks change by whole quarters of an hour. */
  hour(time: number): number {
    const quarter = Math.floor(time / QUARTER);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#hour = Math.floor((this.#local(quarter * QUARTER) % (24 * HOUR)) / HOUR);
    }
    return this.#hour;
  }

  /** First instant of the local day that holds `time`; both Unix epoch ms. */
  start(time: number): number {
    if (time >= this.#start && time < this.#end) return this.#start;
    this.#start = this.#find(time);
    this.#end = this.#find(this.#start + 36 * HOUR);
    return this.#start;
  }

  /** First instant of the day after the one that begins at `start`. */
  next(start: number): number {
    return this.start(start + 36 * HOUR);
  }

  /**
   * The instant at which clocks of the local day beginning at `start` show `minutes` after midnight (0…1440). A time that
   * the day skips (clocks put forward) is the instant of the change; one it has twice is the first.
   */
  at(start: number, minutes: number): number {
    const shown = this.#local(start) + minutes * 60_000;
    const candidates = [this.#offset(start), this.#offset(start + 26 * HOUR)]
      .map((offset) => shown - offset)
      .sort((a, b) => a - b);
    return candidates.find((instant) => this.#local(instant) === shown) ?? candidates[0] ?? start;
  }

  /** Date of the local day that holds `time`: `2027-06-21`, and its weekday, 0 is Sunday. */
  date(time: number): { readonly date: string; readonly weekday: number } {
    const local = new Date(this.#local(Math.floor(time / 1000) * 1000));
    return { date: local.toISOString().slice(0, 10), weekday: local.getUTCDay() };
  }

  #find(time: number): number {
    const day = 24 * HOUR;
    const midnight = Math.floor(this.#local(time) / day) * day;
    // Midnight by the offset before or after a change of the clock in between; where it does not exist (the change is
    // at midnight), the offset before gives the instant of the change, which is the first of the day.
    const candidates = [this.#offset(midnight - day), this.#offset(midnight + day)]
      .map((offset) => midnight - offset)
      .filter((instant) => Math.floor(this.#local(instant) / day) * day === midnight);
    return candidates.length === 0 ? midnight - this.#offset(time) : Math.min(...candidates);
  }
}
