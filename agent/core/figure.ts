/** Figures that are reckoned from readings and appear as points of a device of their own: what the site file says of them. */
import type { Text } from './point.ts';
import type { Unit } from './unit.ts';

export interface PointRef {
  readonly device: string;
  readonly point: string;
}

/** A point with what has to be known of it for reckoning. */
export interface Input extends PointRef {
  /** Unit of the point. */
  readonly unit: Unit;
  /** Period of its readings, ms. */
  readonly every: number;
}

export const AQI_POLLUTANTS = ['SO2', 'NO2', 'CO', 'O3', 'PM10', 'PM25'] as const;
export type AqiPollutant = (typeof AQI_POLLUTANTS)[number];
export const AQI_EDITIONS = ['by-date', 'HJ633-2026', 'HJ633-2012'] as const;

interface FigureFacts {
  /** The device that its points belong to. */
  readonly id: string;
  readonly title: Text;
}

/** Air quality index of the hour and of the day. */
export interface AqiFigure extends FigureFacts {
  readonly kind: 'aqi';
  /** `by-date`: the one in force on the day of the figures. */
  readonly edition: (typeof AQI_EDITIONS)[number];
  readonly inputs: Partial<Readonly<Record<AqiPollutant, Input>>>;
  /** GB 3095-2026 Table 4: minutes an hour mean needs, hours a daily mean needs, hours of 8 for ozone. */
  readonly validMinutes: number;
  readonly validHours: number;
  readonly validOfEight: number;
}

/** Noise statistics of a period, the hour, day and night. */
export interface NoiseFigure extends FigureFacts {
  readonly kind: 'noise';
  /** Momentary A-weighted level. */
  readonly level: Input;
  /** Rain (a rate, an amount, or a register that grows) and wind, m/s: they make levels invalid. */
  readonly rain?: Input;
  readonly wind?: Input;
  /** Period of the statistics, ms. */
  readonly every: number;
  /** Local hours at which day begins and ends. */
  readonly day: readonly [from: number, to: number];
  /** Wind from which levels are invalid, m/s. */
  readonly windLimit: number;
  /** Of its levels a minute or period must have valid ones; an hour so many valid minutes; day and night this share of hours. */
  readonly validShare: number;
  readonly validMinutes: number;
}

export const WATER_ITEMS = [
  'ph',
  'dissolved-oxygen',
  'permanganate',
  'cod',
  'bod5',
  'ammonia',
  'phosphorus',
  'nitrogen',
] as const;
export type WaterItem = (typeof WATER_ITEMS)[number];

/** Class of surface water by the hour's means. */
export interface WaterFigure extends FigureFacts {
  readonly kind: 'water';
  /** Phosphorus has limits of its own in lakes and reservoirs. */
  readonly body: 'river' | 'lake';
  readonly inputs: Partial<Readonly<Record<WaterItem, Input>>>;
  readonly validMinutes: number;
}

export type FigureConfig = AqiFigure | NoiseFigure | WaterFigure;
