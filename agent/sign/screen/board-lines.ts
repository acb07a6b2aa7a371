/** The lines of a board from the rows of the arrivals: names, times of day, and why each says what it says. */

import type { BoardArrival, BoardLine, Crowding, LineState, LineStrip, Reason } from '../../core/board.ts';
import type { ArrivalBoard, ArrivalRow, LineBoard } from '../../core/sign/arrival.ts';
import type { StopExtract } from '../../core/sign/timetable.ts';
import type { Occupancy } from '../../core/sign/transit.ts';
import type { Names } from './names.ts';

export interface LineInputs {
  readonly arrivals: ArrivalBoard;
  readonly extract: StopExtract | undefined;
  readonly names: Names;
  /** Local `HH:mm` of an instant, or undefined while nothing may be a time of day. */
  readonly hhmm: (time: number) => string | undefined;
  /** Alerts by line. */
  readonly alerts: ReadonlyMap<string, readonly string[]>;
}

/** Up to so many lines riders look for their own by its place; beyond, the soonest comes first. */
const FIXED_ORDER = 6;
/** Buses of a line that are told at once. */
const MOST = 3;
/** Stops drawn before this one, and behind it. */
const BEFORE = 5;
const BEHIND = 1;

export function boardLines(inputs: LineInputs): readonly BoardLine[] {
  const { arrivals, extract } = inputs;
  const order = new Map(extract?.lines.map(({ id, order }, place) => [id, order ?? place]));
  const lines = arrivals.lines.map((line) => ({ line, rows: rowsOf(arrivals.rows, line) }));
  const place = ({ line }: (typeof lines)[number]) => order.get(line.line) ?? Number.MAX_SAFE_INTEGER;
  const soonest = ({ rows }: (typeof lines)[number]) =>
    rows[0]?.due ?? rows[0]?.scheduled ?? Number.MAX_SAFE_INTEGER;
  const sorted =
    lines.length <= FIXED_ORDER
      ? lines.toSorted((a, b) => place(a) - place(b) || byName(a.line, b.line))
      : lines.toSorted((a, b) => soonest(a) - soonest(b) || byName(a.line, b.line));
  return sorted.map(({ line, rows }) => boardLine(line, rows, inputs));
}

function byName(a: LineBoard, b: LineBoard): number {
  const named = a.lineName.text.localeCompare(b.lineName.text, 'en', { numeric: true });
  return named || (a.direction ?? 0) - (b.direction ?? 0);
}

function rowsOf(rows: readonly ArrivalRow[], { line, direction }: LineBoard): readonly ArrivalRow[] {
  return rows.filter((row) => row.line === line && row.direction === direction);
}

function boardLine(line: LineBoard, rows: readonly ArrivalRow[], inputs: LineInputs): BoardLine {
  const { arrivals, extract, names, hhmm, alerts } = inputs;
  const known = extract?.lines.find(({ id }) => id === line.line);
  const headway = rows.find(({ state }) => state === 'headway')?.headway;
  const shown = rows.filter(({ state }) => state !== 'headway').slice(0, MOST);
  const first = line.first === undefined ? undefined : hhmm(line.first);
  const last = line.last === undefined ? undefined : hhmm(line.last);
  const firstNext = line.next === undefined ? undefined : hhmm(line.next);
  const strip = stripOf(shown, inputs);
  return {
    id: line.direction === undefined ? line.line : `${line.line}/${line.direction}`,
    badge: line.lineName.text,
    ...(known?.colour === undefined ? {} : { colour: known.colour }),
    to: names.of(line.terminus),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    arrivals: shown.map((row) => arrivalOf(row, arrivals.at, hhmm)),
    state: stateOf(line, headway !== undefined, arrivals.at),
    ...(headway === undefined ? {} : { headway }),
    ...(firstNext === undefined ? {} : { firstNext }),
    ...(line.lastSoon ? { lastSoon: last === undefined ? {} : { time: last } } : {}),
    ...(strip === undefined ? {} : { strip }),
    alerts: alerts.get(line.line) ?? [],
  };
}

/** Between the last bus and the first one lie the hours in which nobody waits for anything. */
function stateOf({ state, next, first }: LineBoard, headway: boolean, now: number): LineState {
  switch (state) {
    case 'running':
      return headway ? 'headway' : 'no-data';
    case 'last-gone':
      return next === undefined || next - now > NIGHT_BEFORE ? 'last-gone' : 'night';
    case 'not-yet':
      return first === undefined || first > now ? 'night' : 'no-data';
    case 'skipped':
      return 'not-calling';
    default:
      return state;
  }
}

/** So long before its first bus a line's night is told rather than that its last one has gone, ms. */
const NIGHT_BEFORE = 4 * 3_600_000;

