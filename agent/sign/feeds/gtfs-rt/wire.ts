/** Trips and numbers as GTFS Realtime writes them. */
import type { TripReference, TripRelationship } from '../../../core/sign/transit.ts';
import type { Wire64, WireTrip } from './gtfs_realtime.pb.js';

const RELATIONSHIPS: Readonly<Record<number, TripRelationship>> = {
  0: 'scheduled',
  1: 'added',
  2: 'unscheduled',
  3: 'cancelled',
  5: 'replacement',
  6: 'duplicated',
  7: 'deleted',
  8: 'added',
};

export function tripOf(from: WireTrip): TripReference {
  const { tripId, routeId, startDate, startTime } = from;
  const direction = Object.hasOwn(from, 'directionId') ? from.directionId : undefined;
  const relationship = Object.hasOwn(from, 'scheduleRelationship')
    ? RELATIONSHIPS[from.scheduleRelationship]
    : undefined;
  return {
    ...reference(tripId, startDate, startTime),
    ...(routeId === '' ? {} : { line: routeId }),
    ...(direction === 0 || direction === 1 ? { direction } : {}),
    ...(relationship === undefined ? {} : { relationship }),
  };
}

export function reference(trip: string, date: string, start: string): TripReference {
  const seconds = timeOf(start);
  return {
    ...(trip === '' ? {} : { trip }),
    ...(/^\d{8}$/.test(date) ? { date } : {}),
    ...(seconds === undefined ? {} : { start: seconds }),
  };
}

/** Seconds of the feed as ms; undefined where they are absent or 0, which feeds send for "not known". */
export function secondsOf<Key extends string>(
  from: Readonly<Record<Key, Wire64>>,
  key: Key,
): number | undefined {
  if (!Object.hasOwn(from, key)) return undefined;
  const seconds = numberOf(from[key]);
  return seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined;
}

export function numberOf(value: Wire64): number {
  return typeof value === 'number' ? value : value.toNumber();
}

/** `25:10:00` as s; undefined where it is none. */
export function timeOf(text: string): number | undefined {
  const match = /^(\d{1,3}):([0-5]\d):([0-5]\d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}
