/** The account as a device of the site: what it tells of completeness, demand, sums of meters and items. */
import { CARRIER_CLASSES, CARRIER_UNITS, CARRIERS, type EnergyConfig } from '../../core/energy/energy.ts';
import type { Point, Text } from '../../core/point.ts';
import type { Description } from '../../core/site.ts';
import type { Unit } from '../../core/unit.ts';
import { itemTitle } from './account.ts';
import { codesOf } from './items.ts';

const QUARTER = 900_000;
const DAY = 86_400_000;
const MINUTE = 60_000;
const LONGEST = 64;

/** Registers that the account counts on: of sums of meters, and of items. */
export function totalId(meter: string): string {
  return `total-${meter}`.slice(0, LONGEST);
}

export function itemId(code: string): string {
  return `item-${code}`;
}

export const POINTS = {
  today: 'completeness-today',
  day: 'completeness-day',
  repaired: 'completeness-repaired-day',
  month: 'completeness-month',
  coverage: 'coverage-day',
  demand: 'demand',
  load: 'demand-load',
  forecast: 'demand-forecast',
  highest: 'demand-highest',
  passedIn: 'demand-passed-in',
} as const;

function figure(id: string, title: Text, unit: Unit, decimals: number): Point {
  return {
    id,
    title,
    type: 'number',
    unit,
    decimals,
    access: 'read',
    aggregation: unit === 'kW' ? 'mean' : 'last',
    lane: 'telemetry',
  };
}

const COMPLETENESS: readonly Point[] = [
  figure(POINTS.today, { en: 'Readings there today', zh: '今日数据完整率' }, '%', 2),
  figure(POINTS.day, { en: 'Readings there, of the day', zh: '日数据完整率' }, '%', 2),
  figure(
    POINTS.repaired,
    { en: 'The same with what registers made up for', zh: '日数据完整率（含修复）' },
    '%',
    2,
  ),
  figure(POINTS.month, { en: 'Readings there this month', zh: '本月数据完整率' }, '%', 2),
  figure(POINTS.coverage, { en: 'Electricity metered by item, of the day', zh: '日分项计量覆盖率' }, '%', 2),
];

/** Open findings of the diagnosis; its time is the end of the last day that was judged. */
export const FINDINGS_POINT = 'findings-day';

const FINDINGS: readonly Point[] = [
  figure(FINDINGS_POINT, { en: 'Open findings', zh: '未关闭的诊断结论' }, '1', 0),
];

const DEMAND: readonly Point[] = [
  figure(POINTS.demand, { en: 'Demand', zh: '当前需量' }, 'kW', 3),
  figure(POINTS.load, { en: 'Load', zh: '当前负荷' }, 'kW', 3),
  figure(POINTS.forecast, { en: 'Demand as forecast', zh: '预测需量' }, 'kW', 3),
  figure(POINTS.highest, { en: 'Highest demand of the settlement period', zh: '本期最大需量' }, 'kW', 3),
  figure(POINTS.passedIn, { en: 'Limit passed in', zh: '预计越限时间' }, 'min', 1),
];

function register(id: string, title: Text, unit: Unit): Point {
  return { ...figure(id, title, unit, 6), aggregation: 'counter', lane: 'meter' };
}

/** `demand`: whether the account watches it. */
export function energyDescription(config: EnergyConfig): Description {
  const totals = config.meters.flatMap(({ kind, id, title, carrier }) =>
    kind === 'virtual' ? [register(totalId(id), title, CARRIER_UNITS[carrier])] : [],
  );
  const items = codesOf(config.circuits).flatMap((code) => {
    const carrier = CARRIERS.find((one) => CARRIER_CLASSES[one] === code.slice(0, 2));
    return carrier === undefined
      ? []
      : [register(itemId(code), itemTitle(config, code), CARRIER_UNITS[carrier])];
  });
  return {
    device: config.id,
    title: config.title,
    class: 'energy-account',
    brand: 'kerbside',
    model: 'derived',
    points: [
      ...COMPLETENESS,
      ...FINDINGS,
      ...(config.demandLimit === undefined ? [] : DEMAND),
      ...totals,
      ...items,
    ],
  };
}

/** Period of a point, ms. */
export function energyPeriod(point: string): number {
  if (point.endsWith('-day')) return DAY;
  return point === POINTS.demand || point.startsWith('demand-') ? MINUTE : QUARTER;
}
