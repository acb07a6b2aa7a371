/** How often a line runs about now, where no single bus can be told of: from headways, or from a timetable that has ended. */
import type { ScheduledCall } from '../../core/sign/timetable.ts';
import { addDays } from '../timetable/service-day.ts';
import { boards, type DirectionKey, type Timetable } from '../timetable/timetable.ts';

const HOUR = 3_600_000;
/** Weeks back in which a timetable that has ended is looked for. */
const WEEKS = 60;

/** Minutes between buses, lower and upper; undefined where the line does not run about now. `now`: Unix epoch ms. */
export function headwayOf(
  timetable: Timetable,
  at: DirectionKey,
  now: number,
): readonly [number, number] | undefined {
  const like = sameDay(timetable, now);
  if (like === undefined) return undefined;
  const moment = now - like.days * 24 * HOUR;
  const calls = timetable
    .calls(moment - HOUR / 2, moment + HOUR)
    .filter((call) => fits(call, at) && boards(call));
  const told = calls.filter((call) => call.departure >= moment).flatMap((call) => call.headway ?? []);
  if (told.length > 0) return [lower(Math.min(...told)), upper(Math.max(...told))];
  // A timetable that holds has rows of its own.
  if (like.days === 0) return undefined;
  const gaps = calls.slice(1).map((call, i) => (call.departure - (calls[i]?.departure ?? 0)) / 1000);
  if (gaps.length < 2) return undefined;
  return [lower(Math.min(...gaps)), upper(Math.max(...gaps))];
}

/** The same day of the week in the last week that the timetable knows. */
function sameDay(timetable: Timetable, now: number): { readonly days: number } | undefined {
  const today = timetable.days.dateOf(now);
  for (let weeks = 0; weeks <= WEEKS; weeks++) {
    if (timetable.covers(addDays(today, -7 * weeks))) return { days: 7 * weeks };
  }
  return undefined;
}

function fits({ line, pattern }: ScheduledCall, at: DirectionKey): boolean {
  return line.id === at.line && (at.direction === undefined || pattern.direction === at.direction);
}

function lower(seconds: number): number {
  return Math.max(1, Math.floor(seconds / 60));
}

function upper(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}
