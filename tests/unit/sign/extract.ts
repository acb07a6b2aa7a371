/** A small timetable: line 7 along the meridian, up and down, a bus every ten minutes, and a stop in the middle of it. */
import type {
  Frequency,
  PatternCall,
  ServiceCalendar,
  StopExtract,
  TransitStop,
  TransitTrip,
} from '../../../agent/core/sign/timetable.ts';
import { LEG, place } from './street.ts';

export const ZONE = 'Asia/Shanghai';
/** A Monday. */
export const DATE = '20270621';
/** Noon minus 12 h of it, Unix epoch ms. */
export const DAY = Date.parse('2027-06-20T16:00:00Z');
/** The stop of the sign: 5 km from the beginning of the way up, at which the bus is 600 s after its start. */
export const HERE = 's5';
export const STOPS = 11;
export const at = (hours: number, seconds = 0) => DAY + hours * 3_600_000 + seconds * 1000;

export interface City {
  readonly starts?: readonly number[];
  readonly down?: readonly number[];
  readonly frequencies?: readonly Frequency[];
  readonly from?: string;
  readonly to?: string;
  readonly calendar?: Partial<ServiceCalendar>;
}

const every10 = (from: number, to: number) =>
  Array.from({ length: (to - from) * 6 }, (_, i) => from * 3600 + i * 600);

/** `starts`: first departures of the way up, s of the service day. */
export function extract({
  starts = every10(6, 23),
  down = [],
  frequencies,
  from = '20270101',
  to = '20271231',
  calendar,
}: City = {}): StopExtract {
  const name = (id: string) => ({ text: id, translations: { en: `Stop ${id}` } });
  const stop = (id: string, metres: number): [string, TransitStop] => [
    id,
    { id, name: name(id), position: place(metres) },
  ];
  const ids = Array.from({ length: STOPS }, (_, i) => `s${i}`);
  const back = ids.map((id) => `${id}b`);
  const calls = (list: readonly string[]): PatternCall[] =>
    list.map((id, i) => ({ stop: id, sequence: i * 10, distance: i * 1000 }));
  const shape = (list: readonly number[]) =>
    list.map((metres, i) => [place(metres).lat, place(metres).lon, i * 1000] as const);
  const metres = ids.map((_, i) => i * 1000);
  const times = ids.map((_, i) => i * LEG);
  const trip = (start: number, pattern: number): TransitTrip => ({
    id: `${pattern === 0 ? 'up' : 'down'}-${start}`,
    service: 'daily',
    pattern,
    profile: 0,
    start,
    headsign: { text: pattern === 0 ? '东站' : '西站' },
    wheelchair: start % 1200 === 0,
  });
  const loose: TransitTrip[] = frequencies === undefined ? [] : [{ ...trip(0, 0), id: 'loose', frequencies }];
  return {
    format: 1,
    hash: '',
    feed: { hash: '', from, to, imported: DAY },
    timezone: ZONE,
    here: [HERE, `${HERE}b`],
    name: name(HERE),
    stops: Object.fromEntries([
      ...ids.map((id, i) => stop(id, i * 1000)),
      ...back.map((id, i) => stop(id, i * 1000)),
    ]),
    lines: [{ id: 'L7', name: { text: '7' }, mode: 3 }],
    patterns: [
      { id: 'up', line: 'L7', direction: 0, calls: calls(ids), here: [5], shape: shape(metres) },
      {
        id: 'down',
        line: 'L7',
        direction: 1,
        calls: calls(back.toReversed()),
        here: [5],
        shape: shape(metres.toReversed()),
      },
    ],
    profiles: [{ arrivals: times, departures: times, timepoints: [] }],
    trips: [
      ...(frequencies === undefined ? starts : []).map((start) => trip(start, 0)),
      ...down.map((start) => trip(start, 1)),
      ...loose,
    ],
    services: [
      {
        id: 'daily',
        weekdays: [true, true, true, true, true, true, true],
        from,
        to,
        added: [],
        removed: [],
        ...calendar,
      },
    ],
  };
}
