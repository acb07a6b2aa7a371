/**
 * Breakpoints of the air quality index by edition: HJ 633-2026 Table 3 (in force since 2026-03-01) and HJ 633-2012
 * Table 1, kept for what was measured before. µg/m³, CO mg/m³.
 */

export const EDITIONS = ['HJ633-2012', 'HJ633-2026'] as const;
export type Edition = (typeof EDITIONS)[number];

/** First day of HJ 633-2026, local date. */
export const SINCE_2026 = '2026-03-01';

export const ITEMS = [
  'SO2_24h',
  'SO2_1h',
  'NO2_24h',
  'NO2_1h',
  'CO_24h',
  'CO_1h',
  'O3_8h',
  'O3_1h',
  'PM10_24h',
  'PM10_1h',
  'PM25_24h',
  'PM25_1h',
] as const;
export type Item = (typeof ITEMS)[number];

/** In the order in which they are named. */
export const POLLUTANTS = ['SO2', 'NO2', 'CO', 'O3', 'PM10', 'PM25'] as const;
export type Pollutant = (typeof POLLUTANTS)[number];

/** Index values of the rows. */
export const INDEX = [0, 50, 100, 150, 200, 300, 400, 500] as const;

export interface Column {
  /** As many as rows have a value. */
  readonly breakpoints: readonly number[];
  /** Above the last one: this index, or none (`null`); absent: 500 by convention where the last row is that of 500. */
  readonly above?: number | null;
}

const SO2_24H = [0, 50, 150, 475, 800, 1600, 2100, 2620];
const NO2_24H = [0, 40, 80, 180, 280, 565, 750, 940];
const NO2_1H = [0, 100, 200, 700, 1200, 2340, 3090, 3840];
const CO_24H = [0, 2, 4, 14, 24, 36, 48, 60];
const CO_1H = [0, 5, 10, 35, 60, 90, 120, 150];
const O3_1H = [0, 160, 200, 300, 400, 800, 1000, 1200];
const O3_8H = [0, 100, 160, 215, 265, 800];
const SO2_1H = [0, 150, 500, 650, 800];
const PM10_2026 = [0, 50, 120, 250, 350, 420, 500, 600];
const PM25_2026 = [0, 35, 60, 115, 150, 250, 350, 500];

const BOTH = {
  SO2_24h: { breakpoints: SO2_24H },
  NO2_24h: { breakpoints: NO2_24H },
  NO2_1h: { breakpoints: NO2_1H },
  CO_24h: { breakpoints: CO_24H },
  CO_1h: { breakpoints: CO_1H },
  O3_1h: { breakpoints: O3_1H },
} as const satisfies Partial<Record<Item, Column>>;

export const COLUMNS: Readonly<Record<Edition, Partial<Readonly<Record<Item, Column>>>>> = {
  'HJ633-2026': {
    ...BOTH,
    // Table 3, notes b and c.
    SO2_1h: { breakpoints: SO2_1H, above: 200 },
    O3_8h: { breakpoints: O3_8H, above: 300 },
    PM10_24h: { breakpoints: PM10_2026 },
    PM25_24h: { breakpoints: PM25_2026 },
    // 4.2.4: the hourly report takes hour means of PM against the daily columns.
    PM10_1h: { breakpoints: PM10_2026 },
    PM25_1h: { breakpoints: PM25_2026 },
  },
  'HJ633-2012': {
    ...BOTH,
    // Table 1, notes 2 and 3: above it the 24 h mean of SO2, or the 1 h mean of O3, is used instead.
    SO2_1h: { breakpoints: SO2_1H, above: null },
    O3_8h: { breakpoints: O3_8H, above: null },
    PM10_24h: { breakpoints: [0, 50, 150, 250, 350, 420, 500, 600] },
    PM25_24h: { breakpoints: [0, 35, 75, 115, 150, 250, 350, 500] },
  },
};

export interface Level {
  readonly level: number;
  /** Greatest index of it. */
  readonly to: number;
  readonly zh: string;
  readonly en: string;
  /** RGB, HJ 633-2012 Annex A. */
  readonly colour: string;
}

export const LEVELS: readonly Level[] = [
  { level: 1, to: 50, zh: '优', en: 'excellent', colour: '#00E400' },
  { level: 2, to: 100, zh: '良', en: 'good', colour: '#FFFF00' },
  { level: 3, to: 150, zh: '轻度污染', en: 'lightly polluted', colour: '#FF7E00' },
  { level: 4, to: 200, zh: '中度污染', en: 'moderately polluted', colour: '#FF0000' },
  { level: 5, to: 300, zh: '重度污染', en: 'heavily polluted', colour: '#99004C' },
  { level: 6, to: Number.POSITIVE_INFINITY, zh: '严重污染', en: 'severely polluted', colour: '#7E0023' },
];

/** The edition in force on a local day (`YYYY-MM-DD`). */
export function editionOn(day: string): Edition {
  return day >= SINCE_2026 ? 'HJ633-2026' : 'HJ633-2012';
}

export function isEdition(name: string): name is Edition {
  return (EDITIONS as readonly string[]).includes(name);
}

export function isItem(name: string): name is Item {
  return (ITEMS as readonly string[]).includes(name);
}

export function pollutantOf(item: Item): Pollutant {
  return item.slice(0, item.indexOf('_')) as Pollutant;
}

/** The level of an index. */
export function levelOf(index: number): Level {
  return LEVELS.find(({ to }) => index <= to) ?? (LEVELS[5] as Level);
}
