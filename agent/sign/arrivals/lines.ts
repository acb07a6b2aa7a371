/** Lines that call here, whether or not a bus comes: first and last bus (首末班), and what is said where there is no row. */
import type { ArrivalRow, LineBoard, LineState } from '../../core/arrival.ts';
import type { ScheduledCall } from '../../core/timetable.ts';
import type { ServiceDate, Translated } from '../../core/transit.ts';
import { addDays } from '../timetable/service-day.ts';
import { boards, type DirectionKey, headsignOf, type Timetable } from '../timetable/timetable.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The last bus is told of so long ahead. */
const LAST_SOON = 30 * MINUTE;
/** So long after the last bus it is said that it has gone; then it is night, and the first bus is told. */
const LAST_GONE = 4 * HOUR;
/** How far back and ahead calls are looked for. */
const BACK = 12 * HOUR;
const AHEAD = 36 * HOUR;

export interface LineInput {
  readonly timetable: Timetable;
  /** Unix epoch ms. */
  readonly now: number;
  /** ms */
  readonly horizon: number;
  readonly rows: readonly ArrivalRow[];
  /** Calls that run but do not stop here now, by line and direction. */
  readonly skipped: ReadonlySet<string>;
  /** Whether the time of day is known. */
  readonly timed: boolean;
  /** When buses were seen to leave, by key of run and call. */
  readonly left: (call: ScheduledCall) => boolean;
}

export function directionKey({ line, direction }: DirectionKey): string {
  return `${line}\n${direction ?? ''}`;
}

export function lineBoards(input: LineInput): readonly LineBoard[] {
  const { timetable } = input;
  return timetable.directions().flatMap((at) => {
    const line = timetable.lines.get(at.line);
    if (line === undefined) return [];
    const facts = {
      line: at.line,
      ...(at.direction === undefined ? {} : { direction: at.direction }),
      lineName: line.name,
    };
    return [{ ...facts, ...boardOf(input, at) }];
  });
}

type Rest = Omit<LineBoard, 'line' | 'direction' | 'lineName'>;

function boardOf(input: LineInput, at: DirectionKey): Rest {
  const { timetable, now, rows, timed } = input;
  const own = rows.filter((row) => row.line === at.line && row.direction === at.direction);
  const terminus = own[0]?.terminus ?? mostCommonTerminus(timetable, at, now, timed);
  if (!timed) return { terminus, state: own.length > 0 ? 'running' : 'no-data', lastSoon: false };
  const calls = timetable
    .calls(now - BACK, now + AHEAD)
    .filter((call) => sameDirection(call, at) && boards(call));
  const next = calls.find((call) => call.departure >= now && !input.left(call));
  const before = calls.findLast((call) => call.departure < now || input.left(call));
  const today = serviceDay(timetable, now, next, before, own.length > 0);
  const ends = timetable.firstAndLast(today, at);
  const state = stateOf(input, at, own, next, before);
  const lastAt = ends?.last;
  const lastSoon =
    lastAt !== undefined &&
    state === 'running' &&
    (lastAt.departure - now <= LAST_SOON || lastAt === next) &&
    own.some((row) => row.last);
  return {
    terminus,
    state,
    ...(ends === undefined ? {} : { first: ends.first.departure, last: ends.last.departure }),
    lastSoon,
    ...(state === 'running' || next === undefined ? {} : { next: next.departure }),
  };
}

function stateOf(
  { timetable, now, horizon, skipped }: LineInput,
  at: DirectionKey,
  own: readonly ArrivalRow[],
  next: ScheduledCall | undefined,
  before: ScheduledCall | undefined,
): LineState {
  if (own.length > 0) return 'running';
  const today = timetable.days.dateOf(now);
  if (!timetable.covers(today)) return 'no-data';
  if (skipped.has(directionKey(at))) return 'skipped';
  if (next !== undefined && next.departure - now <= horizon) return 'no-data';
  if (before !== undefined && now - before.departure < LAST_GONE && before.date !== next?.date) {
    return 'last-gone';
  }
  const runsToday = next !== undefined && (next.date === today || (before?.date ?? '') >= today);
  if (runsToday) return 'not-yet';
  // After the last bus of a day it is night until the first one of the next, unless there is none.
  if (next !== undefined && next.date === addDays(today, 1) && before !== undefined) return 'not-yet';
  return 'no-service';
}

/** Day whose first and last bus are told: that of the next bus, unless the last of the day before has only just gone. */
function serviceDay(
  timetable: Timetable,
  now: number,
  next: ScheduledCall | undefined,
  before: ScheduledCall | undefined,
  running: boolean,
): ServiceDate {
  if (before !== undefined && (running ? next === undefined : now - before.departure < LAST_GONE)) {
    return before.date;
  }
  return next?.date ?? before?.date ?? timetable.days.dateOf(now);
}

function sameDirection({ line, pattern }: ScheduledCall, at: DirectionKey): boolean {
  return line.id === at.line && (at.direction === undefined || pattern.direction === at.direction);
}

function mostCommonTerminus(timetable: Timetable, at: DirectionKey, now: number, timed: boolean): Translated {
  const day = timed ? timetable.days.dateOf(now) : timetable.extract.feed.from;
  const counts = new Map<string, { readonly words: Translated; count: number }>();
  const note = (words: Translated) => {
    const known = counts.get(words.text);
    if (known === undefined) counts.set(words.text, { words, count: 1 });
    else known.count += 1;
  };
  for (const call of timetable.day(day)) {
    if (sameDirection(call, at)) note(headsignOf(call, timetable.extract));
  }
  if (counts.size === 0) {
    for (const trip of timetable.extract.trips) {
      const pattern = timetable.extract.patterns[trip.pattern];
      if (pattern?.line === at.line && pattern.direction === at.direction) {
        note(headsignOf({ trip, pattern }, timetable.extract));
      }
    }
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.words ?? { text: '' };
}
