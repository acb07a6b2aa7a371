/** Local time as HJ 212 wants them: milliseconds in QN, and dates of any length taken. */
import { LocalTime } from '../../core/time/local-time.ts';

export class Calendar extends LocalTime {
  /** 17 digits, with milliseconds. */
  stamp(time: number): string {
    return new Date(time + this.offset(time)).toISOString().replace(/\D/g, '').slice(0, 17);
  }

  /** Instant of 8 to 17 digits: what is missing is zero, what is too much is forgiven. */
  override parse(text: string): number | undefined {
    return /^\d{8,17}$/.test(text) ? super.parse(text.padEnd(14, '0').slice(0, 14)) : undefined;
  }
}
