/** The time that a meter tells of its freeze registers, by its own clock. Pure. */
import type { LocalDays } from '../core/time/local-days.ts';

/** A meter's clock may be this far off, minutes. */
const CLOCK_OFF = 10;

/**
 * The midnight (Unix epoch ms) at the beginning of the local day `day` where the text tells of it; undefined where it
 * tells of another time. Takes `2027-01-31 00:00`, with a two-digit year, `T`, `/` and seconds as well.
 */
export function frozenMidnight(text: string, days: LocalDays, day: number): number | undefined {
  const match = /^(?:20)?(\d{2})[-/](\d{2})[-/](\d{2})[ T](\d{2}):(\d{2})/.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, date, hour, minute] = match.slice(1).map(Number);
  const told = Date.UTC(2000 + (year ?? 0), (month ?? 1) - 1, date, hour, minute);
  const wanted = Date.parse(`${days.date(day).date}T00:00:00Z`);
  return Math.abs(told - wanted) <= CLOCK_OFF * 60_000 ? day : undefined;
}
