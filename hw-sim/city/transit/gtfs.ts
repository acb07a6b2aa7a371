/** The city's timetable as a GTFS feed (gtfs.org, reference of 2024), written apart from whatever reads it. */
import type { CityTrip, TransitCity } from './network.ts';
import { zip } from './zip.ts';

/** Tables by name; a test may change one before it is zipped. */
export type GtfsTables = Record<string, string>;

export function gtfsTables(city: TransitCity): GtfsTables {
  const { stops, lines, patterns, trips, centre } = city;
  const named = stops.find(({ station }) => station !== undefined);
  return {
    'agency.txt': table(
      ['agency_id', 'agency_name', 'agency_url', 'agency_timezone', 'agency_lang'],
      [['city', '市公交', 'https://bus.example', city.timezone, 'zh']],
    ),
    'feed_info.txt': table(
      [
        'feed_publisher_name',
        'feed_publisher_url',
        'feed_lang',
        'feed_start_date',
        'feed_end_date',
        'feed_version',
      ],
      [['市公交', 'https://bus.example', 'zh', city.from, city.to, `seed ${city.seed}`]],
    ),
    'stops.txt': table(
      [
        'stop_id',
        'stop_code',
        'stop_name',
        'stop_lat',
        'stop_lon',
        'location_type',
        'parent_station',
        'wheelchair_boarding',
        'platform_code',
      ],
      [
        [centre.station, '', named?.name ?? '', named?.lat ?? 0, named?.lon ?? 0, 1, '', 1, ''],
        ...stops.map((stop) => [
          stop.id,
          stop.station === undefined ? '' : `3703${stop.id.slice(1)}`,
          stop.name,
          stop.lat.toFixed(6),
          stop.lon.toFixed(6),
          0,
          stop.station ?? '',
          1,
          stop.station === undefined ? '' : stop.id.slice(1),
        ]),
      ],
    ),
    'routes.txt': table(
      [
        'route_id',
        'agency_id',
        'route_short_name',
        'route_long_name',
        'route_type',
        'route_color',
        'route_text_color',
        'route_sort_order',
      ],
      lines.map(({ id, name, colour }, i) => [id, 'city', name, '', 3, colour, 'FFFFFF', i + 1]),
    ),
    'trips.txt': table(
      [
        'route_id',
        'service_id',
        'trip_id',
        'trip_headsign',
        'direction_id',
        'block_id',
        'shape_id',
        'wheelchair_accessible',
      ],
      trips.map(({ id, pattern, service, block, wheelchair }) => [
        pattern.line,
        service,
        id,
        pattern.headsign,
        pattern.direction,
        block,
        pattern.id,
        wheelchair ? 1 : 2,
      ]),
    ),
    'stop_times.txt': table(
      [
        'trip_id',
        'arrival_time',
        'departure_time',
        'stop_id',
        'stop_sequence',
        'pickup_type',
        'drop_off_type',
        'timepoint',
      ],
      trips.flatMap(callsOf),
    ),
    'calendar.txt': table(
      [
        'service_id',
        'monday',
        'tuesday',
        'wednesday',
        'thursday',
        'friday',
        'saturday',
        'sunday',
        'start_date',
        'end_date',
      ],
      [
        ['weekday', 1, 1, 1, 1, 1, 0, 0, city.from, city.to],
        ['weekend', 0, 0, 0, 0, 0, 1, 1, city.from, city.to],
        ['daily', 1, 1, 1, 1, 1, 1, 1, city.from, city.to],
      ],
    ),
    'frequencies.txt': table(
      ['trip_id', 'start_time', 'end_time', 'headway_secs', 'exact_times'],
      trips.flatMap(({ id, headway }) =>
        headway === undefined ? [] : [[id, clock(headway.from), clock(headway.to), headway.every, 0]],
      ),
    ),
    'shapes.txt': table(
      ['shape_id', 'shape_pt_lat', 'shape_pt_lon', 'shape_pt_sequence'],
      patterns.flatMap(({ id, shape }) =>
        shape.map(({ lat, lon }, i) => [id, lat.toFixed(6), lon.toFixed(6), i + 1]),
      ),
    ),
    'translations.txt': table(
      ['table_name', 'field_name', 'language', 'translation', 'record_id', 'field_value'],
      [
        ['stops', 'stop_name', 'en', named?.english ?? '', centre.station, ''],
        ...stops.map(({ id, english }) => ['stops', 'stop_name', 'en', english, id, '']),
        ...lines.map(({ id, english }) => ['routes', 'route_short_name', 'en', english, id, '']),
        ...patterns.map(({ headsign, headsignEnglish }) => [
          'trips',
          'trip_headsign',
          'en',
          headsignEnglish,
          '',
          headsign,
        ]),
      ],
    ),
  };
}

export function zipTables(tables: GtfsTables, folder = ''): Buffer {
  return zip(
    Object.entries(tables).map(([name, text]) => ({ name: `${folder}${name}`, body: Buffer.from(text) })),
  );
}

function callsOf({ id, pattern, times }: CityTrip): (string | number)[][] {
  const last = pattern.stops.length - 1;
  return pattern.stops.map((stop, i) => {
    const time = clock(times[i] ?? 0);
    const ends = i === 0 || i === last;
    return [id, time, time, stop.id, (i + 1) * 5, i === last ? 1 : 0, i === 0 ? 1 : 0, ends ? 1 : 0];
  });
}

/** `25:10:00` */
export function clock(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3600)}:${part((seconds / 60) % 60)}:${part(seconds % 60)}`;
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map(String)
      .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
      .join(',');
  return `${[header, ...rows].map(line).join('\r\n')}\r\n`;
}
