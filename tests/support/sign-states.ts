/** Every state of a sign by name, as boards: for tests, and for the pictures of docs/sign. */
import { type Board, type BoardLight, FEEDBACK, type QrRows } from '../../agent/core/board.ts';
import type { SignLanguage } from '../../agent/core/sign/sign.ts';
import { type BoardInputs, boardOf } from '../../agent/sign/screen/board-of.ts';
import { Names, type Romaniser } from '../../agent/sign/screen/names.ts';
import {
  alert,
  arrivals,
  CONTENT,
  grown,
  HERE,
  LINES,
  line,
  MORNING,
  NOTHING,
  row,
  rows,
  STREET_EXTRACT,
  STREET_ZONE,
} from './sign-street.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY: BoardLight = { palette: 'day', brightness: 1, byPage: true };
const NIGHT: BoardLight = { palette: 'night', brightness: 0.3, byPage: true };

/** Hash of a picture of the playlist; tests serve what they like under it. */
export const MEDIA = 'a'.repeat(64);

/** A code of the size that a short address has; what is in it is of no account here. */
export const QR: QrRows = Array.from({ length: 25 }, (_, y) =>
  Array.from({ length: 25 }, (_, x) => {
    const corner = [
      [0, 0],
      [18, 0],
      [0, 18],
    ].find(([cx = 0, cy = 0]) => x >= cx && x < cx + 7 && y >= cy && y < cy + 7);
    if (corner === undefined) return (x * 7 + y * 13 + ((x * y) % 5)) % 3 === 0 ? '1' : '0';
    const [cx = 0, cy = 0] = corner;
    const ring = Math.max(Math.abs(x - cx - 3), Math.abs(y - cy - 3));
    return ring === 2 ? '0' : '1';
  }).join(''),
);

type Change = Partial<BoardInputs>;

export interface SignState {
  readonly name: string;
  readonly change: Change;
  /** The page is left alone for so long with it, ms. */
  readonly alone?: number;
}

const long = {
  zh: '淄博市高新技术产业开发区中央商务区综合交通枢纽南广场换乘中心东侧',
  en: 'High-Tech Industrial Development Zone Central Business District Interchange South Square (East Side)',
};

const allLines = (change: Parameters<typeof line>[1]) => [0, 1, 2, 3, 4].map((index) => line(index, change));

