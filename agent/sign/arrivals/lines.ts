/** Lines that call here, whether or not a bus comes: first and last bus (首末班), and what is said where there is no row. */
import type { ArrivalRow, LineBoard, LineState } from '../../core/sign/arrival.ts';
import type { ScheduledCall } from '../../core/sign/timetable.ts';
import type { ServiceDate, Translated } from '../../core/sign/transit.ts';
import { addDays } from '../timetable/service-day.ts';
import {
  boards,
  type DirectionKey,
  type FirstAndLast,
  headsignOf,
  type Timetable,
} from '../timetable/timetable.ts';

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
  readonly known: LineCalls;
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

/** Calls about now, sorted out by line and direction once a minute, and first and last bus of the days asked for. */
export class LineCalls {
  readonly #timetable: Timetable;
  #minute = Number.NaN;
  #byDirection = new Map<string, ScheduledCall[]>();
  readonly #ends = new Map<string, FirstAndLast | undefined>();
  readonly #termini = new Map<string, Translated>();

  constructor(timetable: Timetable) {
    this.#timetable = timetable;
  }

  /** Calls at which riders can board, from 12 h before to 36 h after `now`, ms, in order of departure. */
  about(at: DirectionKey, now: number): readonly ScheduledCall[] {
    const minute = Math.floor(now / MINUTE);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#byDirection = new Map();
      for (const call of this.#timetable.calls(now - BACK, now + AHEAD)) {
        if (!boards(call)) continue;
        const { line, direction } = call.pattern;
        const key = directionKey(direction === undefined ? { line } : { line, direction });
        const list = this.#byDirection.get(key);
        if (list === undefined) this.#byDirection.set(key, [call]);
        else list.push(call);
      }
    }
    return this.#byDirection.get(directionKey(at)) ?? [];
  }

  ends(date: ServiceDate, at: DirectionKey): FirstAndLast | undefined {
    const key = `${date}\n${directionKey(at)}`;
    if (this.#ends.has(key)) return this.#ends.get(key);
    if (this.#ends.size > 500) this.#ends.clear();
    const found = this.#timetable.firstAndLast(date, at);
    this.#ends.set(key, found);
    return found;
  }

  /** What most buses of the direction show. */
  terminus(at: DirectionKey): Translated {
    const key = directionKey(at);
    const known = this.#termini.get(key);
    if (known !== undefined) return known;
    const found = mostCommonTerminus(this.#timetable, at);
    this.#termini.set(key, found);
    return found;
  }
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
  const { timetable, known, now, rows, timed } = input;
  const own = rows.filter((row) => row.line === at.line && row.direction === at.direction);
  const terminus = own[0]?.terminus ?? known.terminus(at);
  if (!timed) return { terminus, state: own.length > 0 ? 'running' : 'no-data', lastSoon: false };
  const calls = known.about(at, now);
  const next = calls.find((call) => call.departure >= now && !input.left(call));
  const before = calls.findLast((call) => call.departure < now || input.left(call));
  const today = serviceDay(timetable, now, next, before, own.length > 0);
  const ends = known.ends(today, at);
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

function mostCommonTerminus(timetable: Timetable, at: DirectionKey): Translated {
  const { trips, patterns } = timetable.extract;
  const counts = new Map<string, { readonly words: Translated; count: number }>();
  for (const trip of trips) {
    const pattern = patterns[trip.pattern];
    if (pattern === undefined || pattern.line !== at.line || pattern.direction !== at.direction) continue;
    const words = headsignOf({ trip, pattern }, timetable.extract);
    const known = counts.get(words.text);
    if (known === undefined) counts.set(words.text, { words, count: 1 });
    else known.count += 1;
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.words ?? { text: '' };
}
