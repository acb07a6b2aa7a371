/** GTFS Realtime 2.0 (gtfs.org): positions, trip updates, alerts and trip modifications out of a FeedMessage. */
import type { Occupancy } from '../../../core/sign/transit.ts';
import {
  type FeedContent,
  Malformed,
  type RawAlert,
  type RawVehicle,
  Tally,
  type TripUpdate,
} from '../content.ts';
import { alertOf } from './alerts.ts';
import { detoursOf } from './detours.ts';
import type {
  WireEntity,
  WireFeed,
  WireStopTimeEvent,
  WireStopTimeUpdate,
  WireTripUpdate,
  WireVehicle,
  WireVehiclePosition,
} from './gtfs_realtime.pb.js';
import { feedOfJson } from './json.ts';
import { type Picked, pickFeed, type WantedTrip } from './pick.ts';
import { reference, secondsOf, tripOf } from './wire.ts';

/** Entities of one message; the largest city has some 20,000 vehicles on the road. */
const MOST_ENTITIES = 200_000;

/** Throws `Malformed` where the bytes are no feed. Updates of trips that are not `wanted` may be left out, counted. */
export function decodeGtfsRt(bytes: Uint8Array, wanted: WantedTrip = () => true): FeedContent {
  const feed = feedOf(bytes, wanted);
  const { header, entity } = feed;
  if (entity.length > MOST_ENTITIES) throw new Malformed(`it has ${entity.length} entities`);
  const version = header.gtfsRealtimeVersion;
  if (!/^[12]\./.test(version)) throw new Malformed('it is of no known version of GTFS-realtime');
  const sent = secondsOf(header, 'timestamp');
  const vehicles: RawVehicle[] = [];
  const updates: TripUpdate[] = [];
  const alerts: RawAlert[] = [];
  const tally = new Tally();
  const picked = 'others' in feed ? feed : undefined;
  if (picked !== undefined && picked.others > 0) tally.add('other-line', picked.others);
  for (const one of entity) {
    if (one.isDeleted) continue;
    takeVehicle(one, vehicles, tally);
    if (one.tripUpdate !== null) takeUpdate(one.tripUpdate, updates, tally);
    if (one.alert !== null) alerts.push(alertOf(one.id, one.alert));
  }
  return {
    ...(sent === undefined ? {} : { sent }),
    ...(picked === undefined ? {} : { fingerprint: picked.fingerprint }),
    whole: header.incrementality === 0,
    vehicles,
    updates,
    detours: entity.flatMap(({ tripModifications, isDeleted }) =>
      tripModifications === null || isDeleted ? [] : detoursOf(tripModifications),
    ),
    alerts,
    dropped: tally.counts(),
  };
}