/** The states by name; `live` is the ordinary one, from which the others differ. */
export const STATES: readonly SignState[] = [
  { name: 'live', change: {} },
  {
    name: 'approaching',
    change: {
      arrivals: arrivals({
        rows: [
          row(0, 0, { approaching: true, minutes: 0, due: MORNING + 15_000, age: 3 }),
          ...rows().slice(1),
        ],
      }),
    },
  },
  { name: 'about', change: { arrivals: arrivals({ rows: grown(80) }) } },
  { name: 'stops-away', change: { arrivals: arrivals({ rows: grown(200) }) } },
  { name: 'timetable', change: { dataAge: 400_000, arrivals: arrivals({ rows: grown(400) }) } },
  {
    name: 'headway',
    change: {
      arrivals: arrivals({
        rows: [0, 1, 2, 3, 4].map((i) => {
          const { due: _, minutes: __, age: ___, stopsAway: ____, scheduled: _____, ...rest } = row(i, 8);
          return { ...rest, state: 'headway' as const, headway: [8, 10 + i] as const };
        }),
      }),
    },
  },
  {
    name: 'no-data',
    change: { arrivals: arrivals({ rows: [], lines: allLines({ state: 'no-data' }), timetable: 'missing' }) },
  },
  {
    name: 'no-service',
    change: { arrivals: arrivals({ rows: [], lines: allLines({ state: 'no-service' }) }) },
  },
  {
    name: 'night',
    change: {
      quiet: true,
      light: NIGHT,
      arrivals: arrivals({
        at: MORNING - 6 * HOUR,
        rows: [],
        lines: allLines({ state: 'not-yet', first: MORNING - 3 * HOUR, next: MORNING - 3 * HOUR }),
      }),
    },
  },
  {
    name: 'last-bus',
    change: {
      light: NIGHT,
      arrivals: arrivals({
        at: MORNING + 13.5 * HOUR,
        rows: [
          row(0, 4, {
            last: true,
            due: MORNING + 13.5 * HOUR + 4.2 * MINUTE,
            scheduled: MORNING + 13.5 * HOUR + 3 * MINUTE,
          }),
          row(2, 17, {
            last: true,
            due: MORNING + 13.5 * HOUR + 17.2 * MINUTE,
            scheduled: MORNING + 13.5 * HOUR + 15 * MINUTE,
          }),
        ],
        lines: [
          line(0, { lastSoon: true, last: MORNING + 13.5 * HOUR + 3 * MINUTE }),
          line(1, { state: 'last-gone', next: MORNING + 21 * HOUR }),
          line(2, { lastSoon: true, last: MORNING + 13.5 * HOUR + 15 * MINUTE }),
          line(3, { state: 'last-gone', next: MORNING + 21 * HOUR }),
        ],
      }),
    },
  },
  {
    name: 'fault',
    change: { fault: { code: 'E-03 timetable damaged', words: 'the timetable cannot be read' } },
  },
  {
    name: 'takeover',
    change: {
      content: {
        ...CONTENT,
        takeover: {
          id: 'k1',
          priority: 9,
          severity: 'emergency',
          title: { 'zh-CN': '请立即离开车站区域', en: 'Leave the station area now' },
          text: {
            'zh-CN': '前方发生险情。请听从现场工作人员指挥，步行前往人民广场。',
            en: 'There is danger ahead. Follow the staff and walk to Renmin Square.',
          },
          spoken: true,
          until: MORNING + HOUR,
        },
      },
    },
  },
  {
    name: 'alerts',
    change: {
      alerts: [
        alert('a1'),
        alert('a2', {
          informed: [{ stop: HERE }],
          severity: 'severe',
          texts: [
            { language: 'zh-CN', header: '本站临时南移80米', description: '施工期间请到临时站牌候车。' },
            {
              language: 'en',
              header: 'This stop has moved 80 m south',
              description: 'Please wait at the temporary sign.',
            },
          ],
        }),
      ],
      content: {
        ...CONTENT,
        warnings: [
          {
            id: 'w1',
            colour: 'orange',
            event: { 'zh-CN': '暴雨', en: 'Rainstorm' },
            text: {
              'zh-CN': '预计未来3小时降雨量将达50毫米以上。',
              en: 'More than 50 mm of rain expected within 3 hours.',
            },
            source: { 'zh-CN': '市气象台', en: 'City weather office' },
            issued: MORNING,
            expires: MORNING + 3 * HOUR,
          },
        ],
      },
      arrivals: arrivals({
        lines: allLines({}).map((one) => (one.line === 'L58' ? { ...one, state: 'skipped' as const } : one)),
        rows: rows().filter((one) => one.line !== 'L58'),
      }),
    },
  },
  { name: 'offline-1', change: { arrivals: arrivals({ rows: grown(70), offlineSince: MORNING - MINUTE }) } },
  {
    name: 'offline-10',
    change: {
      alerts: [alert('a1')],
      dataAge: 600_000,
      arrivals: arrivals({ rows: grown(600), offlineSince: MORNING - 10 * MINUTE }),
    },
  },
  {
    name: 'offline-120',
    change: {
      alerts: [alert('a1')],
      content: NOTHING,
      dataAge: 7_200_000,
      arrivals: arrivals({ rows: grown(7200), offlineSince: MORNING - 120 * MINUTE }),
    },
  },
  {
    name: 'clock-lost',
    change: {
      arrivals: arrivals({
        clock: 'untrusted',
        rows: rows().filter(({ state }) => state === 'live'),
      }),
    },
  },
  {
    name: 'dst-night',
    change: {
      timezone: 'Europe/Berlin',
      light: NIGHT,
      // 2026-10-25, 02:58 summer time: two minutes later it is 02:00 once more.
      arrivals: shifted(Date.UTC(2026, 9, 25, 0, 58, 30)),
    },
    alone: 2 * MINUTE,
  },
  {
    name: 'midnight',
    change: { light: NIGHT, arrivals: shifted(Date.UTC(2026, 10, 30, 15, 58, 30)) },
    alone: 2 * MINUTE,
  },
  {
    name: 'playlist',
    change: {
      content: {
        ...CONTENT,
        playlist: {
          id: 'p1',
          items: [
            {
              sha256: MEDIA,
              size: 1,
              type: 'image/png',
              seconds: 10,
              alt: { 'zh-CN': '城市夜景', en: 'The city by night' },
              file: '',
            },
          ],
        },
      },
      feedback: FEEDBACK,
    },
  },
  {
    name: 'long-names',
    change: {
      title: { main: long.zh, second: long.en },
      arrivals: arrivals({
        lines: [0, 1, 2, 3, 4].map((i) =>
          line(i, {
            lineName: { text: i === 1 ? '旅游专线16路' : i === 2 ? '高新区环线' : (LINES[i]?.name ?? '') },
            terminus: { text: long.zh, translations: { en: long.en } },
          }),
        ),
      }),
      alerts: [
        alert('a1', {
          texts: [
            { language: 'zh-CN', header: `${long.zh}临时调整：${long.zh}`, description: long.zh.repeat(3) },
            {
              language: 'en',
              header: `${long.en}: temporary change at ${long.en}`,
              description: long.en.repeat(2),
            },
          ],
        }),
      ],
    },
  },
  {
    name: 'many-lines',
    change: {
      arrivals: arrivals({
        lines: Array.from({ length: 14 }, (_, i) => ({
          ...line(i % 6),
          line: `M${i}`,
          lineName: { text: String(101 + i) },
        })),
        rows: Array.from({ length: 14 }, (_, i) => ({ ...row(i % 6, 2 + i), key: `M${i}`, line: `M${i}` })),
      }),
      content: NOTHING,
      measured: [],
    },
  },
  {
    // What stands on a wide sign in two columns, at the hour when most is to be said of each line.
    name: 'rush',
    change: {
      arrivals: arrivals({
        lines: Array.from({ length: 8 }, (_, i) => ({
          ...line(i % 6),
          line: `R${i}`,
          lineName: { text: ['7路', '快2路', '15路', '90路'][i % 4] ?? '' },
        })),
        rows: Array.from({ length: 8 }, (_, i) => rush(`R${i}`, i)).flat(),
      }),
      alerts: [alert('a1')],
      content: NOTHING,
      measured: [],
    },
  },
];

