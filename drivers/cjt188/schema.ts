/** The CJ/T 188 blocks of a profile (`cjt188:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';
import { duration, serialSchema } from '../line-settings.ts';
import { AMOUNTS } from './contents.ts';
import { ORDERS } from './frame.ts';

/** Longest time from the end of a request to the first byte of the answer, ms: 500 by the standard, real meters take more. */
const RESPONSE_DELAY = 2000;

/** What can be read out of an answer. */
export const FIELDS = [
  ...AMOUNTS,
  'supply-temperature',
  'return-temperature',
  'hours',
  'clock',
  'valve',
  'battery-low',
] as const;
export type Field = (typeof FIELDS)[number];

const decimals = z.partialRecord(z.enum(AMOUNTS), z.int().min(0).max(6));
const order = z.enum(ORDERS);
const type = z.string().regex(/^[0-9A-F]{2}$/, 'expected 2 hex digits in upper case');
const preambles = z.int().min(0).max(32);

export const optionsSchema = z.strictObject({
  serial: serialSchema.optional(),
  /** Type of meter that is asked for: 10 cold water, 11 hot water, 20 heat, 30 gas. */
  type: type.default('10'),
  /** Byte order of the identifier to begin with; the other one is tried by itself. */
  order: order.default('high'),
  /** Decimals of amounts that differ from the standard's. */
  decimals: decimals.default({}),
  /** FE before a request; some meters need up to 20 to wake. */
  preambles: preambles.default(4),
  /** Longest time the meter takes to begin its answer. */
  delay: duration.default(RESPONSE_DELAY),
});
export type Options = z.output<typeof optionsSchema>;

export const wireSchema = z.strictObject({
  field: z.enum(FIELDS),
  /** Identifier to ask for, highest byte first: `901F`, or `D120` to `D12B` for the totals of the last months. */
  di: z
    .string()
    .regex(/^(901F|D12[0-9AB])$/, 'expected 901F, or D120 to D12B')
    .default('901F'),
  /** Writing the point moves the valve, where the device allows it: `open` or `closed`. */
  control: z.literal('valve').optional(),
});
export type Wire = z.output<typeof wireSchema>;

/** What one device in the site file may be told. Absent: nothing. */
export const controlSchema = z.strictObject({
  /** The valve may be moved. */
  valve: z.literal(true),
  /** Control code of the command: 04 by the standard, 2A with some makers. */
  code: z.enum(['04', '2A']).default('04'),
  /** Longest time the valve takes; it is looked at until then. */
  travel: duration.default(10_000),
});
export type Control = z.output<typeof controlSchema>;

/** Options of one device in the site file; they win over the profile's. */
export const deviceSchema = z.strictObject({
  type: type.optional(),
  order: order.optional(),
  decimals: decimals.optional(),
  preambles: preambles.optional(),
  delay: duration.optional(),
  control: controlSchema.optional(),
});
