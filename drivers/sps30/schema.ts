/** The SPS30 blocks of a profile and of a device's options. */
import { z } from 'zod';
import { type FieldUnits, serialSchema } from '../own-line.ts';

/** `/cm3` of the frame is told per 0.1 L, `µm` in mm: units of the house's table. */
export const UNITS = {
  pm1: 'ug/m3',
  pm25: 'ug/m3',
  pm4: 'ug/m3',
  pm10: 'ug/m3',
  n05: '/dL',
  n1: '/dL',
  n25: '/dL',
  n4: '/dL',
  n10: '/dL',
  typical_size: 'mm',
} as const satisfies FieldUnits;

export const optionsSchema = z.strictObject({ serial: serialSchema([115_200]) });

export const wireSchema = z.strictObject({
  field: z.enum(['pm1', 'pm25', 'pm4', 'pm10', 'n05', 'n1', 'n25', 'n4', 'n10', 'typical_size']),
});

export const deviceSchema = z.strictObject({
  /** After this many ms of one and the same frame the values are called frozen. */
  frozenAfter: z.number().min(10_000).default(600_000),
});
