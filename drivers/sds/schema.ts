/** The SDS blocks of a profile and of a device's options. */
import { z } from 'zod';
import { type FieldUnits, serialSchema } from '../own-line.ts';

export const FIELDS = { pm25: 'ug/m3', pm10: 'ug/m3', pm100: 'ug/m3' } as const satisfies FieldUnits;

export const optionsSchema = z.strictObject({
  serial: serialSchema([9600]),
  model: z.enum(['sds011', 'sds198']).default('sds011'),
});

export const wireSchema = z.strictObject({ field: z.enum(['pm25', 'pm10', 'pm100']) });

export const deviceSchema = z.strictObject({
  /**
   * Minutes of the sensor's own working period: it measures for 30 s, tells one frame and sleeps for the rest; 0: it
   * measures all the time; `keep`: as the sensor is set. Its laser lasts about 8000 h.
   */
  period: z.union([z.int().min(0).max(30), z.literal('keep')]).default(5),
  /** After this many ms of one and the same frame the values are called frozen. */
  frozenAfter: z.number().min(10_000).default(600_000),
});
