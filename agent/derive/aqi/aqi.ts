/**
 * Air quality index. Arithmetic is exact on the decimal digits of the concentrations, so that a breakpoint gives its
 * index and not one more: the result is rounded up (HJ 633-2026 4.2.6, 2012 6.2).
 */
import { roundHalfEven } from '../../core/round.ts';
import {
  COLUMNS,
  type Edition,
  INDEX,
  type Item,
  type Level,
  levelOf,
  POLLUTANTS,
  type Pollutant,
  pollutantOf,
} from './tables.ts';

/** Decimals that exact arithmetic keeps of a concentration. */
const SCALE = 6;
const ONE = 10n ** BigInt(SCALE);

/** 4.2.2: whole µg/m³, CO one decimal of mg/m³, half to even (GB/T 8170). */
export function roundedConcentration(item: Item, value: number): number {
  return Number(roundHalfEven(value, item.startsWith('CO_') ? 1 : 0));
}

/**
 * Index of one item at a concentration (formula 1), rounded up. `null`: the edition gives none there. Undefined: the
 * edition has no such item. Throws `RangeError` for what is no concentration.
 */
export function iaqi(edition: Edition, item: Item, concentration: number): number | null | undefined {
  if (!Number.isFinite(concentration) || concentration < 0 || concentration > 1e9)
    throw new RangeError(`${item}: ${concentration} is no concentration`);
  const column = COLUMNS[edition][item];
  if (column === undefined) return undefined;
  const c = BigInt(roundHalfEven(concentration, SCALE).replace('.', ''));
  const { breakpoints, above } = column;
  for (let i = 1; i < breakpoints.length; i++) {
    const [low, high] = [scaled(breakpoints[i - 1]), scaled(breakpoints[i])];
    if (c > high) continue;
    const [from, to] = [BigInt(INDEX[i - 1] ?? 0), BigInt(INDEX[i] ?? 0)];
    const above0 = (to - from) * (c - low);
    const span = high - low;
    // Rounded up: (a + b − 1) / b for a ≥ 0.
    return Number(from + (above0 + span - 1n) / span);
  }
  return above === undefined ? 500 : above;
}

function scaled(breakpoint: number | undefined): bigint {
  return BigInt(breakpoint ?? 0) * ONE;
}

export type ReportKind = 'hourly' | 'daily';

/** Items of a report; several of one pollutant mean that the greatest index counts. */
export const REPORT_ITEMS: Readonly<Record<Edition, Readonly<Record<ReportKind, readonly Item[]>>>> = {
  'HJ633-2026': {
    hourly: ['SO2_1h', 'NO2_1h', 'CO_1h', 'O3_1h', 'PM10_1h', 'PM25_1h'],
    daily: ['SO2_24h', 'NO2_24h', 'CO_24h', 'O3_8h', 'PM10_24h', 'PM25_24h'],
  },
  // 2012 Table 2: the hourly report takes moving 24 h means of PM, and ozone of one and of eight hours.
  'HJ633-2012': {
    hourly: ['SO2_1h', 'NO2_1h', 'CO_1h', 'O3_1h', 'O3_8h', 'PM10_24h', 'PM25_24h'],
    daily: ['SO2_24h', 'NO2_24h', 'CO_24h', 'O3_8h', 'PM10_24h', 'PM25_24h'],
  },
};

export interface AqiReport {
  readonly standard: Edition;
  readonly report: ReportKind;
  /** By item; null where the edition gives none at that concentration. */
  readonly iaqi: Partial<Readonly<Record<Item, number | null>>>;
  /** Null: not to be published, for a pollutant is missing and what is there does not exceed 100. */
  readonly aqi: number | null;
  readonly level: number | null;
  /** Pollutants with the greatest index, where the AQI is above 50; several where they are equal. */
  readonly primary: readonly Pollutant[];
  /** Pollutants with an index above 100. */
  readonly exceed: readonly Pollutant[];
  /** Pollutants without a value. */
  readonly missing: readonly Pollutant[];
  readonly facts: Level | undefined;
}

/** The report of these concentrations, which are rounded first. Items that do not belong to it are left aside. */
export function aqiReport(
  edition: Edition,
  report: ReportKind,
  concentrations: Partial<Readonly<Record<Item, number>>>,
): AqiReport {
  const single: Partial<Record<Item, number | null>> = {};
  const best = new Map<Pollutant, number>();
  const there = new Set<Pollutant>();
  for (const item of REPORT_ITEMS[edition][report]) {
    const concentration = concentrations[item];
    if (concentration === undefined) continue;
    const index = iaqi(edition, item, roundedConcentration(item, concentration));
    if (index === undefined) continue;
    single[item] = index;
    const pollutant = pollutantOf(item);
    if (index === null) continue;
    there.add(pollutant);
    best.set(pollutant, Math.max(best.get(pollutant) ?? 0, index));
  }
  const missing = POLLUTANTS.filter((one) => !there.has(one));
  const greatest = best.size === 0 ? undefined : Math.max(...best.values());
  // 2026 5.3.1: with an item missing only an AQI above 100 is published. 2012 says nothing of it.
  const shown =
    greatest === undefined || (edition === 'HJ633-2026' && missing.length > 0 && greatest <= 100)
      ? null
      : greatest;
  const facts = shown === null ? undefined : levelOf(shown);
  return {
    standard: edition,
    report,
    iaqi: single,
    aqi: shown,
    level: facts?.level ?? null,
    primary: shown === null || shown <= 50 ? [] : POLLUTANTS.filter((one) => best.get(one) === shown),
    exceed: POLLUTANTS.filter((one) => (best.get(one) ?? 0) > 100),
    missing,
    facts,
  };
}
