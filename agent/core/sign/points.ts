/** What a stop sign says of itself and of the buses as a device of the site: named by conditions, flows and platforms. */
import type { Point, Text } from '../point.ts';
import type { Unit } from '../unit.ts';

const common = { access: 'read', lane: 'telemetry' } as const;

function number(id: string, title: Text, unit: Unit, decimals: number): Point {
  return { ...common, id, title, type: 'number', unit, decimals, aggregation: 'last' };
}

/** Horizons of the benchmark, min to the real arrival. */
export const HORIZONS = ['0-3', '3-6', '6-10', '10-15'] as const;

/** States that are told when they change, and once a minute. */
export const NOW_POINTS = [
  {
    ...common,
    id: 'bus-due',
    title: { en: 'A bus is due', zh: '公交即将到站' },
    type: 'boolean',
    unit: '1',
    aggregation: 'state',
    states: { true: { en: 'due', zh: '是' }, false: { en: 'none', zh: '否' } },
  },
  number('bus-due-in', { en: 'Next bus in', zh: '下一班到站时间' }, 's', 0),
  number('buses', { en: 'Buses on their way', zh: '在途公交数' }, '1', 0),
] as const satisfies readonly Point[];

/** Figures of a local day, told once when it is over. */
export const DAY_POINTS: readonly Point[] = [
  number('accuracy', { en: 'Accuracy as shown', zh: '显示准确率' }, '%', 1),
  ...HORIZONS.map((horizon) =>
    number(
      `accuracy-${horizon}`,
      { en: `Accuracy as shown, ${horizon} min ahead`, zh: `显示准确率（${horizon}分钟）` },
      '%',
      1,
    ),
  ),
  number('accuracy-timetable', { en: 'Accuracy of the timetable', zh: '时刻表准确率' }, '%', 1),
  number('bias', { en: 'Mean lateness against what was shown', zh: '平均晚于显示' }, 's', 0),
  number('coverage', { en: 'Buses forecast in real time', zh: '实时预报率' }, '%', 1),
  number('jitter', { en: 'Minutes that went up, per 100 updates', zh: '分钟数回跳率' }, '%', 1),
  number('ghosts', { en: 'Rows that said now and no bus came', zh: '虚报率' }, '%', 1),
  number('frozen', { en: 'Time that rows stood on old data', zh: '陈旧显示时长' }, 's', 0),
  number('arrivals', { en: 'Buses of the day', zh: '当日班次' }, '1', 0),
];

/** What the screen says of itself; only of a sign that has one. */
export const SCREEN_POINTS: readonly Point[] = [
  {
    ...common,
    id: 'screen-proven',
    title: { en: 'Screen shows what it should', zh: '显示已核实' },
    type: 'boolean',
    unit: '1',
    aggregation: 'state',
    states: { true: { en: 'proven', zh: '是' }, false: { en: 'not proven', zh: '否' } },
  },
  {
    ...number('screen-unproven', { en: 'Time without proof of display', zh: '显示未核实时长' }, 's', 0),
    aggregation: 'sum',
  },
  number('screen-restarts', { en: 'Restarts of the kiosk', zh: '浏览器重启次数' }, '1', 0),
  number('screen-brightness', { en: 'Brightness of the panel', zh: '屏幕亮度' }, '%', 0),
];

/** How often the screen tells, ms. */
export const SCREEN_PERIOD = 60_000;

export const SIGN_POINTS: readonly Point[] = [...NOW_POINTS, ...DAY_POINTS, ...SCREEN_POINTS];

/** How often what holds now is told, ms. */
export const NOW_PERIOD = 60_000;

/** Period of a point of the sign, ms. */
export function signPeriod(point: string): number {
  return [...NOW_POINTS, ...SCREEN_POINTS].some(({ id }) => id === point) ? NOW_PERIOD : 86_400_000;
}
