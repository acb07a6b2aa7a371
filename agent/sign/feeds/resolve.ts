/**
 * What updates of trips mean at this sign (GTFS Realtime reference, «Trip updates», «Stop time updates»): delays run on to
 * the calls behind, until the next update; what is cancelled, skipped, without data, extra or a copy becomes a prediction of
 * that relationship, so that the timetable shows no bus that does not come.
 */
import type { ScheduledCall, TransitTrip } from '../../core/sign/timetable.ts';
import type {
  PredictionRelationship,
  Sourced,
  TripPrediction,
  TripReference,
  TripRelationship,
} from '../../core/sign/transit.ts';
import type { Timetable } from '../timetable/timetable.ts';
import type { Detour, StopEvent, StopUpdate, Tally, TripUpdate } from './content.ts';
import { plainText } from './text.ts';

/** Longest delay that is believed, s: beyond it a feed has frozen or mistaken the day. */
const LONGEST_DELAY = 4 * 3600;
/** Predictions older or further than this are of no row, ms. */
const PAST = 30 * 60_000;
const AHEAD = 6 * 3_600_000;

/** Relationships of trips that run with times of their own, whatever the timetable says. */
const OWN_TIMES: ReadonlySet<TripRelationship> = new Set<TripRelationship>([
  'added',
  'unscheduled',
  'replacement',
  'duplicated',
]);

interface Resolving {
  readonly timetable: Timetable;
  readonly sourced: Sourced;
  /** Unix epoch ms: ours where it can be trusted, else the feed's. */
  readonly now: number;
  readonly tally: Tally;
}

/** Predictions at the stops of this sign. One trip counts once: of two updates of it the newer. */
export function resolve(
  updates: readonly TripUpdate[],
  detours: readonly Detour[],
  facts: Resolving,
): TripPrediction[] {
  const { tally } = facts;
  const newest = new Map<string, TripUpdate>();
  for (const update of updates) {
    const key = keyOf(update);
    const before = newest.get(key);
    if (before === undefined) newest.set(key, update);
    else {
      // SIRI tells each stop of a trip by itself: those are parts of one update.
      const stops = new Set(before.stops.map(({ stop, sequence }) => `${stop} ${sequence}`));
      const adds = update.stops.filter(({ stop, sequence }) => !stops.has(`${stop} ${sequence}`));
      if (adds.length > 0 && update.time === before.time) {
        newest.set(key, { ...before, stops: [...before.stops, ...adds] });
      } else {
        tally.add('trip-twice');
        if ((update.time ?? 0) > (before.time ?? 0)) newest.set(key, update);
      }
    }
  }
  const found: TripPrediction[] = [];
  for (const update of newest.values()) found.push(...predictionsOf(update, facts));
  return withDetours(found, detours, facts).filter(({ arrival, departure, relationship }) => {
    const time = departure ?? arrival;
    if (time === undefined || relationship === 'cancelled' || relationship === 'skipped') return true;
    const kept = time >= facts.now - PAST && time <= facts.now + AHEAD;
    if (!kept) tally.add('out-of-window');
    return kept;
  });
}

function keyOf({ trip, copy, vehicle }: TripUpdate): string {
  const { trip: id, line, direction, date, start } = copy ?? trip;
  return JSON.stringify([
    id ?? '',
    id === undefined ? [line, direction, vehicle] : [],
    date ?? '',
    start ?? '',
  ]);
}

function predictionsOf(update: TripUpdate, facts: Resolving): TripPrediction[] {
  const { timetable, now, tally } = facts;
  const { trip } = update;
  const relationship = trip.relationship ?? 'scheduled';
  const known =
    (trip.trip !== undefined && timetable.trips.has(trip.trip)) ||
    (trip.line !== undefined && timetable.lines.has(trip.line));
  if (!known) return drop(tally, 'other-line');
  const run = timetable.run(update.copy === undefined ? trip : withoutDate(trip), now);
  if (run.length === 0 && trip.trip !== undefined && trip.date !== undefined) {
    const original = timetable.trips.get(trip.trip);
    // Not one of that day: what it would stand for cannot be told.
    if (
      original !== undefined &&
      original.frequencies === undefined &&
      timetable.covers(trip.date) &&
      update.copy === undefined
    ) {
      return drop(tally, 'not-on-this-day');
    }
  }
  if (relationship === 'cancelled' || relationship === 'deleted') {
    return run.map((call) => ({ ...base(update, call, facts), relationship, scheduled: call.arrival }));
  }
  // Times of its own count; what they would be late against is another trip's.
  const apart = relationship === 'added' || relationship === 'duplicated';
  if (run.length === 0 || update.copy !== undefined || apart) {
    return unplanned(update, relationship, facts, run[0]?.trip);
  }
  return run.flatMap((call) => {
    const prediction = planned(update, call, facts);
    return prediction === undefined ? [] : [prediction];
  });
}

