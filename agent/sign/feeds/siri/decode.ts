/**
 * SIRI Stop Monitoring (CEN/TS 15531-3, StopMonitoringDelivery of SIRI 1.3 and 2.x): what a centre says of the buses of a
 * stop. Elements are known by their local names, whatever their namespace; a document type, entities beside the five
 * of XML, depth and number of elements beyond what a delivery has end it.
 */
import { SaxesParser } from 'saxes';
import type { Occupancy, TripReference } from '../../../core/sign/transit.ts';
import {
  type FeedContent,
  Malformed,
  type RawVehicle,
  type StopEvent,
  Tally,
  type TripUpdate,
} from '../content.ts';
import { instant } from '../gps-json/decode.ts';

const DEEPEST = 24;
const MOST_ELEMENTS = 1_000_000;
const MOST_VISITS = 20_000;
const LONGEST_TEXT = 1000;

/** Texts of one visit by the last two names of their path; the first of each counts. */
type Fields = Map<string, string>;

/** Throws `Malformed`, also where the centre refuses the request (`ErrorCondition`). */
export function decodeSiri(bytes: Uint8Array): FeedContent {
  const { sent, visits, cancellations, refusal } = parse(bytes);
  const tally = new Tally();
  const vehicles: RawVehicle[] = [];
  const updates: TripUpdate[] = [];
  if (refusal !== undefined && visits.length === 0) throw new Malformed(`the centre refuses: ${refusal}`);
  for (const visit of visits) {
    const update = updateOf(visit);
    if (update === undefined) tally.add('no-stop');
    else updates.push(update);
    const vehicle = vehicleOf(visit);
    if (vehicle !== undefined) vehicles.push(vehicle);
  }
  for (const cancelled of cancellations) {
    const trip = tripOf(cancelled);
    if (trip === undefined) tally.add('no-trip');
    else updates.push({ trip: { ...trip, relationship: 'cancelled' }, stops: [] });
  }
  return {
    ...(sent === undefined ? {} : { sent }),
    whole: true,
    vehicles,
    updates,
    detours: [],
    dropped: tally.counts(),
  };
}

interface Parsed {
  sent: number | undefined;
  readonly visits: Fields[];
  readonly cancellations: Fields[];
  refusal: string | undefined;
}

function parse(bytes: Uint8Array): Parsed {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Malformed('it is not UTF-8');
  }
  const found: Parsed = { sent: undefined, visits: [], cancellations: [], refusal: undefined };
  const path: string[] = [];
  let current: Fields | undefined;
  let value = '';
  let elements = 0;
  let delivery = false;
  const refuse = (why: string): never => {
    throw new Malformed(why);
  };
  const parser = new SaxesParser({ fragment: false });
  parser.on('error', (error) => refuse(`it is no XML (${error.message.slice(0, 80)})`));
  parser.on('doctype', () => refuse('a document type is not taken'));
  parser.on('opentag', ({ name }) => {
    elements += 1;
    if (elements > MOST_ELEMENTS || path.length >= DEEPEST) refuse('it has too many or too deep elements');
    const local = name.slice(name.indexOf(':') + 1).slice(0, 64);
    path.push(local);
    value = '';
    if (local === 'StopMonitoringDelivery') delivery = true;
    if (local === 'MonitoredStopVisit' || local === 'MonitoredStopVisitCancellation') {
      current = new Map();
      const list = local === 'MonitoredStopVisit' ? found.visits : found.cancellations;
      if (list.push(current) > MOST_VISITS) refuse(`it has more than ${MOST_VISITS} visits`);
    }
  });
  const add = (part: string) => {
    if (value.length <= LONGEST_TEXT) value += part;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    const local = path.pop() ?? '';
    const clean = value.trim().slice(0, LONGEST_TEXT);
    value = '';
    if (local === 'MonitoredStopVisit' || local === 'MonitoredStopVisitCancellation') {
      current = undefined;
    } else if (clean !== '' && current !== undefined) {
      if (!current.has(local)) current.set(local, clean);
      const longer = `${path.at(-1)}/${local}`;
      if (!current.has(longer)) current.set(longer, clean);
    } else if (clean !== '' && local === 'ResponseTimestamp') {
      found.sent ??= instant(clean);
    } else if (clean !== '' && path.includes('ErrorCondition')) {
      found.refusal ??= clean.replace(/\p{Cc}+/gu, ' ').slice(0, 200);
    } else if (local === 'Status' && clean === 'false') {
      found.refusal ??= 'Status false';
    }
  });
  parser.write(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).close();
  if (!delivery && found.refusal === undefined) refuse('it has no StopMonitoringDelivery');
  return found;
}

