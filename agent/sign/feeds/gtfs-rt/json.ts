/**
 * GTFS Realtime as JSON: the mapping of protobuf (names in snake or camel case, words or numbers of closed lists, 64-bit
 * numbers as text), and the dialect of MBTA (texts as lists). Gives the shapes that the generated code gives.
 */
import { Malformed } from '../content.ts';
import type { WireFeed } from './gtfs_realtime.pb.js';

type Kind =
  | { readonly kind: 'text' }
  | { readonly kind: 'number' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'word'; readonly words: Readonly<Record<string, number>> }
  | { readonly kind: 'message'; readonly shape: Shape }
  | { readonly kind: 'list'; readonly of: Kind };

interface Shape {
  readonly fields: Readonly<Record<string, Kind>>;
  /** Carries the defaults, so that what is absent reads as the generated code has it. */
  readonly prototype: object;
}

const text: Kind = { kind: 'text' };
const number: Kind = { kind: 'number' };
const flag: Kind = { kind: 'flag' };
const word = (...names: readonly string[]): Kind => ({
  kind: 'word',
  words: Object.fromEntries(names.map((name, index) => [name, index]).filter(([name]) => name !== '')),
});
const message = (fields: Readonly<Record<string, Kind>>): Kind => ({
  kind: 'message',
  shape: shapeOf(fields),
});
const list = (of: Kind): Kind => ({ kind: 'list', of });

function shapeOf(fields: Readonly<Record<string, Kind>>): Shape {
  const prototype: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(fields)) {
    prototype[name] =
      kind === 'text' ? '' : kind === 'flag' ? false : kind === 'message' ? null : kind === 'list' ? [] : 0;
  }
  return { fields, prototype };
}

const trip = message({
  tripId: text,
  startTime: text,
  startDate: text,
  routeId: text,
  directionId: number,
  scheduleRelationship: word(
    'SCHEDULED',
    'ADDED',
    'UNSCHEDULED',
    'CANCELED',
    '',
    'REPLACEMENT',
    'DUPLICATED',
    'DELETED',
    'NEW',
  ),
});
const vehicle = message({
  id: text,
  label: text,
  licensePlate: text,
  wheelchairAccessible: word('NO_VALUE', 'UNKNOWN', 'WHEELCHAIR_ACCESSIBLE', 'WHEELCHAIR_INACCESSIBLE'),
});
const occupancy = word(
  'EMPTY',
  'MANY_SEATS_AVAILABLE',
  'FEW_SEATS_AVAILABLE',
  'STANDING_ROOM_ONLY',
  'CRUSHED_STANDING_ROOM_ONLY',
  'FULL',
  'NOT_ACCEPTING_PASSENGERS',
  'NO_DATA_AVAILABLE',
  'NOT_BOARDABLE',
);
const event = message({ delay: number, time: number, uncertainty: number, scheduledTime: number });
const texts = message({ translation: list(message({ text, language: text })) });
const selector = message({ stopSequence: number, stopId: text });

const FEED = shapeOf({
  header: message({
    gtfsRealtimeVersion: text,
    incrementality: word('FULL_DATASET', 'DIFFERENTIAL'),
    timestamp: number,
  }),
  entity: list(
    message({
      id: text,
      isDeleted: flag,
      tripUpdate: message({
        trip,
        vehicle,
        timestamp: number,
        delay: number,
        stopTimeUpdate: list(
          message({
            stopSequence: number,
            stopId: text,
            arrival: event,
            departure: event,
            scheduleRelationship: word('SCHEDULED', 'SKIPPED', 'NO_DATA', 'UNSCHEDULED'),
            stopTimeProperties: message({ assignedStopId: text }),
            departureOccupancyStatus: occupancy,
          }),
        ),
        tripProperties: message({ tripId: text, startDate: text, startTime: text, tripHeadsign: text }),
      }),
      vehicle: message({
        trip,
        vehicle,
        position: message({ latitude: number, longitude: number, bearing: number, speed: number }),
        currentStopSequence: number,
        currentStatus: word('INCOMING_AT', 'STOPPED_AT', 'IN_TRANSIT_TO'),
        timestamp: number,
        stopId: text,
        occupancyStatus: occupancy,
      }),
      alert: message({
        activePeriod: list(message({ start: number, end: number })),
        informedEntity: list(
          message({ agencyId: text, routeId: text, trip, stopId: text, directionId: number }),
        ),
        effect: word(
          '',
          'NO_SERVICE',
          'REDUCED_SERVICE',
          'SIGNIFICANT_DELAYS',
          'DETOUR',
          'ADDITIONAL_SERVICE',
          'MODIFIED_SERVICE',
          'OTHER_EFFECT',
          'UNKNOWN_EFFECT',
          'STOP_MOVED',
          'NO_EFFECT',
          'ACCESSIBILITY_ISSUE',
        ),
        headerText: texts,
        descriptionText: texts,
        ttsHeaderText: texts,
        severityLevel: word('', 'UNKNOWN_SEVERITY', 'INFO', 'WARNING', 'SEVERE'),
      }),
      tripModifications: message({
        selectedTrips: list(message({ tripIds: list(text) })),
        startTimes: list(text),
        serviceDates: list(text),
        modifications: list(
          message({
            startStopSelector: selector,
            endStopSelector: selector,
            replacementStops: list(message({ stopId: text })),
          }),
        ),
      }),
    }),
  ),
});

/** Throws `Malformed`. */
export function feedOfJson(bytes: Uint8Array): WireFeed {
  let given: unknown;
  try {
    given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw new Malformed(`it is no JSON (${(thrown as Error).message.slice(0, 80)})`);
  }
  const feed = read(given, { kind: 'message', shape: FEED }) as WireFeed | undefined;
  if (feed?.header === null || feed?.header === undefined) {
    throw new Malformed('it has no header of GTFS-realtime');
  }
  return feed;
}

/** Undefined: absent, or of another type, which is the same. */
function read(raw: unknown, kind: Kind): unknown {
  switch (kind.kind) {
    case 'text':
      return typeof raw === 'string' ? raw : typeof raw === 'number' ? String(raw) : undefined;
    case 'number':
      return numeric(raw);
    case 'flag':
      return typeof raw === 'boolean' ? raw : undefined;
    case 'word':
      return typeof raw === 'string' && Object.hasOwn(kind.words, raw) ? kind.words[raw] : numeric(raw);
    case 'list': {
      if (raw === undefined || raw === null) return undefined;
      const items = Array.isArray(raw) ? raw : [raw];
      return items.map((item) => read(item, kind.of)).filter((item) => item !== undefined);
    }
    case 'message':
      return messageOf(Array.isArray(raw) ? merged(raw) : raw, kind.shape);
  }
}

/** A list where one message stands: its lists one after the other (MBTA has one text per language so). */
function merged(items: readonly unknown[]): unknown {
  const translation = items.flatMap((item) =>
    typeof item === 'object' && item !== null && 'translation' in item ? [item.translation] : [],
  );
  return translation.length === 0 ? items[0] : { translation };
}

function messageOf(raw: unknown, { fields, prototype }: Shape): object | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const made: Record<string, unknown> = Object.create(prototype);
  for (const [key, value] of Object.entries(raw)) {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined) continue;
    const found = read(value, kind);
    if (found !== undefined) made[name] = found;
  }
  return made;
}

function numeric(raw: unknown): number | undefined {
  const value = typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
