/**
 * Positions and predictions of buses as JSON: what a dispatch centre can send without a library (docs/sign/data.md,
 * docs/sign/bus-gps.schema.json). An item that is wrong is left out and counted, a message that is none is malformed.
 */
import {
  OCCUPANCIES,
  type Occupancy,
  TRIP_RELATIONSHIPS,
  type TripReference,
  VEHICLE_PHASES,
} from '../../../core/sign/transit.ts';
import {
  type FeedContent,
  Malformed,
  type RawVehicle,
  type StopEvent,
  type StopUpdate,
  Tally,
  type TripUpdate,
} from '../content.ts';

const MOST_ITEMS = 100_000;
const LONGEST_ID = 128;

type Item = Readonly<Record<string, unknown>>;

/** Throws `Malformed`. */
export function decodeGpsJson(bytes: Uint8Array): FeedContent {
  let given: unknown;
  try {
    given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw new Malformed(`it is no JSON (${(thrown as Error).message.slice(0, 80)})`);
  }
  const body: Item = Array.isArray(given)
    ? { vehicles: given }
    : isItem(given) && 'lat' in given
      ? { vehicles: [given] }
      : isItem(given) && 'trip' in given && !('vehicles' in given)
        ? { predictions: [given] }
        : isItem(given)
          ? given
          : {};
  const { v = 1, sent, full, vehicles, predictions } = body;
  if (v !== 1) throw new Malformed(`its version is ${String(v).slice(0, 20)}, expected 1`);
  if (!Array.isArray(vehicles) && !Array.isArray(predictions)) {
    throw new Malformed('it has neither vehicles nor predictions');
  }
  const tally = new Tally();
  const time = instant(sent);
  return {
    ...(time === undefined ? {} : { sent: time }),
    whole: full === true,
    vehicles: items(vehicles).flatMap((item) => vehicleOf(item, tally)),
    updates: items(predictions).flatMap((item) => updateOf(item, tally)),
    detours: [],
    dropped: tally.counts(),
  };
}

function items(list: unknown): readonly unknown[] {
  if (!Array.isArray(list)) return [];
  if (list.length > MOST_ITEMS) throw new Malformed(`it has ${list.length} items`);
  return list;
}

function vehicleOf(raw: unknown, tally: Tally): RawVehicle[] {
  if (!isItem(raw)) return drop(tally, 'no-object');
  const vehicle = id(raw.vehicle);
  if (vehicle === undefined) return drop(tally, 'no-vehicle');
  const { lat, lon } = raw;
  if (typeof lat !== 'number' || typeof lon !== 'number') return drop(tally, 'no-position');
  const time = instant(raw.time);
  if (time === undefined && raw.time !== undefined) return drop(tally, 'bad-time');
  const trip = tripOf(raw);
  const speed = number(raw.speed) ?? scaled(number(raw.speed_kmh), 1 / 3.6);
  const bearing = number(raw.bearing);
  const label = id(raw.label);
  const stop = id(raw.stop);
  const sequence = whole(raw.sequence);
  const how = (['at', 'to', 'between'] as const).find((word) => word === raw.stop_status) ?? 'between';
  const phase = VEHICLE_PHASES.find((word) => word === raw.phase);
  const occupancy = occupancyOf(raw.occupancy);
  return [
    {
      vehicle,
      ...(label === undefined ? {} : { label }),
      position: { lat, lon },
      ...(time === undefined ? {} : { time }),
      ...(trip === undefined ? {} : { trip }),
      ...(speed === undefined ? {} : { speed }),
      ...(bearing === undefined ? {} : { bearing }),
      ...(stop === undefined && sequence === undefined
        ? {}
        : {
            near: {
              how,
              ...(stop === undefined ? {} : { stop }),
              ...(sequence === undefined ? {} : { sequence }),
            },
          }),
      ...(phase === undefined ? {} : { phase }),
      ...(occupancy === undefined ? {} : { occupancy }),
      ...(typeof raw.wheelchair === 'boolean' ? { wheelchair: raw.wheelchair } : {}),
    },
  ];
}

