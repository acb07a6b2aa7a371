/** Local time of the site as the protocols of centres write it: `yyyyMMddHHmmss`. */
import { zoneOffset } from './zone.ts';

/** Offsets change at quarter hours at the soonest. */
const QUARTER = 900_000;
const DAY = 86_400_000;

export class LocalTime {
  readonly #zone: (time: number) => number;
  #quarter = Number.NaN;
  #offset = 0;

  /** Throws `RangeError` for a zone that is not in the IANA table. */
  constructor(timezone: string) {
    this.#zone = zoneOffset(timezone);
  }

  /** 14 digits of an instant (Unix epoch ms), to the second below. */
  text(time: number): string {
    return digits(time + this.offset(time));
  }

  /** Instant of 14 digits; undefined where they are no date. Of an hour that comes twice the first is taken. */
  parse(text: string): number | undefined {
    const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
    if (parts === null) return undefined;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    if (digits(local) !== text) return undefined;
    const guess = local - this.offset(local - this.offset(local));
    return local - this.offset(guess);
  }

  /** Number of the local day that holds `time`, from 1970-01-01. */
  day(time: number): number {
    return Math.floor((time + this.offset(time)) / DAY);
  }

  /** First instant of a local day. */
  dayStart(day: number): number {
    const local = day * DAY;
    const guesses = [local - this.offset(local - DAY), local - this.offset(local + DAY)];
    // Around a change of the clock: the reckoning that comes back to the same local time, the earlier one first.
    const [first = 0, second = 0] = guesses.sort((a, b) => a - b);
    return first + this.offset(first) === local ? first : second;
  }

  /** ms that local time is ahead of UTC. */
  offset(time: number): number {
    const quarter = Math.floor(time / QUARTER);
    if (quarter === this.#quarter) return this.#offset;
    this.#quarter = quarter;
    this.#offset = this.#zone(quarter * QUARTER);
    return this.#offset;
  }
}

function digits(local: number): string {
  return new Date(local).toISOString().replace(/\D/g, '').slice(0, 14);
}
