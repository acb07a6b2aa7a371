/** Rides a trace through the shipped engine, with every stop of the line as a sign, and looks for ghosts. */
import type { ArrivalRow } from '../../agent/core/sign/arrival.ts';
import type { TripReference, VehicleReport } from '../../agent/core/sign/transit.ts';
import { ArrivalEngine } from '../../agent/sign/arrivals/engine.ts';
import { metresBetween, Way } from '../../agent/sign/arrivals/way.ts';
import type { Timetable } from '../../agent/sign/timetable/timetable.ts';
import { NOT_IN_SERVICE, type TracePoint } from './traces.ts';

/** How much the feed of the bus says: its line by the sign on it, its trip as labelled, or nothing. */
export type Told = 'line' | 'trip' | 'nothing';

export interface Ridden {
  fixes: number;
  /** Positions labelled as layover, deadhead or base, and rows of the bus while it was that. */
  idle: number;
  idleRows: number;
  /** Of those, rows of a departure that is known, marked so. */
  departures: number;
  /** Positions in progress, and such with at least one row. */
  inProgress: number;
  covered: number;
  /** Rows that said now, and of these such where the bus was not near the stop within five minutes. */
  now: number;
  ghosts: number;
  /** Changes of the sign or trip on the bus, and rows of the one before that stood after it. */
  flips: number;
  flipRows: number;
}

const MINUTE = 60_000;
/** A bus has been at a stop if it came so near, metres: the traces have a position each half minute. */
const AT_STOP = 150;

/** `lineOf`: line of a sign code; undefined: none of this timetable. */
export function ride(
  trace: readonly TracePoint[],
  timetable: Timetable,
  told: Told,
  lineOf: (sign: string) => string | undefined,
): Ridden {
  const engine = new ArrivalEngine({ timetable, horizon: 3600 });
  const sum: Ridden = {
    fixes: 0,
    idle: 0,
    idleRows: 0,
    departures: 0,
    inProgress: 0,
    covered: 0,
    now: 0,
    ghosts: 0,
    flips: 0,
    flipRows: 0,
  };
  const judged = new Set<string>();
  let before: TripReference | undefined;
  for (const [i, point] of trace.entries()) {
    const trip = tripOf(point, told, lineOf);
    const report: VehicleReport = {
      source: 'nyc',
      received: 0,
      vehicle: point.vehicle,
      position: { lat: point.lat, lon: point.lon },
      time: point.time,
      ...(trip === undefined ? {} : { trip }),
      ...(NOT_IN_SERVICE.has(point.sign) ? { phase: 'out-of-service' as const } : {}),
    };
    const flipped = before !== undefined && JSON.stringify(before) !== JSON.stringify(trip);
    engine.vehicles([report], point.time);
    const rows = engine.board(point.time, true).rows.filter(measured);
    sum.fixes += 1;
    if (flipped) {
      sum.flips += 1;
      sum.flipRows += rows.filter((row) => ofTrip(row, before)).length;
    }
    before = trip;
    if (idles(trace, i)) {
      sum.idle += 1;
      const departing = rows.filter(({ why }) => why.because.includes('not-departed'));
      sum.departures += departing.length;
      sum.idleRows += rows.length - departing.length;
    } else if (point.phase === 'IN_PROGRESS') {
      sum.inProgress += 1;
      if (rows.length > 0) sum.covered += 1;
    }
    for (const row of rows) {
      if (row.minutes !== 0 || judged.has(row.key)) continue;
      judged.add(row.key);
      sum.now += 1;
      if (!comes(trace, i, timetable, row)) sum.ghosts += 1;
    }
  }
  return sum;
}

function tripOf(
  { sign, trip }: TracePoint,
  told: Told,
  lineOf: (sign: string) => string | undefined,
): TripReference | undefined {
  if (told === 'nothing' || NOT_IN_SERVICE.has(sign)) return undefined;
  if (told === 'trip' && trip !== '') return { trip };
  return { line: lineOf(sign) ?? `sign ${sign}` };
}

function measured({ state }: ArrivalRow): boolean {
  return state === 'live' || state === 'about' || state === 'stops-away';
}

/** A label that holds for one or two positions in the middle of a ride is the labeller's doubt. */
const LABELLED = 3;

/** Whether the bus is labelled as anything but in progress here, for a minute and a half at least. */
function idles(trace: readonly TracePoint[], i: number): boolean {
  const idle = (at: number) => {
    const phase = trace[at]?.phase ?? '';
    return phase !== '' && !phase.includes('IN_PROGRESS');
  };
  let [from, to] = [i, i];
  if (!idle(i)) return false;
  while (idle(from - 1)) from -= 1;
  while (idle(to + 1)) to += 1;
  return to - from + 1 >= LABELLED;
}

/** A row of the trip, or line, that the bus had before, once it has another. */
function ofTrip(row: ArrivalRow, before: TripReference | undefined): boolean {
  if (before?.trip !== undefined) return row.trip === before.trip;
  return before?.line !== undefined && row.line === before.line;
}

/** Whether the bus is at the stop, or drives by it, within a minute before to five minutes after position `i`. */
function comes(trace: readonly TracePoint[], i: number, timetable: Timetable, row: ArrivalRow): boolean {
  const stop = timetable.stops.get(row.stop)?.position;
  const now = trace[i]?.time ?? 0;
  if (stop === undefined) return false;
  // Of what happens after the recording nobody knows.
  if ((trace.at(-1)?.time ?? 0) - now < 2 * MINUTE) return true;
  const near = trace.filter(({ time }) => time >= now - MINUTE && time <= now + 5 * MINUTE);
  if (near.length < 2) return near.some((point) => metresBetween(point, stop) <= AT_STOP);
  return (new Way(near).project(stop, 0, Number.POSITIVE_INFINITY)?.off ?? AT_STOP + 1) <= AT_STOP;
}
