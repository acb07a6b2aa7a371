/** The part of a site file that is about figures: what is reckoned from readings for people. */
import * as z from 'zod';
import { AQI_EDITIONS } from '../../core/figure.ts';
import { id, integer, number, oneOf, scalar, title } from '../values.ts';

const MINUTE = 60_000;
const PERIODS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];

const input = () => z.strictObject({ device: id('air-1'), point: id('pm2-5') });
const optional = () => input().optional();

const aqi = z.strictObject({
  edition: oneOf(AQI_EDITIONS, 'by-date')
    .prefault('by-date')
    .describe('by-date: the standard in force on the day of the figures (HJ 633-2026 since 2026-03-01)'),
  so2: optional().describe('Sulphur dioxide'),
  no2: optional().describe('Nitrogen dioxide'),
  co: optional().describe('Carbon monoxide'),
  o3: optional().describe('Ozone'),
  pm10: optional().describe('Particles up to 10 µm'),
  pm2_5: optional().describe('Particles up to 2.5 µm'),
  valid_minutes: integer(1, 60, 45)
    .prefault(45)
    .describe('Minutes an hour mean needs (GB 3095-2026 Table 4)'),
  valid_hours: integer(1, 24, 20).prefault(20).describe('Hours a daily mean needs'),
  valid_of_eight: integer(1, 8, 6).prefault(6).describe('Hours that eight hours of ozone need'),
});

const noise = z.strictObject({
  level: input().describe('Momentary A-weighted level'),
  rain: optional().describe('Rain makes levels invalid: a rate, an amount, or a register in mm that grows'),
  wind: optional().describe('Wind speed'),
  every: scalar<number>({
    expected: `one of ${PERIODS.map((one) => `${one}min`).join(', ')}`,
    json: { enum: PERIODS.map((one) => `${one}min`) },
    read: (raw) => PERIODS.find((one) => raw === `${one}min`),
    write: () => '1min',
  })
    .prefault('1min')
    .transform((minutes) => minutes * MINUTE)
    .describe('Period of the statistics'),
  day: scalar<readonly [number, number]>({
    expected: 'two local hours such as 06-22',
    json: { type: 'string', pattern: '^\\d{2}-\\d{2}$', examples: ['06-22'] },
    read: (raw) => {
      const [, from, to] = /^(\d\d)-(\d\d)$/.exec(String(raw)) ?? [];
      const hours = [Number(from), Number(to)] as const;
      return from !== undefined && hours[0] < hours[1] && hours[1] <= 24 ? hours : undefined;
    },
    write: () => '06-22',
  })
    .prefault('06-22')
    .describe('Day; the local government may set other hours'),
  wind_limit: number(0.5, 30, 5).prefault(5).describe('Wind from which levels are invalid, m/s'),
  valid_share: number(0, 1, 0.75).prefault(0.75).describe('Of its levels a minute must have valid ones'),
  valid_minutes: integer(1, 60, 45).prefault(45).describe('Valid minutes an hour needs'),
});

const water = z.strictObject({
  body: oneOf(['river', 'lake'], 'river').prefault('river').describe('Which limits of phosphorus hold'),
  ph: optional().describe('pH'),
  dissolved_oxygen: optional().describe('Dissolved oxygen'),
  permanganate: optional().describe('Permanganate index'),
  cod: optional().describe('Chemical oxygen demand'),
  bod5: optional().describe('Biochemical oxygen demand in five days'),
  ammonia: optional().describe('Ammonia nitrogen'),
  phosphorus: optional().describe('Total phosphorus'),
  nitrogen: optional().describe('Total nitrogen'),
  valid_minutes: integer(1, 60, 45).prefault(45).describe('Minutes an hour mean needs'),
});

export const figure = z.strictObject({
  id: id('air-quality').describe('The device that its points belong to'),
  title: title().optional(),
  aqi: aqi.optional().describe('Air quality index of the hour and of the day'),
  noise: noise.optional().describe('Noise statistics, day, night and day-night level'),
  water: water.optional().describe('Class of surface water'),
});

export type FigureFile = z.output<typeof figure>;
export const FIGURE_KINDS = ['aqi', 'noise', 'water'] as const satisfies readonly (keyof FigureFile)[];
