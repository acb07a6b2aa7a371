/** The M-Bus blocks of a profile (`mbus:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';
import { duration, serialSchema } from '../line-settings.ts';
import { STATUS_BITS } from './header.ts';
import { FUNCTIONS } from './record.ts';
import { allQuantities } from './vif.ts';

/** Quantities of records, and the one that only the fixed structure has. */
export const QUANTITIES: readonly string[] = [...allQuantities(), 'temperature'];

const mark = z.string().regex(/^[0-7][0-9A-F]$/, 'expected a VIFE without its extension bit, such as 3B');
const number = z.int().min(0);

export const optionsSchema = z.strictObject({
  serial: serialSchema.optional(),
  /** Longest time the meter takes to begin its answer; absent: 330 bit times and 50 ms, and what converters take. */
  delay: duration.optional(),
  /** Telegrams of one reading that are asked for at most. */
  telegrams: z.int().min(1).max(32).default(8),
});
export type Options = z.output<typeof optionsSchema>;

/** A value in the records. */
export const recordSchema = z.strictObject({
  quantity: z.enum(QUANTITIES),
  function: z.enum(FUNCTIONS).default('instantaneous'),
  /** 0 the value of now, 1 mostly the one of the due day. */
  storage: number.default(0),
  tariff: number.default(0),
  /** Which of several meters in one housing. */
  subunit: number.default(0),
  /** VIFE that tell it from the plain value, e.g. 3B: only what flowed forwards. */
  with: z.array(mark).default([]),
  /** Which of several that are the same in all this, 0 the first. */
  index: number.default(0),
});
/** A value in plain text of a maker's own quantity. */
export const namedSchema = recordSchema.omit({ quantity: true }).extend({ name: z.string().min(1) });

export const HEADER_FIELDS = ['id', 'manufacturer', 'medium', 'version', 'access'] as const;
export const STATUS_FIELDS = [
  ...(Object.keys(STATUS_BITS) as (keyof typeof STATUS_BITS)[]),
  'any-error',
] as const;

export const wireSchema = z.union([
  recordSchema,
  namedSchema,
  z.strictObject({ header: z.enum(HEADER_FIELDS) }),
  /** A bit of the status byte. */
  z.strictObject({ status: z.enum(STATUS_FIELDS) }),
]);
export type Wire = z.output<typeof wireSchema>;
export type RecordWire = z.output<typeof recordSchema> | z.output<typeof namedSchema>;

/** The one of the shapes that a point's block is meant to be, for messages that fit. */
export function schemaFor(wire: unknown): z.ZodType {
  const keys = typeof wire === 'object' && wire !== null ? Object.keys(wire) : [];
  if (keys.includes('header')) return z.strictObject({ header: z.enum(HEADER_FIELDS) });
  if (keys.includes('status')) return z.strictObject({ status: z.enum(STATUS_FIELDS) });
  return keys.includes('name') ? namedSchema : recordSchema;
}

/** Options of one device in the site file; they win over the profile's. */
export const deviceSchema = z.strictObject({
  delay: duration.optional(),
  telegrams: z.int().min(1).max(32).optional(),
});
