/** The calls of the trips that serve this sign (`stop_times.txt`, read twice: which trips, then all of their calls). */
import type { Boarding } from '../../core/sign/timetable.ts';
import { type Findings, quoted, refused } from './problem.ts';
import { eachRow, type Row, type Tables } from './table.ts';
import { boardingOf, timeOf, wholeOf } from './values.ts';

const TABLE = 'stop_times.txt';
const REQUIRED = ['trip_id', 'arrival_time', 'departure_time', 'stop_id', 'stop_sequence'] as const;
/** Trips through one sign: the busiest interchange of a capital has some 20,000 over all calendars. */
const MOST_TRIPS = 60_000;
const MOST_CALLS = 500;

export interface Call {
  readonly line: number;
  readonly stop: string;
  readonly sequence: number;
  /** s; absent where the feed leaves it to be reckoned. */
  readonly arrival?: number;
  readonly departure?: number;
  readonly timepoint: boolean;
  readonly pickup?: Boarding;
  readonly dropOff?: Boarding;
  readonly headsign?: string;
}

/** Ids of the trips that call at one of `here`. */
export async function tripsCalling(archive: Tables, here: ReadonlySet<string>): Promise<Set<string>> {
  const trips = new Set<string>();
  await eachRow(archive, TABLE, REQUIRED, (row) => {
    if (!here.has(row.get('stop_id'))) return;
    trips.add(row.get('trip_id'));
    if (trips.size > MOST_TRIPS) {
      throw refused({
        file: TABLE,
        message: `more than ${MOST_TRIPS} trips call here`,
        fix: 'Name single platforms of this station.',
      });
    }
  });
  return trips;
}

/** Calls of `trips`, in their order. What is wrong with one makes the trip be left out, which is said. */
export async function callsOf(
  archive: Tables,
  trips: ReadonlySet<string>,
  findings: Findings,
): Promise<Map<string, Call[]>> {
  const calls = new Map<string, Call[]>();
  const broken = new Set<string>();
  await eachRow(archive, TABLE, REQUIRED, (row) => {
    const trip = row.get('trip_id');
    if (!trips.has(trip) || broken.has(trip)) return;
    const call = callOf(row, findings);
    const list = calls.get(trip);
    if (call === undefined || (list !== undefined && list.length >= MOST_CALLS)) {
      broken.add(trip);
      calls.delete(trip);
    } else if (list === undefined) calls.set(trip, [call]);
    else list.push(call);
  });
  for (const [trip, list] of calls) {
    list.sort((a, b) => a.sequence - b.sequence);
    if (!inOrder(trip, list, findings)) calls.delete(trip);
  }
  return calls;
}

function callOf(row: Row, findings: Findings): Call | undefined {
  const fail = (field: string, expected: string) => {
    const fix = `trip ${quoted(row.get('trip_id'))} is left out`;
    findings.say(row.problem(field, `expected ${expected}, got ${quoted(row.get(field))}`, fix));
    return undefined;
  };
  const sequence = wholeOf(row.get('stop_sequence'));
  if (sequence === undefined) return fail('stop_sequence', 'a whole number');
  const stop = row.get('stop_id');
  if (stop === '') return fail('stop_id', 'a stop (zones of flexible trips cannot be shown)');
  const times: { arrival?: number; departure?: number } = {};
  for (const key of ['arrival', 'departure'] as const) {
    const text = row.get(`${key}_time`);
    if (text === '') continue;
    const time = timeOf(text);
    if (time === undefined) return fail(`${key}_time`, 'H:MM:SS');
    times[key] = time;
  }
  const { arrival = times.departure, departure = times.arrival } = times;
  const pickup = boardingOf(row.get('pickup_type'));
  const dropOff = boardingOf(row.get('drop_off_type'));
  const headsign = row.get('stop_headsign');
  return {
    line: row.line,
    stop,
    sequence,
    ...(arrival === undefined ? {} : { arrival }),
    ...(departure === undefined ? {} : { departure }),
    timepoint: row.get('timepoint') === '1',
    ...(pickup === undefined || pickup === 'yes' ? {} : { pickup }),
    ...(dropOff === undefined || dropOff === 'yes' ? {} : { dropOff }),
    ...(headsign === '' ? {} : { headsign }),
  };
}

/** Sequences rise, times never fall, the first and the last call have one. */
function inOrder(trip: string, calls: readonly Call[], findings: Findings): boolean {
  const fail = (call: Call | undefined, field: string, message: string) => {
    const fix = `trip ${quoted(trip)} is left out`;
    findings.say({ file: TABLE, line: call?.line ?? 1, field, message, fix });
    return false;
  };
  let before: Call | undefined;
  let time = -1;
  for (const call of calls) {
    if (before?.sequence === call.sequence) {
      return fail(call, 'stop_sequence', `${call.sequence} is there twice`);
    }
    const { arrival, departure } = call;
    if (arrival !== undefined && departure !== undefined) {
      if (arrival < time) return fail(call, 'arrival_time', 'earlier than the departure before');
      if (departure < arrival) return fail(call, 'departure_time', 'earlier than the arrival');
      time = departure;
    }
    before = call;
  }
  const ends = [calls[0], calls.at(-1)];
  const missing = ends.find((call) => call?.arrival === undefined);
  if (missing !== undefined) return fail(missing, 'arrival_time', 'first and last calls need a time');
  return calls.length >= 2 || fail(calls[0], 'trip_id', 'a trip of one call goes nowhere');
}
