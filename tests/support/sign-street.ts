/**
 * A stop with six lines as the arrivals see it, in every state a sign has: what the tests of face and screen show. Names are
 * invented for a city that stands for many; nothing of it is a real timetable.
 */

import type { ShownContent } from '../../agent/core/content/content.ts';
import type { ArrivalBoard, ArrivalRow, LineBoard } from '../../agent/core/sign/arrival.ts';
import type { StopExtract } from '../../agent/core/sign/timetable.ts';
import type { ServiceAlert, Translated } from '../../agent/core/sign/transit.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const STREET_ZONE = 'Asia/Shanghai';
/** Monday, 08:31:20 in Shanghai. */
export const MORNING = Date.UTC(2026, 10, 30, 0, 31, 20);
export const HERE = '370303001';

const named = (text: string, en?: string): Translated =>
  en === undefined ? { text } : { text, translations: { en } };

interface StreetLine {
  readonly id: string;
  readonly name: string;
  readonly colour?: string;
  readonly to: Translated;
}

export const LINES: readonly StreetLine[] = [
  { id: 'L7', name: '7', colour: '#0b6bb8', to: named('火车东站', 'East Railway Station') },
  { id: 'L20', name: '20', colour: '#b8232f', to: named('长途客运中心') },
  { id: 'L58', name: '58', colour: '#1b7f4d', to: named('古商城', 'Old Market Town') },
  { id: 'K126', name: 'K126', colour: '#f2b705', to: named('齐盛湖公园', 'Qisheng Lake Park') },
  { id: 'L93', name: '93', to: named('高铁北站', 'North High-Speed Station') },
  { id: 'N2', name: '夜2', colour: '#3a2f7a', to: named('大学城', 'University Town') },
];

const STOPS: readonly (readonly [id: string, name: Translated])[] = [
  ['a', named('体育中心', 'Sports Centre')],
  ['b', named('华润中心', 'Huarun Centre')],
  ['c', named('中心医院', 'Central Hospital')],
  ['d', named('市政府', 'City Hall')],
  ['e', named('新村路口', 'Xincun Road')],
  [HERE, named('柳泉路人民路口', 'Liuquan Road at Renmin Road')],
  ['g', named('百货大楼', 'Department Store')],
];

export const STREET_EXTRACT: StopExtract = {
  format: 1,
  hash: '',
  feed: { hash: '', language: 'zh-CN', from: '20261101', to: '20261231', imported: MORNING },
  timezone: STREET_ZONE,
  here: [HERE],
  name: named('柳泉路人民路口', 'Liuquan Road at Renmin Road'),
  stops: Object.fromEntries(
    STOPS.map(([id, name]) => [
      id,
      { id, name, position: { lat: 36.81, lon: 118.05 }, ...(id === HERE ? { code: '0817' } : {}) },
    ]),
  ),
  lines: LINES.map(({ id, name, colour }, order) => ({
    id,
    name: named(name),
    mode: 3,
    order,
    ...(colour === undefined ? {} : { colour }),
  })),
  patterns: [],
  profiles: [],
  trips: [],
  services: [],
};

export function line(index: number, change: Partial<LineBoard> = {}): LineBoard {
  const { id, name, to } = LINES[index] ?? { id: 'X', name: 'X', to: named('X') };
  return {
    line: id,
    lineName: named(name),
    terminus: to,
    state: 'running',
    first: MORNING - 3 * HOUR - 60_000,
    last: MORNING + 14 * HOUR - 100_000,
    lastSoon: false,
    ...change,
  };
}

export function row(index: number, minutes: number, change: Partial<ArrivalRow> = {}): ArrivalRow {
  const { id, name, to } = LINES[index] ?? { id: 'X', name: 'X', to: named('X') };
  const due = MORNING + minutes * MINUTE + 20_000;
  return {
    key: `${id}:${minutes}`,
    line: id,
    lineName: named(name),
    terminus: to,
    stop: HERE,
    vehicle: `C-${index}${minutes}`,
    state: 'live',
    minutes,
    due,
    approaching: false,
    scheduled: due - 90_000,
    stopsAway: Math.max(1, Math.round(minutes / 2)),
    age: 8,
    first: false,
    last: false,
    why: {
      sources: [
        { source: 'gps', origin: 'position', weight: 0.7, age: 8, expected: due + 40_000, skill: 88 },
        { source: 'centre', origin: 'prediction', weight: 0.3, age: 20, expected: due + 70_000, skill: 79 },
      ],
      expected: due + 49_000,
      early: due - 20_000,
      late: due + 130_000,
      margin: 49,
      distance: minutes * 320,
      delay: 90,
      phase: 'in-progress',
      because: [],
    },
    ...change,
  };
}