/** Three buses of a line: the next arrives or is twelve minutes away; those behind are arriving, about, or planned. */
function rush(id: string, i: number) {
  const here = { approaching: true, minutes: 0, due: MORNING + 15_000, age: 3 };
  const { minutes: _, due: __, age: ___, stopsAway: ____, ...planned } = row(i % 6, 19);
  const all = [
    row(i % 6, i < 4 ? 0 : 12, i < 4 ? here : { stopsAway: 10 }),
    i % 2 === 0 ? row(i % 6, 24, { state: 'about' }) : row(i % 6, 1, here),
    i % 3 === 0 ? { ...planned, state: 'timetable' as const } : row(i % 6, 39, { state: 'about' }),
  ];
  return all.map((one, at) => ({ ...one, key: `${id}:${at}`, line: id, vehicle: `${id}-${at}` }));
}

/** The ordinary morning moved to another time. */
function shifted(at: number) {
  const by = at - MORNING;
  const ordinary = arrivals();
  return {
    ...ordinary,
    at,
    rows: ordinary.rows.map((one) => ({
      ...one,
      ...(one.due === undefined ? {} : { due: one.due + by }),
      ...(one.scheduled === undefined ? {} : { scheduled: one.scheduled + by }),
    })),
    lines: ordinary.lines.map((one) => ({ ...one, first: at - 15 * HOUR, last: at + HOUR })),
  };
}

/** The board of a state. `languages`: as the sign has them. */
export function boardIn(
  { change }: SignState,
  languages: readonly SignLanguage[],
  romanise: Romaniser | undefined,
  run = 'run',
  seq = 1,
): Board {
  const names = new Names(languages, romanise);
  return boardOf({
    run,
    seq,
    rate: 1,
    timezone: STREET_ZONE,
    languages,
    names,
    stops: [HERE],
    device: { id: 'ZB-0817', phone: '0533-12345' },
    arrivals: arrivals(),
    extract: STREET_EXTRACT,
    alerts: [],
    content: CONTENT,
    measured: [
      { id: 'temperature', title: names.texts({ 'zh-CN': '气温', en: 'Temperature' }), text: '6.1 °C' },
      { id: 'pm25', title: { main: 'PM2.5' }, text: '38 µg/m³' },
    ],
    light: DAY,
    quiet: false,
    feedback: [],
    mediaUrl: (hash) => `/media/${hash}`,
    qr: () => QR,
    ...change,
  });
}
