/**
 * Class of surface water by single factors: the worst item decides. Limits of GB 3838-2002 Table 1 (basic items) for
 * the items that stations in the field measure; from published copies of the table and checked against two
 * implementations, not read in the official text. mg/L; pH has one range for classes I to V.
 */
import { WATER_ITEMS, type WaterItem } from '../../core/figure.ts';

export const CLASSES = ['Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ', 'Ⅴ', '劣Ⅴ'] as const;

/** Greatest value of classes I to V; for dissolved oxygen the least. */
const LIMITS: Readonly<Record<Exclude<WaterItem, 'ph'>, readonly number[]>> = {
  'dissolved-oxygen': [7.5, 6, 5, 3, 2],
  permanganate: [2, 4, 6, 10, 15],
  cod: [15, 15, 20, 30, 40],
  bod5: [3, 3, 4, 6, 10],
  ammonia: [0.15, 0.5, 1, 1.5, 2],
  phosphorus: [0.02, 0.1, 0.2, 0.3, 0.4],
  nitrogen: [0.2, 0.5, 1, 1.5, 2],
};
const PHOSPHORUS_OF_LAKES: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.2];

/** 1 to 5, or 6 for worse than class V. */
export function classOf(item: WaterItem, value: number, body: 'river' | 'lake'): number {
  if (item === 'ph') return value >= 6 && value <= 9 ? 1 : 6;
  const limits = item === 'phosphorus' && body === 'lake' ? PHOSPHORUS_OF_LAKES : LIMITS[item];
  const fits = (limit: number) => (item === 'dissolved-oxygen' ? value >= limit : value <= limit);
  const found = limits.findIndex(fits);
  return found < 0 ? 6 : found + 1;
}

export interface WaterClass {
  readonly class: number;
  /** By item. */
  readonly items: Partial<Readonly<Record<WaterItem, number>>>;
  /** Items of the worst class, where that is beyond III. */
  readonly decisive: readonly WaterItem[];
}

/** Undefined of nothing. Total nitrogen is a limit of lakes and reservoirs: in rivers it is told and judges nothing. */
export function waterClass(
  values: Partial<Readonly<Record<WaterItem, number>>>,
  body: 'river' | 'lake',
): WaterClass | undefined {
  const items: Partial<Record<WaterItem, number>> = {};
  for (const item of WATER_ITEMS) {
    const value = values[item];
    if (value !== undefined) items[item] = classOf(item, value, body);
  }
  const judged = (Object.entries(items) as [WaterItem, number][]).filter(
    ([item]) => item !== 'nitrogen' || body === 'lake',
  );
  if (judged.length === 0) return undefined;
  const worst = Math.max(...judged.map(([, one]) => one));
  return {
    class: worst,
    items,
    decisive: worst <= 3 ? [] : judged.filter(([, one]) => one === worst).map(([item]) => item),
  };
}
