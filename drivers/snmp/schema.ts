/** The SNMP blocks of a profile (`snmp:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';

const VERSION = z.literal([1, '2c', 3]);
const OID = /^1\.[0-3](\.(0|[1-9]\d*))+(\.\{index\}(\.(0|[1-9]\d*))*)?$/;

export const optionsSchema = z.strictObject({
  version: VERSION.default('2c'),
  /** Objects asked for at once, at most. */
  perRequest: z.int().min(1).max(60).default(16),
});

export const wireSchema = z.strictObject({
  /** With the instance (`.0` of a scalar); `{index}` stands for the device's `index`. */
  oid: z.string().regex(OID, 'expected an OID in digits such as 1.3.6.1.2.1.1.3.0'),
  scale: z.number().default(1),
  offset: z.number().default(0),
  /** Numbers that mean that there is no value. */
  notAvailable: z.array(z.number()).default([]),
  /** Of a boolean: the numbers that are true; absent: all but 0. */
  equals: z.array(z.number()).optional(),
  /** Of a text: octets as hex, for addresses. */
  hex: z.boolean().default(false),
});
export type Wire = z.output<typeof wireSchema>;

/** RFC 3414 §11.2: at least eight characters. */
const password = z.string().min(8, 'expected a password of at least 8 characters');

export const AUTH = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export const PRIV = ['des', 'aes', 'aes256b', 'aes256r'] as const;

export const deviceSchema = z.strictObject({
  version: VERSION.optional(),
  community: z.string().min(1).default('public'),
  /** Row of the profile's tables. */
  index: z.int().min(0).default(1),
  user: z.string().min(1).max(32).optional(),
  auth: z.strictObject({ protocol: z.enum(AUTH).default('sha'), password }).optional(),
  priv: z.strictObject({ protocol: z.enum(PRIV).default('aes'), password }).optional(),
  context: z.string().optional(),
});
export type DeviceOptions = z.output<typeof deviceSchema>;
