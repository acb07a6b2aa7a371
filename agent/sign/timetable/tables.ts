/** The smaller tables of a feed: agencies, lines, trips, days of service, headways, shapes. */
import type { Frequency, ServiceCalendar, TransitLine } from '../../core/sign/timetable.ts';
import type { Wgs84 } from '../../core/sign/transit.ts';
import { type Findings, quoted, refused } from './problem.ts';
import { eachRow, type Row, type Tables } from './table.ts';
import type { Translations } from './translations.ts';
import { colourOf, dateOf, numberOf, plain, positionOf, timeOf, triState, wholeOf } from './values.ts';

/** Points of all shapes of one sign. */
const MOST_POINTS = 2_000_000;
const MOST_EXCEPTIONS = 200_000;

export interface Agencies {
  readonly timezone: string;
  readonly language?: string;
  readonly names: ReadonlyMap<string, string>;
}

/** The zone of the feed. Rejects where it is none, or agencies differ (the reference forbids it). */
export async function readAgencies(archive: Tables): Promise<Agencies> {
  const names = new Map<string, string>();
  let timezone: string | undefined;
  let language = '';
  await eachRow(archive, 'agency.txt', ['agency_name', 'agency_timezone'], (row) => {
    const zone = row.get('agency_timezone');
    const fail = (message: string, fix: string) => refused(row.problem('agency_timezone', message, fix));
    if (timezone !== undefined && zone !== timezone) {
      throw fail(`${quoted(zone)} beside ${quoted(timezone)}`, 'All agencies of a feed share one zone.');
    }
    if (timezone === undefined && !isZone(zone)) {
      throw fail(`${quoted(zone)} is no zone`, 'Write one of the IANA table, such as Asia/Shanghai.');
    }
    timezone = zone;
    language ||= row.get('agency_lang');
    names.set(row.get('agency_id'), plain(row.get('agency_name')));
  });
  if (timezone === undefined) {
    throw refused({
      file: 'agency.txt',
      message: 'no agency in it',
      fix: 'Ask the agency for a complete feed.',
    });
  }
  return { timezone, ...(language === '' ? {} : { language }), names };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export interface FeedInfo {
  readonly publisher?: string;
  readonly version?: string;
  readonly language?: string;
  readonly from?: string;
  readonly to?: string;
}

export async function readFeedInfo(archive: Tables): Promise<FeedInfo> {
  let info: FeedInfo = {};
  if (!archive.has('feed_info.txt')) return info;
  await eachRow(archive, 'feed_info.txt', [], (row) => {
    const text = (field: string, key: string) => {
      const value = plain(row.get(field));
      return value === '' ? {} : { [key]: value };
    };
    const day = (field: string, key: string) => {
      const value = dateOf(row.get(field));
      return value === undefined ? {} : { [key]: value };
    };
    info = {
      ...text('feed_publisher_name', 'publisher'),
      ...text('feed_version', 'version'),
      ...text('feed_lang', 'language'),
      ...day('feed_start_date', 'from'),
      ...day('feed_end_date', 'to'),
    };
  });
  return info;
}

export interface TripRow {
  readonly line: number;
  readonly route: string;
  readonly service: string;
  readonly shape: string;
  readonly direction?: 0 | 1;
  readonly headsign: string;
  readonly shortName: string;
  readonly block: string;
  readonly wheelchair?: boolean;
  readonly bikes?: boolean;
}

export async function readTrips(
  archive: Tables,
  wanted: ReadonlySet<string>,
  findings: Findings,
): Promise<Map<string, TripRow>> {
  const trips = new Map<string, TripRow>();
  await eachRow(archive, 'trips.txt', ['route_id', 'service_id', 'trip_id'], (row) => {
    const id = row.get('trip_id');
    if (!wanted.has(id)) return;
    if (trips.has(id)) {
      findings.say(row.problem('trip_id', `${quoted(id)} is there twice`, 'the first counts'));
      return;
    }
    const direction = row.get('direction_id');
    const wheelchair = triState(row.get('wheelchair_accessible'));
    const bikes = triState(row.get('bikes_allowed'));
    trips.set(id, {
      line: row.line,
      route: row.get('route_id'),
      service: row.get('service_id'),
      shape: row.get('shape_id'),
      ...(direction === '0' || direction === '1' ? { direction: direction === '0' ? 0 : 1 } : {}),
      headsign: row.get('trip_headsign'),
      shortName: plain(row.get('trip_short_name'), 40),
      block: row.get('block_id'),
      ...(wheelchair === undefined ? {} : { wheelchair }),
      ...(bikes === undefined ? {} : { bikes }),
    });
  });
  return trips;
}

export async function readLines(
  archive: Tables,
  wanted: ReadonlySet<string>,
  translations: Translations,
  agencies: Agencies,
): Promise<Map<string, TransitLine>> {
  const lines = new Map<string, TransitLine>();
  await eachRow(archive, 'routes.txt', ['route_id', 'route_type'], (row) => {
    const id = row.get('route_id');
    if (!wanted.has(id) || lines.has(id)) return;
    const [short, long] = [row.get('route_short_name'), row.get('route_long_name')];
    const colour = colourOf(row.get('route_color'));
    const textColour = colourOf(row.get('route_text_color'));
    const order = wholeOf(row.get('route_sort_order'));
    const agency = agencies.names.get(row.get('agency_id')) ?? '';
    const named = (text: string, field: string) =>
      translations.of(text, { field: `routes.${field}`, record: id });
    lines.set(id, {
      id,
      name:
        short !== '' ? named(short, 'route_short_name') : named(long === '' ? id : long, 'route_long_name'),
      ...(short === '' || long === '' ? {} : { longName: named(long, 'route_long_name') }),
      mode: wholeOf(row.get('route_type')) ?? 3,
      ...(colour === undefined ? {} : { colour }),
      ...(textColour === undefined ? {} : { textColour }),
      ...(order === undefined ? {} : { order }),
      ...(agency === '' ? {} : { agency }),
    });
  });
  return lines;
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export async function readServices(
  archive: Tables,
  wanted: ReadonlySet<string>,
  findings: Findings,
): Promise<Map<string, ServiceCalendar>> {
  type Days = ServiceCalendar & { readonly added: string[]; readonly removed: string[] };
  const services = new Map<string, Days>();
  const wrong = (row: Row, field: string, expected: string) =>
    findings.say(
      row.problem(field, `expected ${expected}, got ${quoted(row.get(field))}`, 'the row is left out'),
    );
  if (!archive.has('calendar.txt') && !archive.has('calendar_dates.txt')) {
    throw refused({
      file: archive.name,
      message: 'neither calendar.txt nor calendar_dates.txt is in it',
      fix: 'Ask the agency for a complete feed.',
    });
  }
  if (archive.has('calendar.txt')) {
    await eachRow(archive, 'calendar.txt', ['service_id', ...DAYS, 'start_date', 'end_date'], (row) => {
      const id = row.get('service_id');
      if (!wanted.has(id)) return;
      const [from, to] = [dateOf(row.get('start_date')), dateOf(row.get('end_date'))];
      if (from === undefined) return wrong(row, 'start_date', 'a date YYYYMMDD');
      if (to === undefined || to < from)
        return wrong(row, 'end_date', 'a date YYYYMMDD not before the start');
      const [a, b, c, d, e, f, g] = DAYS.map((day) => row.get(day) === '1');
      const weekdays = [
        a === true,
        b === true,
        c === true,
        d === true,
        e === true,
        f === true,
        g === true,
      ] as const;
      services.set(id, { id, weekdays, from, to, added: [], removed: [] });
    });
  }
  if (archive.has('calendar_dates.txt')) {
    let count = 0;
    await eachRow(archive, 'calendar_dates.txt', ['service_id', 'date', 'exception_type'], (row) => {
      const id = row.get('service_id');
      if (!wanted.has(id) || count >= MOST_EXCEPTIONS) return;
      const date = dateOf(row.get('date'));
      if (date === undefined) return wrong(row, 'date', 'a date YYYYMMDD');
      const type = row.get('exception_type');
      if (type !== '1' && type !== '2') return wrong(row, 'exception_type', '1 (added) or 2 (removed)');
      const service = services.get(id) ?? { id, added: [], removed: [] };
      (type === '1' ? service.added : service.removed).push(date);
      services.set(id, service);
      count += 1;
    });
  }
  return services;
}

export async function readFrequencies(
  archive: Tables,
  wanted: ReadonlySet<string>,
  findings: Findings,
): Promise<Map<string, Frequency[]>> {
  const all = new Map<string, Frequency[]>();
  if (!archive.has('frequencies.txt')) return all;
  await eachRow(archive, 'frequencies.txt', ['trip_id', 'start_time', 'end_time', 'headway_secs'], (row) => {
    const trip = row.get('trip_id');
    if (!wanted.has(trip)) return;
    const [from, to] = [timeOf(row.get('start_time')), timeOf(row.get('end_time'))];
    const every = wholeOf(row.get('headway_secs'));
    if (from === undefined || to === undefined || to <= from || every === undefined || every < 10) {
      const fix = 'write times H:MM:SS that rise and a headway of 10 s or more; the row is left out';
      findings.say(row.problem('headway_secs', `no headway for trip ${quoted(trip)}`, fix));
      return;
    }
    const list = all.get(trip) ?? [];
    list.push({ from, to, every, exact: row.get('exact_times') === '1' });
    all.set(trip, list);
  });
  for (const list of all.values()) list.sort((a, b) => a.from - b.from);
  return all;
}

/** Points of the shapes `wanted`, in order; a point that is none is left out. */
export async function readShapes(
  archive: Tables,
  wanted: ReadonlySet<string>,
  findings: Findings,
): Promise<Map<string, Wgs84[]>> {
  const points = new Map<string, (Wgs84 & { readonly sequence: number })[]>();
  if (!archive.has('shapes.txt') || wanted.size === 0) return new Map();
  const required = ['shape_id', 'shape_pt_lat', 'shape_pt_lon', 'shape_pt_sequence'];
  let count = 0;
  await eachRow(archive, 'shapes.txt', required, (row) => {
    const id = row.get('shape_id');
    if (!wanted.has(id)) return;
    const position = positionOf(row.get('shape_pt_lat'), row.get('shape_pt_lon'));
    const sequence = numberOf(row.get('shape_pt_sequence'));
    if (position === undefined || sequence === undefined) {
      findings.say(row.problem('shape_pt_lat', `no point of ${quoted(id)}`, 'the row is left out'));
      return;
    }
    count += 1;
    if (count > MOST_POINTS) {
      throw refused(row.problem(undefined, `more than ${MOST_POINTS} points`, 'Name single platforms.'));
    }
    const list = points.get(id) ?? [];
    list.push({ ...position, sequence });
    points.set(id, list);
  });
  const shapes = new Map<string, Wgs84[]>();
  for (const [id, list] of points) {
    list.sort((a, b) => a.sequence - b.sequence);
    shapes.set(
      id,
      list.map(({ lat, lon }) => ({ lat, lon })),
    );
  }
  return shapes;
}
