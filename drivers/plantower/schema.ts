/** The Plantower blocks of a profile and of a device's options. */
import { z } from 'zod';

export const optionsSchema = z.strictObject({
  serial: z.strictObject({ baud: z.literal(9600), format: z.literal('8N1') }).optional(),
  /** Bytes behind the length field of the model's frame. */
  length: z.union([z.literal(28), z.literal(20), z.literal(36)]).default(28),
  /** Words whose being all 0 means that the sensor does not measure yet; default: masses and counts, 1 to 12. */
  measured: z.tuple([z.int().min(1), z.int().max(18)]).default([1, 12]),
  /** Word with the version (high byte) and the error code (low byte). */
  status: z.int().min(1).max(18).default(13),
});

export const wireSchema = z.strictObject({
  /** Data word, counted from 1 as in the manual. */
  word: z.int().min(1).max(18),
  scale: z.number().default(1),
  signed: z.boolean().default(false),
});

export const deviceSchema = z.strictObject({
  /** After this many ms of one and the same frame the values are called frozen. */
  frozenAfter: z.number().min(10_000).default(600_000),
});
