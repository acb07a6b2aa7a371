/** The ultrasonic blocks of a profile and of a device's options. */
import { z } from 'zod';
import { type FieldUnits, serialSchema } from '../own-line.ts';

export const FIELDS = { distance: 'mm', level: 'mm' } as const satisfies FieldUnits;

export const optionsSchema = z.strictObject({ serial: serialSchema([9600]) });

export const wireSchema = z.strictObject({ field: z.enum(['distance', 'level']) });

export const deviceSchema = z.strictObject({
  /** Height of the sensor above the zero of the level, mm. Without it the level has no value. */
  height: z.number().min(0).max(20_000).optional(),
});
