/** The MH-Z19 blocks of a profile and of a device's options. */
import { z } from 'zod';
import { type FieldUnits, serialSchema } from '../own-line.ts';

export const FIELDS = { co2: '10*-6', temperature: 'Cel' } as const satisfies FieldUnits;

export const optionsSchema = z.strictObject({ serial: serialSchema([9600]) });

export const wireSchema = z.strictObject({ field: z.enum(['co2', 'temperature']) });

export const deviceSchema = z.strictObject({
  /**
   * Automatic baseline: the sensor takes the least of a day for 400 ppm. `on` outdoors, `off` where air is never fresh;
   * `keep`: as the sensor is set.
   */
  baseline: z.enum(['on', 'off', 'keep']).default('keep'),
  frozenAfter: z.number().min(10_000).default(1_800_000),
});
