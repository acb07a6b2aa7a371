/** The reach blocks of a profile and of a device's options. */
import { z } from 'zod';
import { duration } from '../line-settings.ts';
import type { FieldUnits } from '../own-line.ts';

export const FIELDS = { reachable: '', latency: 'ms', loss: '%', outages: '1' } as const satisfies FieldUnits;
export type Field = keyof typeof FIELDS;

const keys = {
  /** `tcp`: a connection is opened and closed. `http`, `https`: a page is asked for. */
  check: z.enum(['tcp', 'http', 'https']).optional(),
  port: z.int().min(1).max(65_535).optional(),
  /** Of http. */
  path: z
    .string()
    .regex(/^\/\S{0,255}$/, 'expected a path such as /')
    .optional(),
  /** A host that refuses the connection is there: `up` (default), or the service is not: `down`. */
  refused: z.enum(['up', 'down']).optional(),
  /** Longest wait. */
  timeout: duration.optional(),
};
export const optionsSchema = z.strictObject({
  ...keys,
  /** Probes in a row that have to fail before it is called away. */
  fails: z.int().min(1).max(20).default(3),
  /** Probes that loss is reckoned over. */
  window: z.int().min(5).max(1000).default(20),
});
export const deviceSchema = z.strictObject(keys);
export const wireSchema = z.strictObject({ field: z.enum(Object.keys(FIELDS) as [Field, ...Field[]]) });