function updateOf(raw: unknown, tally: Tally): TripUpdate[] {
  if (!isItem(raw)) return drop(tally, 'no-object');
  const trip = tripOf(raw);
  if (trip === undefined) return drop(tally, 'no-trip');
  const stops: StopUpdate[] = [];
  for (const one of items(raw.stops ?? (raw.stop === undefined ? [] : [raw]))) {
    if (!isItem(one)) continue;
    const stop = id(one.stop);
    const sequence = whole(one.sequence);
    if (stop === undefined && sequence === undefined) continue;
    const arrival = eventOf(one, 'arrival');
    const departure = eventOf(one, 'departure');
    const relationship = (['skipped', 'no-data'] as const).find((word) => word === one.relationship);
    stops.push({
      ...(stop === undefined ? {} : { stop }),
      ...(sequence === undefined ? {} : { sequence }),
      relationship: relationship ?? 'scheduled',
      ...(arrival === undefined ? {} : { arrival }),
      ...(departure === undefined ? {} : { departure }),
      ...(typeof one.at_stop === 'boolean' ? { atStop: one.at_stop } : {}),
    });
  }
  const vehicle = id(raw.vehicle);
  const time = instant(raw.time);
  const delay = number(raw.delay);
  const headsign = id(raw.headsign);
  const occupancy = occupancyOf(raw.occupancy);
  return [
    {
      trip,
      ...(vehicle === undefined ? {} : { vehicle }),
      ...(time === undefined ? {} : { time }),
      ...(delay === undefined ? {} : { delay }),
      stops,
      ...(headsign === undefined ? {} : { headsign }),
      ...(typeof raw.wheelchair === 'boolean' ? { wheelchair: raw.wheelchair } : {}),
      ...(occupancy === undefined ? {} : { occupancy }),
    },
  ];
}

function eventOf(one: Item, key: 'arrival' | 'departure'): StopEvent | undefined {
  const time = instant(one[key]);
  const delay = number(one[`${key}_delay`]);
  const uncertainty = number(one.uncertainty);
  if (time === undefined && delay === undefined) return undefined;
  return {
    ...(time === undefined ? {} : { time }),
    ...(delay === undefined ? {} : { delay }),
    ...(uncertainty === undefined || uncertainty < 0 ? {} : { uncertainty }),
  };
}

function tripOf(raw: Item): TripReference | undefined {
  const trip = id(raw.trip);
  const line = id(raw.line);
  if (trip === undefined && line === undefined) return undefined;
  const date = typeof raw.date === 'string' ? raw.date.replaceAll('-', '') : '';
  const start = typeof raw.start === 'string' ? /^(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$/.exec(raw.start) : null;
  const relationship = TRIP_RELATIONSHIPS.find((word) => word === raw.relationship);
  return {
    ...(trip === undefined ? {} : { trip }),
    ...(line === undefined ? {} : { line }),
    ...(raw.direction === 0 || raw.direction === 1 ? { direction: raw.direction } : {}),
    ...(/^\d{8}$/.test(date) ? { date } : {}),
    ...(start === null
      ? {}
      : { start: Number(start[1]) * 3600 + Number(start[2]) * 60 + Number(start[3] ?? 0) }),
    ...(relationship === undefined ? {} : { relationship }),
  };
}

/** ISO 8601 with an offset, or a number: ms since 1970, or s below 10^11. Undefined: none. */
export function instant(raw: unknown): number | undefined {
  if (typeof raw === 'number' && Number.isFinite(raw) && raw > 0 && raw < 1e14) {
    return Math.round(raw < 1e11 ? raw * 1000 : raw);
  }
  if (typeof raw !== 'string' || raw.length > 40) return undefined;
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/.test(raw)) return undefined;
  const time = Date.parse(raw.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : time;
}

function id(raw: unknown): string | undefined {
  const text = typeof raw === 'number' && Number.isSafeInteger(raw) ? String(raw) : raw;
  if (typeof text !== 'string') return undefined;
  const clean = text.replace(/\p{Cc}+/gu, '').trim();
  return clean === '' || clean.length > LONGEST_ID ? undefined : clean;
}

function number(raw: unknown): number | undefined {
  return typeof raw === 'number' && Number.isFinite(raw) ? raw : undefined;
}

function whole(raw: unknown): number | undefined {
  return typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function occupancyOf(raw: unknown): Occupancy | undefined {
  return OCCUPANCIES.find((word) => word === raw);
}

function isItem(raw: unknown): raw is Item {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function drop(tally: Tally, reason: string): [] {
  tally.add(reason);
  return [];
}