function arrivalOf(row: ArrivalRow, at: number, hhmm: LineInputs['hhmm']): BoardArrival {
  const { key, state, due, approaching, age, stopsAway, scheduled, last, wheelchair, why } = row;
  const crowding = row.crowding === undefined ? undefined : CROWDING[row.crowding];
  const time = scheduled === undefined ? undefined : hhmm(scheduled);
  return {
    id: key,
    state: state === 'stops-away' ? 'stops' : state === 'live' || state === 'about' ? state : 'timetable',
    ...(due === undefined ? {} : { dueIn: dueIn(row, due, at) }),
    ...(approaching ? { approaching: true } : {}),
    ...(age === undefined ? {} : { positionAge: age * 1000 }),
    ...(stopsAway === undefined ? {} : { stopsAway }),
    ...(why.distance === undefined ? {} : { distance: why.distance }),
    ...(scheduled === undefined || time === undefined ? {} : { planned: { time, in: scheduled - at } }),
    ...(last ? { last: true } : {}),
    ...(state === 'cancelled' ? { cancelled: true } : {}),
    ...(crowding === undefined ? {} : { crowding }),
    ...(wheelchair === undefined ? {} : { wheelchair }),
    why: reasons(row, at),
  };
}

/** A row that is held at its minute says so in the countdown, too. */
function dueIn({ minutes }: ArrivalRow, due: number, at: number): number {
  const left = due - at;
  if (minutes === undefined || Math.floor(left / 60_000) === minutes) return left;
  return Math.min(Math.max(left, minutes * 60_000), minutes * 60_000 + 59_999);
}

const CROWDING: Readonly<Record<Occupancy, Crowding>> = {
  empty: 'seats',
  'many-seats': 'seats',
  'few-seats': 'seats',
  standing: 'standing',
  crushed: 'full',
  full: 'full',
  'not-accepting': 'full',
};

/**
 * A number as it stands on buses, or a plate (鲁C·01234, 鲁C01234D). Ids come over brokers, too, where anybody may have written
 * them: an id that could be a word is not shown.
 */
const BUS_NUMBER = /^(?:\p{Script=Han}?[A-Za-z][·. -]?)?\d{2,8}[A-Za-z]?$/u;

function reasons(
  { vehicle, age, stopsAway, due, scheduled, why }: ArrivalRow,
  at: number,
): readonly Reason[] {
  const told: Reason[] = [];
  const say = (key: Reason['key'], value: string | number | undefined) => {
    if (value !== undefined) told.push({ key, value });
  };
  for (const { source, origin, weight, skill } of why.sources) {
    const share = why.sources.length > 1 ? ` ${Math.round(weight * 100)} %` : '';
    say('source', `${source === origin ? source : `${source} (${origin})`}${share}`);
    say('skill', skill);
  }
  say('vehicle', vehicle !== undefined && BUS_NUMBER.test(vehicle) ? vehicle : undefined);
  say('phase', why.phase);
  say('position-age', age === undefined ? undefined : age * 1000);
  say('distance', why.distance);
  say('stops-away', stopsAway);
  say('timetable', scheduled === undefined ? undefined : minutesTo(scheduled - at));
  say('delay', why.delay === undefined ? undefined : why.delay * 1000);
  say('expected', why.expected === undefined ? undefined : why.expected - at);
  if (why.early !== undefined && why.late !== undefined) {
    say('range', `${minutesTo(why.early - at)} … ${minutesTo(why.late - at)}`);
  }
  say('margin', why.margin === undefined ? undefined : why.margin * 1000);
  say('promised', due === undefined ? undefined : due - at);
  if (why.held === true) say('held', '✓');
  if (why.because.length > 0) say('because', why.because.join(', '));
  return told;
}

/** `+4:30`: minutes and seconds from now. */
function minutesTo(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  return `${ms < 0 ? '−' : '+'}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The line around this stop, with every bus of it whose place is known. */
function stripOf(rows: readonly ArrivalRow[], { extract, names }: LineInputs): LineStrip | undefined {
  const drawn = rows.find(({ strip, place }) => strip !== undefined && place !== undefined);
  const ids = drawn?.strip;
  if (extract === undefined || drawn === undefined || ids === undefined) return undefined;
  const here = ids.indexOf(drawn.stop);
  if (here < 0) return undefined;
  const from = Math.max(0, here - BEFORE);
  const stops = ids.slice(from, here + 1 + BEHIND);
  const buses = rows.flatMap(({ strip, place }) => {
    if (place === undefined || strip === undefined || strip.length !== ids.length) return [];
    const at = place.after + place.share - from;
    return at < -0.5 || at > stops.length - 1 ? [] : [Math.max(0, at)];
  });
  return {
    stops: stops.map((id) => {
      const stop = extract.stops[id];
      return stop === undefined ? { main: id } : names.of(stop.name);
    }),
    here: here - from,
    buses,
  };
}
