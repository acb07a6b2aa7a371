/** The devices and points that figures are: described like any other, so that console, log and uplinks know them. */
import { AQI_POLLUTANTS, type FigureConfig, WATER_ITEMS } from '../core/figure.ts';
import type { Point, Text } from '../core/point.ts';
import type { Description } from '../core/site.ts';
import type { Unit } from '../core/unit.ts';
import { LEVELS } from './aqi/tables.ts';
import { CLASSES } from './water/class.ts';

const NAMES = { SO2: 'SO₂', NO2: 'NO₂', CO: 'CO', O3: 'O₃', PM10: 'PM10', PM25: 'PM2.5' } as const;

function number(id: string, en: string, zh: string, unit: Unit = '1', decimals = 0): Point {
  return {
    id,
    title: { en, zh },
    type: 'number',
    unit,
    decimals,
    access: 'read',
    aggregation: 'last',
    lane: 'telemetry',
  };
}

function text(id: string, en: string, zh: string): Point {
  const { decimals: _, ...point } = number(id, en, zh);
  return { ...point, type: 'string' };
}

const levels: Readonly<Record<string, Text>> = Object.fromEntries(
  LEVELS.map(({ level, en, zh }) => [String(level), { en, zh }]),
);

function aqiPoints(suffix: '' | '-day', en: string, zh: string): Point[] {
  return [
    // Whoever reads it must know that no authority stands behind it.
    number(`aqi${suffix}`, `AQI ${en} (not a regulatory monitor)`, `AQI ${zh}（非法定监测）`),
    { ...number(`level${suffix}`, `Level ${en}`, `级别 ${zh}`), states: levels },
    text(`category${suffix}`, `Category ${en}`, `类别 ${zh}`),
    text(`colour${suffix}`, `Colour ${en}`, `颜色 ${zh}`),
    text(`primary${suffix}`, `Primary pollutants ${en}`, `首要污染物 ${zh}`),
    text(`missing${suffix}`, `Missing items ${en}`, `缺测项 ${zh}`),
    ...AQI_POLLUTANTS.map((one) =>
      number(`iaqi-${one.toLowerCase()}${suffix}`, `IAQI ${NAMES[one]} ${en}`, `IAQI ${NAMES[one]} ${zh}`),
    ),
  ];
}

const level = (id: string, en: string, zh: string) => number(id, en, zh, 'dB(A)', 1);

const NOISE: readonly Point[] = [
  level('leq', 'Leq of valid levels', '等效声级（有效）'),
  level('leq-all', 'Leq of all levels', '等效声级（全部）'),
  level('l5', 'L5', 'L5'),
  level('l10', 'L10', 'L10'),
  level('l50', 'L50', 'L50'),
  level('l90', 'L90', 'L90'),
  level('l95', 'L95', 'L95'),
  level('lmx', 'Greatest level', '最大声级'),
  level('lmn', 'Least level', '最小声级'),
  number('vdr', 'Valid share', '有效采集率', '%', 1),
  level('leq-hour', 'Leq of the hour', '小时等效声级'),
  number('valid-minutes', 'Valid minutes of the hour', '小时有效分钟数', 'min'),
  level('ld', 'Day level Ld', '昼间等效声级 Ld'),
  level('ln', 'Night level Ln', '夜间等效声级 Ln'),
  level('ldn', 'Day-night level Ldn', '昼夜等效声级 Ldn'),
];

const WATER: readonly Point[] = [
  {
    ...number('class', 'Class of water (not a regulatory monitor)', '水质类别（非法定监测）'),
    states: Object.fromEntries(
      CLASSES.map((zh, i) => [String(i + 1), { en: i === 5 ? 'worse than V' : zh, zh }]),
    ),
  },
  text('decisive', 'Decisive items', '主要污染指标'),
  ...WATER_ITEMS.map((item) => number(`class-${item}`, `Class by ${item}`, `${item} 类别`)),
];

export function figurePoints({ kind }: FigureConfig): readonly Point[] {
  if (kind === 'aqi')
    return [...aqiPoints('', 'of the hour', '小时'), ...aqiPoints('-day', 'of the day', '日')];
  return kind === 'noise' ? NOISE : WATER;
}

const CLASS = { aqi: 'air-quality', noise: 'noise-statistics', water: 'water-quality' } as const;

/** The device that a figure is. */
export function figureDescription(figure: FigureConfig): Description {
  return {
    device: figure.id,
    title: figure.title,
    class: CLASS[figure.kind],
    brand: 'kerbside',
    model: 'derived',
    points: figurePoints(figure),
  };
}
