/** One row of the sign, as it is drawn, spoken and sent: facts, with why it says what it says. */
import type { ArrivalRow, Explanation, RowSource } from '../../core/sign/arrival.ts';
import type { Translated } from '../../core/sign/transit.ts';
import { type DirectionKey, headsignOf, type Timetable } from '../timetable/timetable.ts';
import type { Candidate } from './candidates.ts';
import type { Evaluated } from './evaluate.ts';
import type { LineCalls } from './lines.ts';

/** Minutes of a row that has some, and what they are made of. */
export interface Minutes {
  readonly minutes?: number;
  /** Unix epoch s. */
  readonly due?: number;
  /** s */
  readonly margin?: number;
  readonly held?: boolean;
  /** Usual lateness of the line about that time, s. */
  readonly learned: number;
}

/** A late last bus is still told of so long after its time, s: whoever leaves has no other. */
const LAST_GRACE = 600;
/** Usual lateness that a scheduled row takes into account, s; the bus that is in time must not be missed. */
const LEARNED = { least: -120, most: 300, share: 0.5 } as const;

/** The row, or undefined where the time of what is scheduled is over. `now`: s. */
export function rowOf(
  candidate: Candidate,
  verdict: Evaluated,
  timetable: Timetable,
  known: LineCalls,
  now: number,
  timed: boolean,
  minutes: Minutes,
): ArrivalRow | undefined {
  const { run, call, hypothesis, track, told, index } = candidate;
  const line = timetable.lines.get(candidate.line);
  const scheduled = call?.call.arrival;
  const ends = call === undefined ? undefined : known.ends(call.call.date, directionOf(candidate));
  const last =
    call !== undefined && ends?.last.trip === call.call.trip && ends.last.start === call.call.start;
  const first =
    call !== undefined && ends?.first.trip === call.call.trip && ends.first.start === call.call.start;
  const planned = verdict.fused === undefined ? plan(verdict, scheduled, minutes.learned, last, now) : {};
  if (planned === undefined) return undefined;
  const stops = run?.way.calls ?? hypothesis?.way.calls;
  const strip = stops?.map(({ stop }) => stop);
  const place = verdict.placed ? hypothesis?.place : undefined;
  const newest = told.toSorted((a, b) => b.time - a.time)[0]?.prediction;
  const wheelchair = track?.report.wheelchair ?? newest?.wheelchair ?? run?.here[0].call.trip.wheelchair;
  const crowding = track?.report.occupancy ?? newest?.occupancy;
  const vehicle = track?.vehicle ?? newest?.vehicle;
  const trip = run?.here[0].call.trip.id ?? newest?.trip.trip;
  const ahead = place === undefined || index === undefined ? undefined : stopsAhead(candidate, index);
  return {
    key: candidate.key,
    line: candidate.line,
    ...(candidate.direction === undefined ? {} : { direction: candidate.direction }),
    lineName: line?.name ?? { text: candidate.line },
    terminus: terminusOf(candidate, timetable, newest?.headsign),
    stop: candidate.stop,
    ...(trip === undefined ? {} : { trip }),
    ...(vehicle === undefined ? {} : { vehicle }),
    state: verdict.state,
    ...(minutes.minutes === undefined ? {} : { minutes: minutes.minutes }),
    ...(minutes.due === undefined ? {} : { due: Math.round(minutes.due * 1000) }),
    ...planned,
    approaching: verdict.approaching,
    ...(scheduled === undefined || !timed || run?.loose === true ? {} : { scheduled }),
    ...(ahead === undefined ? {} : { stopsAway: ahead }),
    ...(verdict.age === undefined ? {} : { age: Math.round(verdict.age) }),
    ...(strip === undefined ? {} : { strip }),
    ...(place === undefined || hypothesis === undefined ? {} : { place: stripPlace(candidate) }),
    ...(wheelchair === undefined ? {} : { wheelchair }),
    ...(crowding === undefined ? {} : { crowding }),
    first,
    last,
    why: explanation(verdict, minutes, timed),
  };
}

