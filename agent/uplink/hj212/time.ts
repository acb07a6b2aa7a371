/** Local time and local days as HJ 212 wants them: milliseconds in QN, periods by day, and dates of any length taken. */
import { LocalTime } from '../local-time.ts';

const DAY = 86_400_000;

export class Calendar extends LocalTime {
  /** 17 digits, with milliseconds. */
  stamp(time: number): string {
    return new Date(time + this.offset(time)).toISOString().replace(/\D/g, '').slice(0, 17);
  }

  /** Instant of 8 to 17 digits: what is missing is zero, what is too much is forgiven. */
  override parse(text: string): number | undefined {
    return /^\d{8,17}$/.test(text) ? super.parse(text.padEnd(14, '0').slice(0, 14)) : undefined;
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
}
