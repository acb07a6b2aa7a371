/** The HPM blocks of a profile and of a device's options. */
import { z } from 'zod';
import { type FieldUnits, serialSchema } from '../own-line.ts';

export const FIELDS = {
  pm1: 'ug/m3',
  pm25: 'ug/m3',
  pm4: 'ug/m3',
  pm10: 'ug/m3',
} as const satisfies FieldUnits;

export const optionsSchema = z.strictObject({
  serial: serialSchema([9600]),
  /** `s0`: PM2.5 and PM10; `c0`: PM1 and PM4 too. */
  model: z.enum(['s0', 'c0']).default('s0'),
});

export const wireSchema = z.strictObject({ field: z.enum(['pm1', 'pm25', 'pm4', 'pm10']) });

export const deviceSchema = z.strictObject({
  /** After this many ms of one and the same frame the values are called frozen. */
  frozenAfter: z.number().min(10_000).default(600_000),
});