function updateOf(visit: Fields): TripUpdate | undefined {
  const stop = visit.get('MonitoredCall/StopPointRef') ?? visit.get('MonitoringRef');
  const trip = tripOf(visit);
  if (stop === undefined || trip === undefined) return undefined;
  const arrival = eventOf(visit, 'Arrival');
  const departure = eventOf(visit, 'Departure');
  const status = `${visit.get('ArrivalStatus') ?? ''} ${visit.get('DepartureStatus') ?? ''}`;
  const cancelled = visit.get('MonitoredVehicleJourney/Cancellation') === 'true';
  const skipped = /cancelled|missed/i.test(status) || visit.get('MonitoredCall/Cancellation') === 'true';
  // Without monitoring there is the timetable only, and a sign has that.
  const silent = visit.get('Monitored') === 'false' || /noReport/i.test(status);
  const vehicle = visit.get('VehicleRef');
  const time = instant(visit.get('RecordedAtTime'));
  const headsign = visit.get('DestinationDisplay') ?? visit.get('DestinationName');
  const occupancy = occupancyOf(visit.get('Occupancy'));
  const atStop = visit.get('VehicleAtStop');
  const extra = visit.get('ExtraJourney') === 'true';
  return {
    trip: cancelled
      ? { ...trip, relationship: 'cancelled' }
      : extra
        ? { ...trip, relationship: 'added' }
        : trip,
    ...(vehicle === undefined ? {} : { vehicle }),
    ...(time === undefined ? {} : { time }),
    stops: [
      {
        stop,
        relationship: skipped ? 'skipped' : silent ? 'no-data' : 'scheduled',
        ...(arrival === undefined ? {} : { arrival }),
        ...(departure === undefined ? {} : { departure }),
        ...(atStop === undefined ? {} : { atStop: atStop === 'true' }),
        ...(occupancy === undefined ? {} : { occupancy }),
      },
    ],
    ...(headsign === undefined ? {} : { headsign }),
    ...(occupancy === undefined ? {} : { occupancy }),
  };
}

function eventOf(visit: Fields, what: 'Arrival' | 'Departure'): StopEvent | undefined {
  const time = instant(visit.get(`Expected${what}Time`)) ?? instant(visit.get(`Actual${what}Time`));
  const scheduled = instant(visit.get(`Aimed${what}Time`));
  if (time === undefined && scheduled === undefined) return undefined;
  return {
    ...(time === undefined ? {} : { time }),
    ...(scheduled === undefined ? {} : { scheduled }),
  };
}

function tripOf(visit: Fields): TripReference | undefined {
  const trip =
    visit.get('FramedVehicleJourneyRef/DatedVehicleJourneyRef') ??
    visit.get('DatedVehicleJourneyRef') ??
    visit.get('VehicleJourneyRef');
  const line = visit.get('LineRef');
  if (trip === undefined && line === undefined) return undefined;
  const date = (visit.get('DataFrameRef') ?? '').replaceAll('-', '');
  const direction = directionOf(visit.get('DirectionRef') ?? '');
  return {
    ...(trip === undefined ? {} : { trip }),
    ...(line === undefined ? {} : { line }),
    ...(direction === undefined ? {} : { direction }),
    ...(/^\d{8}$/.test(date) ? { date } : {}),
  };
}

/** SIRI leaves the codes of directions to the centre; these are the usual ones. */
function directionOf(text: string): 0 | 1 | undefined {
  if (/^(0|outbound|go|aller)$/i.test(text)) return 0;
  return /^(1|inbound|back|return|retour)$/i.test(text) ? 1 : undefined;
}

function vehicleOf(visit: Fields): RawVehicle | undefined {
  const vehicle = visit.get('VehicleRef');
  const [lat, lon] = [Number(visit.get('Latitude')), Number(visit.get('Longitude'))];
  if (vehicle === undefined || !Number.isFinite(lat) || !Number.isFinite(lon)) return undefined;
  const trip = tripOf(visit);
  const time =
    instant(visit.get('VehicleLocation/LocationRecordedAtTime')) ?? instant(visit.get('RecordedAtTime'));
  const bearing = Number(visit.get('Bearing'));
  const occupancy = occupancyOf(visit.get('Occupancy'));
  return {
    vehicle,
    position: { lat, lon },
    ...(time === undefined ? {} : { time }),
    ...(trip === undefined ? {} : { trip }),
    ...(Number.isFinite(bearing) ? { bearing } : {}),
    ...(occupancy === undefined ? {} : { occupancy }),
  };
}

const OCCUPANCY: Readonly<Record<string, Occupancy>> = {
  empty: 'empty',
  manySeatsAvailable: 'many-seats',
  seatsAvailable: 'many-seats',
  fewSeatsAvailable: 'few-seats',
  standingAvailable: 'standing',
  standingRoomOnly: 'standing',
  crushedStandingRoomOnly: 'crushed',
  full: 'full',
  notAcceptingPassengers: 'not-accepting',
};

function occupancyOf(text: string | undefined): Occupancy | undefined {
  return text !== undefined && Object.hasOwn(OCCUPANCY, text) ? OCCUPANCY[text] : undefined;
}