function feedOf(bytes: Uint8Array, wanted: WantedTrip): WireFeed | Picked {
  // No protobuf begins with a brace: it would be the start of a group.
  if (/^(?:\xef\xbb\xbf)?\s*[{[]/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1')))
    return feedOfJson(bytes);
  try {
    return pickFeed(bytes, wanted);
  } catch (thrown) {
    throw new Malformed(`it is no GTFS-realtime message (${(thrown as Error).message})`);
  }
}

function takeVehicle({ id, vehicle }: WireEntity, vehicles: RawVehicle[], tally: Tally): void {
  if (vehicle === null) return;
  const { position } = vehicle;
  if (position === null) {
    tally.add('no-position');
    return;
  }
  // Without a descriptor the id of the entity is all that tells two vehicles apart.
  vehicles.push(vehicleOf(vehicle, vehicle.vehicle?.id || vehicle.vehicle?.licensePlate || `entity:${id}`));
}

function takeUpdate(from: WireTripUpdate, updates: TripUpdate[], tally: Tally): void {
  // A trip that is missing makes the generated code throw, the JSON has no such rule.
  if (from.trip === null || from.trip === undefined) {
    tally.add('no-trip');
    return;
  }
  updates.push(updateOf(from));
}

function vehicleOf(from: WireVehiclePosition, vehicle: string): RawVehicle {
  const { position, trip, occupancyStatus, currentStatus, stopId } = from;
  const time = secondsOf(from, 'timestamp');
  const occupancy = occupancyOf(from, 'occupancyStatus', occupancyStatus);
  const wheelchair = wheelchairOf(from.vehicle);
  const label = from.vehicle?.label ?? '';
  const near = Object.hasOwn(from, 'currentStopSequence') || stopId !== '';
  return {
    vehicle,
    ...(label === '' || label === vehicle ? {} : { label }),
    position: { lat: position?.latitude ?? Number.NaN, lon: position?.longitude ?? Number.NaN },
    ...(time === undefined ? {} : { time }),
    ...(trip === null ? {} : { trip: tripOf(trip) }),
    ...(position !== null && Object.hasOwn(position, 'speed') ? { speed: position.speed } : {}),
    ...(position !== null && Object.hasOwn(position, 'bearing') ? { bearing: position.bearing } : {}),
    ...(near
      ? {
          near: {
            how: Object.hasOwn(from, 'currentStatus')
              ? ((['to', 'at', 'between'] as const)[currentStatus] ?? 'between')
              : 'between',
            ...(stopId === '' ? {} : { stop: stopId }),
            ...(Object.hasOwn(from, 'currentStopSequence') ? { sequence: from.currentStopSequence } : {}),
          },
        }
      : {}),
    ...(occupancy === undefined ? {} : { occupancy }),
    ...(wheelchair === undefined ? {} : { wheelchair }),
  };
}

function updateOf(from: WireTripUpdate): TripUpdate {
  const { trip, vehicle, stopTimeUpdate, tripProperties } = from;
  const time = secondsOf(from, 'timestamp');
  const wheelchair = wheelchairOf(vehicle);
  const name = vehicle?.id || vehicle?.licensePlate || '';
  const headsign = tripProperties?.tripHeadsign ?? '';
  const copy =
    tripProperties === null || tripProperties.tripId === ''
      ? undefined
      : reference(tripProperties.tripId, tripProperties.startDate, tripProperties.startTime);
  return {
    trip: tripOf(trip),
    ...(name === '' ? {} : { vehicle: name }),
    ...(time === undefined ? {} : { time }),
    ...(Object.hasOwn(from, 'delay') ? { delay: from.delay } : {}),
    stops: stopTimeUpdate.map(stopOf),
    ...(headsign === '' ? {} : { headsign }),
    ...(wheelchair === undefined ? {} : { wheelchair }),
    ...(copy === undefined ? {} : { copy }),
  };
}

function stopOf(from: WireStopTimeUpdate) {
  const { stopId, arrival, departure, stopTimeProperties, departureOccupancyStatus } = from;
  const occupancy = occupancyOf(from, 'departureOccupancyStatus', departureOccupancyStatus);
  const assigned = stopTimeProperties?.assignedStopId ?? '';
  return {
    ...(stopId === '' ? {} : { stop: stopId }),
    ...(Object.hasOwn(from, 'stopSequence') ? { sequence: from.stopSequence } : {}),
    relationship:
      (['scheduled', 'skipped', 'no-data', 'unscheduled'] as const)[from.scheduleRelationship] ?? 'scheduled',
    ...(arrival === null ? {} : { arrival: eventOf(arrival) }),
    ...(departure === null ? {} : { departure: eventOf(departure) }),
    ...(assigned === '' ? {} : { assigned }),
    ...(occupancy === undefined ? {} : { occupancy }),
  };
}

function eventOf(from: WireStopTimeEvent) {
  const time = secondsOf(from, 'time');
  const scheduled = secondsOf(from, 'scheduledTime');
  return {
    ...(time === undefined ? {} : { time }),
    ...(Object.hasOwn(from, 'delay') ? { delay: from.delay } : {}),
    ...(Object.hasOwn(from, 'uncertainty') && from.uncertainty >= 0 ? { uncertainty: from.uncertainty } : {}),
    ...(scheduled === undefined ? {} : { scheduled }),
  };
}

const OCCUPANCY: readonly (Occupancy | undefined)[] = [
  'empty',
  'many-seats',
  'few-seats',
  'standing',
  'crushed',
  'full',
  'not-accepting',
  undefined,
  'not-accepting',
];

function occupancyOf(from: object, key: string, status: number): Occupancy | undefined {
  return Object.hasOwn(from, key) ? OCCUPANCY[status] : undefined;
}

function wheelchairOf(vehicle: WireVehicle | null): boolean | undefined {
  const told = vehicle?.wheelchairAccessible ?? 0;
  return told === 2 ? true : told === 3 ? false : undefined;
}