function withoutDate({ date: _, start: __, ...trip }: TripReference): TripReference {
  return trip;
}

/** A trip of the timetable at one of its calls here; undefined: nothing is said of it, or it is behind. */
function planned(update: TripUpdate, call: ScheduledCall, facts: Resolving): TripPrediction | undefined {
  const { stops } = update;
  const { trip } = update;
  const calls = call.pattern.calls;
  const relationship = trip.relationship ?? (call.headway === undefined ? 'scheduled' : 'unscheduled');
  const common = { ...base(update, call, facts), scheduled: call.arrival };
  let before: { readonly at: number; readonly update: StopUpdate } | undefined;
  let behind = false;
  let from = 0;
  for (const one of stops) {
    const at = placeOf(one, call, from);
    if (at === undefined) continue;
    from = one.sequence === undefined ? at + 1 : from;
    if (at === call.call) return own(one, common, relationship, call, facts);
    if (at < call.call) {
      if (one.relationship !== 'skipped') before = { at, update: one };
    } else behind = true;
  }
  if (before !== undefined) {
    if (before.update.relationship === 'no-data') return { ...common, relationship: 'no-data' };
    const delay = delayOf(before.update, before.at, call, facts.timetable);
    return delay === undefined ? undefined : late(common, relationship, call, delay, before.update);
  }
  // Its updates begin behind this call: it has been here.
  if (behind || update.delay === undefined || calls.length === 0) return undefined;
  return late(common, relationship, call, update.delay, undefined);
}

/** The update of this very call. */
function own(
  one: StopUpdate,
  common: Omit<TripPrediction, 'relationship'>,
  relationship: PredictionRelationship,
  call: ScheduledCall,
  { timetable, tally }: Resolving,
): TripPrediction | undefined {
  const { assigned } = one;
  if (one.relationship === 'skipped') return { ...common, relationship: 'skipped' };
  if (assigned !== undefined && assigned !== call.stop && !timetable.extract.here.includes(assigned)) {
    return { ...common, relationship: 'skipped' };
  }
  if (one.relationship === 'no-data') return { ...common, relationship: 'no-data' };
  const arrival = instantOf(one.arrival, call.arrival) ?? instantOf(one.departure, call.departure);
  const departure = instantOf(one.departure, call.departure) ?? arrival;
  if (arrival === undefined || departure === undefined) return { ...common, relationship: 'no-data' };
  if (call.headway === undefined && Math.abs(arrival - call.arrival) > LONGEST_DELAY * 1000) {
    tally.add('delay-beyond-belief');
    return undefined;
  }
  const uncertainty = one.arrival?.uncertainty ?? one.departure?.uncertainty;
  return {
    ...common,
    ...(assigned === undefined ? {} : { stop: assigned }),
    relationship,
    arrival,
    departure: Math.max(arrival, departure),
    ...(uncertainty === undefined ? {} : { uncertainty }),
    ...(one.atStop === undefined ? {} : { atStop: one.atStop }),
    ...(one.occupancy === undefined ? {} : { occupancy: one.occupancy }),
  };
}

function late(
  common: Omit<TripPrediction, 'relationship'>,
  relationship: PredictionRelationship,
  call: ScheduledCall,
  delay: number,
  from: StopUpdate | undefined,
): TripPrediction | undefined {
  // A headway has no timetable that a delay could be added to.
  if (call.headway !== undefined || Math.abs(delay) > LONGEST_DELAY) return undefined;
  const uncertainty = from?.departure?.uncertainty ?? from?.arrival?.uncertainty;
  return {
    ...common,
    relationship,
    arrival: call.arrival + delay * 1000,
    departure: call.departure + delay * 1000,
    // A passage elsewhere that is over is certain there, not here.
    ...(uncertainty === undefined || uncertainty === 0 ? {} : { uncertainty }),
  };
}

/** A trip without a timetable: what its own updates say of stops of this sign. */
function unplanned(
  update: TripUpdate,
  relationship: TripRelationship,
  facts: Resolving,
  original: TransitTrip | undefined,
): TripPrediction[] {
  const { timetable, sourced, tally } = facts;
  const found: TripPrediction[] = [];
  const trip = update.copy === undefined ? update.trip : { ...update.trip, ...update.copy };
  const line =
    trip.line ?? (original === undefined ? undefined : timetable.extract.patterns[original.pattern]?.line);
  for (const one of update.stops) {
    const stop = one.assigned ?? one.stop;
    if (stop === undefined || !timetable.extract.here.includes(stop) || one.relationship !== 'scheduled') {
      if (one.relationship !== 'unscheduled' || stop === undefined || !timetable.extract.here.includes(stop))
        continue;
    }
    const arrival = one.arrival?.time ?? one.departure?.time;
    if (arrival === undefined) continue;
    const uncertainty = one.arrival?.uncertainty ?? one.departure?.uncertainty;
    found.push({
      ...sourced,
      trip: { ...trip, ...(line === undefined ? {} : { line }) },
      ...of(update),
      stop,
      ...(one.sequence === undefined ? {} : { sequence: one.sequence }),
      relationship,
      arrival,
      departure: Math.max(arrival, one.departure?.time ?? arrival),
      ...(one.arrival?.scheduled === undefined ? {} : { scheduled: one.arrival.scheduled }),
      ...(uncertainty === undefined ? {} : { uncertainty }),
      ...(one.atStop === undefined ? {} : { atStop: one.atStop }),
    });
  }
  if (found.length === 0 && !OWN_TIMES.has(relationship)) tally.add('unknown-run');
  return found;
}