/** A line that runs about so often, and no single bus to tell of. */
export function headwayRow(
  at: DirectionKey,
  headway: readonly [number, number],
  timetable: Timetable,
  now: number,
): ArrivalRow | undefined {
  const line = timetable.lines.get(at.line);
  const pattern = timetable.extract.patterns.find(
    (one) => one.line === at.line && one.direction === at.direction,
  );
  const trip = timetable.extract.trips.find((one) => timetable.extract.patterns[one.pattern] === pattern);
  const stop = pattern?.calls[pattern.here[0] ?? -1]?.stop;
  if (line === undefined || pattern === undefined || trip === undefined || stop === undefined)
    return undefined;
  const expired = !timetable.covers(timetable.days.dateOf(now));
  return {
    key: `h:${at.line}/${at.direction ?? ''}`,
    line: at.line,
    ...(at.direction === undefined ? {} : { direction: at.direction }),
    lineName: line.name,
    terminus: headsignOf({ trip, pattern }, timetable.extract),
    stop,
    state: 'headway',
    approaching: false,
    headway,
    strip: pattern.calls.map((call) => call.stop),
    first: false,
    last: false,
    why: {
      sources: [{ source: 'timetable', origin: 'timetable', weight: 1 }],
      because: [expired ? 'no-position' : 'frequency-based'],
    },
  };
}

/** Minutes to what is scheduled, moved by what is usual; undefined where it is over. */
function plan(
  { state, placed }: Evaluated,
  scheduled: number | undefined,
  learned: number,
  last: boolean,
  now: number,
): Pick<ArrivalRow, 'minutes' | 'due'> | undefined {
  // A bus that is seen, but too old or standing, has a place and no minutes.
  if (state === 'stops-away' && placed) return {};
  if (scheduled === undefined) return undefined;
  const usual = Math.min(LEARNED.most, Math.max(LEARNED.least, learned * LEARNED.share));
  const due = scheduled / 1000 + usual;
  if (state === 'cancelled') return now > scheduled / 1000 ? undefined : {};
  if (now <= due) return { minutes: Math.max(1, Math.floor((due - now) / 60)), due: Math.round(due * 1000) };
  return last && now <= due + LAST_GRACE ? {} : undefined;
}

function explanation(verdict: Evaluated, minutes: Minutes, timed: boolean): Explanation {
  const { fused, span, distance, delay, phase } = verdict;
  const because = [...verdict.because, ...(timed ? [] : (['clock-untrusted'] as const))];
  const planned: readonly RowSource[] = [
    { source: 'timetable', origin: minutes.learned === 0 ? 'timetable' : 'learned', weight: 1 },
  ];
  return {
    sources: fused?.sources.map(({ scored: _, ...source }) => source) ?? planned,
    ...(fused === undefined ? {} : { expected: Math.round(fused.expected * 1000) }),
    ...(span === undefined ? {} : { early: Math.round(span[0] * 1000), late: Math.round(span[1] * 1000) }),
    ...(minutes.margin === undefined ? {} : { margin: Math.round(minutes.margin) }),
    ...(minutes.held === true ? { held: true } : {}),
    ...(distance === undefined ? {} : { distance: Math.round(distance) }),
    ...(delay === undefined ? {} : { delay: Math.round(delay) }),
    ...(phase === undefined ? {} : { phase }),
    because,
  };
}

function stopsAhead({ hypothesis }: Candidate, index: number): number {
  const place = hypothesis?.place;
  if (hypothesis === undefined || place === undefined) return 0;
  const { stops } = hypothesis.pattern;
  return stops.filter((stop, i) => i <= index && stop.distance > place.distance).length;
}

function stripPlace({ hypothesis }: Candidate): { readonly after: number; readonly share: number } {
  const distance = hypothesis?.place?.distance ?? 0;
  const stops = hypothesis?.pattern.stops ?? [];
  const after = stops.findLastIndex((stop) => stop.distance <= distance);
  const [a, b] = [stops[after]?.distance ?? 0, stops[after + 1]?.distance];
  const share = b === undefined || b <= a ? 0 : Math.min(1, Math.max(0, (distance - a) / (b - a)));
  return { after, share: Math.round(share * 100) / 100 };
}

function directionOf({ line, direction }: Candidate): DirectionKey {
  return direction === undefined ? { line } : { line, direction };
}

function terminusOf(
  { run, hypothesis }: Candidate,
  timetable: Timetable,
  headsign: string | undefined,
): Translated {
  if (run !== undefined) return headsignOf(run.here[0].call, timetable.extract);
  if (headsign !== undefined) return { text: headsign };
  const last = hypothesis?.way.calls.at(-1)?.stop;
  if (last === undefined) return { text: '' };
  return timetable.stops.get(last)?.name ?? { text: last };
}