const strip = STOPS.map(([id]) => id);

export function rows(): readonly ArrivalRow[] {
  return [
    row(0, 3, { strip, place: { after: 3, share: 0.5 }, crowding: 'few-seats', wheelchair: true }),
    row(0, 11, { strip, place: { after: 0, share: 0.2 } }),
    row(0, 19),
    row(1, 6, { strip, place: { after: 2, share: 0.1 }, crowding: 'standing' }),
    row(1, 21),
    row(2, 9, { strip, place: { after: 1, share: 0.6 } }),
    planned(row(2, 24)),
    row(3, 14, { crowding: 'crushed', strip, place: { after: 0, share: 0.9 } }),
    row(4, 27),
  ];
}

/** What is left of a row without its bus. */
function planned(one: ArrivalRow): ArrivalRow {
  const { due: _, minutes: __, stopsAway: ___, age: ____, strip: _____, place: ______, ...rest } = one;
  return { ...rest, state: 'timetable' };
}

export function arrivals(change: Partial<ArrivalBoard> = {}): ArrivalBoard {
  return {
    at: MORNING,
    clock: 'trusted',
    version: 1,
    rows: rows(),
    lines: [0, 1, 2, 3, 4].map((index) => line(index)),
    sources: [],
    timetable: 'valid',
    ...change,
  };
}

/** Rows with their position as old as this, s: what the arrivals make of them. */
export function grown(age: number): readonly ArrivalRow[] {
  return rows().map((one) => {
    if (one.state === 'timetable') return one;
    const state = age <= 45 ? 'live' : age <= 120 ? 'about' : age <= 300 ? 'stops-away' : 'timetable';
    if (state === 'timetable') return planned(one);
    if (state === 'stops-away') {
      const { due: _, minutes: __, ...rest } = one;
      return { ...rest, state, age };
    }
    return { ...one, state, age };
  });
}

export function alert(id: string, change: Partial<ServiceAlert> = {}): ServiceAlert {
  return {
    id,
    source: '市公交集团',
    received: 0,
    informed: [{ line: 'L58' }],
    active: [{ from: MORNING - HOUR, to: MORNING + 8 * HOUR }],
    texts: [
      {
        language: 'zh-CN',
        header: '58路绕行：人民路施工，本站暂不停靠',
        description: '请到新村路口站乘车，恢复时间另行通知。',
      },
      {
        language: 'en',
        header: 'Line 58 diverted: road works on Renmin Road, not stopping here',
        description: 'Please board at Xincun Road until further notice.',
      },
    ],
    effect: 'detour',
    severity: 'warning',
    updated: MORNING - HOUR,
    ...change,
  };
}

export const NOTHING: ShownContent = { revision: 0, messages: [], tiles: [], warnings: [], notices: [] };

export const CONTENT: ShownContent = {
  revision: 1,
  messages: [
    {
      id: 'm1',
      template: 'queue',
      texts: { 'zh-CN': '文明乘车，请排队上下车', en: 'Please queue and let others off first' },
      priority: 2,
      spoken: false,
      issuer: 'flow:1',
    },
  ],
  tiles: [
    {
      id: 't1',
      kind: 'top-up',
      title: { 'zh-CN': '公交卡充值', en: 'Top up your card' },
      url: 'https://example.org/top-up',
    },
  ],
  weather: {
    source: { 'zh-CN': '市气象台', en: 'City weather office' },
    issued: MORNING - HOUR,
    expires: MORNING + 2 * HOUR,
    sky: 'partly-cloudy',
    temperature: 6.4,
    low: -1,
    high: 11,
  },
  warnings: [],
  notices: [
    {
      id: 'n1',
      kind: 'news',
      title: { 'zh-CN': '12月起65岁以上老人免费乘车', en: 'Free rides from 65 from December' },
      source: { 'zh-CN': '市交通局' },
      issued: MORNING,
      expires: MORNING + 24 * HOUR,
    },
  ],
};
