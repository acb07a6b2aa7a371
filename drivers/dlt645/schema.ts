/** The DL/T 645 blocks of a profile (`dlt645:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';
import { duration, serialSchema } from '../line-settings.ts';
import { VERSIONS } from './items.ts';

/** Longest time from the end of a request to the first byte of the answer, ms. DL/T 645-2007 §5.3.3 */
const RESPONSE_DELAY = 500;

export const optionsSchema = z.strictObject({
  /** Edition of the standard the meter speaks. */
  version: z.enum(VERSIONS).default('2007'),
  serial: serialSchema.optional(),
  /** Longest time the meter takes to begin its answer. */
  delay: duration.default(RESPONSE_DELAY),
});
export type Options = z.output<typeof optionsSchema>;

export const wireSchema = z.strictObject({
  /** Data identifier, highest byte first, as the standard prints it: `00010000`, or `9010` in the edition of 1997. */
  di: z.string().regex(/^([0-9A-F]{8}|[0-9A-F]{4})$/, 'expected 8 hex digits (1997: 4) in upper case'),
  /** Place in a block (an identifier with FF), 0 the first. */
  index: z.int().min(0).max(63).default(0),
  /** Of a demand: the figure, or when it was. */
  part: z.enum(['value', 'time']).default('value'),
  /** Of a status word: one bit of it, 0 the lowest. */
  bit: z.int().min(0).max(15).optional(),
  /** Writing the point switches the supply, where the device allows it: true trips, false closes. */
  control: z.literal('relay').optional(),
  /** For an identifier that is not in the driver's list, or that the meter writes in another way than the standard. */
  number: z
    .strictObject({
      bytes: z.int().min(1).max(6),
      decimals: z.int().min(0).max(8),
      signed: z.boolean().default(false),
    })
    .optional(),
});
export type Wire = z.output<typeof wireSchema>;

/** What one device in the site file may be told. Absent: nothing. */
export const controlSchema = z.strictObject({
  /** The relay may be switched. */
  relay: z.literal(true),
  /** Six digits; a reference to a secret in the site file. */
  password: z.string().regex(/^\d{6}$/, 'expected a password of six digits'),
  /** Level that the password is of: 02 or 04 in meters that take one. */
  level: z
    .string()
    .regex(/^\d{2}$/, 'expected a level of two digits such as "02"')
    .default('02'),
  /** Who the meter notes down, eight digits. */
  operator: z
    .string()
    .regex(/^\d{8}$/, 'expected eight digits')
    .default('00000001'),
  /** `allow`: somebody has to press the meter's button. `direct`: the supply is back at once. */
  close: z.enum(['allow', 'direct']).default('allow'),
  /** How long the meter may still act on a command. */
  valid: duration.default(300_000),
});
export type Control = z.output<typeof controlSchema>;

/** Options of one device in the site file; they win over the profile's. */
export const deviceSchema = z.strictObject({
  delay: duration.optional(),
  control: controlSchema.optional(),
});