function base(
  update: TripUpdate,
  call: ScheduledCall,
  { sourced }: Resolving,
): Omit<TripPrediction, 'relationship'> {
  const { direction } = call.pattern;
  return {
    ...sourced,
    trip: {
      ...update.trip,
      trip: call.trip.id,
      line: call.line.id,
      ...(direction === undefined ? {} : { direction }),
      date: call.date,
      start: call.start,
    },
    ...of(update),
    stop: call.stop,
    sequence: call.pattern.calls[call.call]?.sequence ?? 0,
  };
}

function of({ vehicle, time, headsign, occupancy, wheelchair }: TripUpdate) {
  return {
    ...(vehicle === undefined ? {} : { vehicle }),
    ...(time === undefined ? {} : { time }),
    ...(headsign === undefined ? {} : { headsign: plainText(headsign, 100) }),
    ...(occupancy === undefined ? {} : { occupancy }),
    ...(wheelchair === undefined ? {} : { wheelchair }),
  };
}

/** Index of the call that an update means; by sequence, else the next of that stop. */
function placeOf(
  { stop, sequence }: StopUpdate,
  { pattern: { calls } }: ScheduledCall,
  from: number,
): number | undefined {
  if (sequence !== undefined) {
    const at = calls.findIndex((call) => call.sequence === sequence);
    if (at >= 0) return at;
  }
  if (stop === undefined) return undefined;
  const at = calls.findIndex((call, index) => index >= from && call.stop === stop);
  return at >= 0 ? at : undefined;
}

/** Delay with which the trip left a call before this one, s. */
function delayOf(one: StopUpdate, at: number, call: ScheduledCall, timetable: Timetable): number | undefined {
  const profile = timetable.extract.profiles[call.trip.profile];
  const day = timetable.days.start(call.date);
  const planned = (times: readonly number[] | undefined) => {
    const offset = times?.[at];
    return offset === undefined ? undefined : day + (call.start + offset) * 1000;
  };
  const { departure, arrival } = one;
  const left = against(departure, planned(profile?.departures));
  return left ?? against(arrival, planned(profile?.arrivals));
}

function against(event: StopEvent | undefined, planned: number | undefined): number | undefined {
  if (event?.time !== undefined && planned !== undefined) return Math.round((event.time - planned) / 1000);
  return event?.delay;
}

/** Time counts before delay (GTFS Realtime, StopTimeEvent). */
function instantOf(event: StopEvent | undefined, planned: number): number | undefined {
  if (event?.time !== undefined) return event.time;
  return event?.delay === undefined ? undefined : planned + event.delay * 1000;
}

/** Calls here that a detour leaves out are skipped; those behind it are still the trip's, marked. */
function withDetours(
  predictions: readonly TripPrediction[],
  detours: readonly Detour[],
  facts: Resolving,
): TripPrediction[] {
  if (detours.length === 0) return [...predictions];
  const { timetable, now } = facts;
  const kept = [...predictions];
  for (const { trips, dates, from, to, replacements } of detours) {
    for (const id of trips) {
      if (!timetable.trips.has(id)) continue;
      for (const date of dates.length > 0 ? dates : [undefined]) {
        const run = timetable.run({ trip: id, ...(date === undefined ? {} : { date }) }, now);
        for (const call of run) {
          const first = placeOf({ ...from, relationship: 'scheduled' }, call, 0);
          const last = placeOf({ ...to, relationship: 'scheduled' }, call, first ?? 0);
          if (first === undefined || last === undefined || call.call < first) continue;
          const sequence = call.pattern.calls[call.call]?.sequence;
          const at = kept.findIndex(
            (one) => one.trip.trip === id && one.trip.date === call.date && one.sequence === sequence,
          );
          const before = kept[at];
          const left = call.call <= last && !replacements.includes(call.stop);
          if (left) {
            const skipped: TripPrediction = {
              ...base({ trip: { trip: id }, stops: [] }, call, facts),
              scheduled: call.arrival,
              relationship: 'skipped',
              detour: true,
            };
            if (before === undefined) kept.push(skipped);
            else kept[at] = skipped;
          } else if (before !== undefined) kept[at] = { ...before, detour: true };
        }
      }
    }
  }
  return kept;
}

function drop(tally: Tally, reason: string): [] {
  tally.add(reason);
  return [];
}
