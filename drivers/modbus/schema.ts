/** The Modbus blocks of a profile (`modbus:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';
import { OBJECT_NAMES } from './identification.ts';

export const ORDERS = ['ABCD', 'BADC', 'CDAB', 'DCBA'] as const;
/** Order of the bytes of a value on the wire; ABCD is big-endian as the standard has it, CDAB swaps words. */
export type Order = (typeof ORDERS)[number];

export const TYPES = [
  'bit',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
] as const;
export type WireType = (typeof TYPES)[number];

/** Registers a value of each type takes; a string says itself. */
export const WORDS: Readonly<Record<Exclude<WireType, 'string' | 'bit'>, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
};

const address = z.int().min(0).max(65535);
/** Raw contents as the registers hold it in order ABCD, e.g. `7FFF`. */
const raw = z.array(z.string().regex(/^([0-9A-F]{4}){1,4}$/, 'expected whole registers as upper-case hex'));
const rawByType = z.partialRecord(z.enum(TYPES), raw);
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000 };
/** `300ms`, `1s`, or a number of ms. */
const duration = z.union([
  z.number().min(0),
  z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s)$/, 'expected a duration such as 300ms')
    .transform((text) => Number.parseFloat(text) * (UNITS_MS[text.replace(/[\d.]+/, '')] ?? 1)),
]);

export const serialSchema = z.strictObject({
  baud: z.int().min(300).max(921600),
  format: z.enum(['8N1', '8N2', '8E1', '8E2', '8O1', '8O2', '7E1', '7O1']),
});

/** A pattern that a text fits; JavaScript's regular expressions. */
const pattern = z.string().refine((text) => {
  try {
    return new RegExp(text) !== undefined;
  } catch {
    return false;
  }
}, 'expected a regular expression');

const identifyRegister = z
  .strictObject({
    function: z.union([z.literal(3), z.literal(4)]).default(3),
    address,
    type: z.enum(['uint16', 'uint32', 'string']).default('uint16'),
    /** Registers; of a string it must be said. */
    words: z.int().min(1).max(125).optional(),
    /** Contents of this model. */
    is: z.array(z.union([z.int(), z.string()])).optional(),
    /** Or what they look like. */
    matches: pattern.optional(),
  })
  .refine((rule) => (rule.is === undefined) !== (rule.matches === undefined), 'expected is or matches')
  .refine(
    (rule) => rule.type !== 'string' || rule.words !== undefined,
    'expected the number of registers of the string in words',
  )
  .transform(({ words, ...rule }) => ({ ...rule, words: words ?? (rule.type === 'uint16' ? 1 : 2) }));
export type IdentifyRegister = z.output<typeof identifyRegister>;

const identifyRule = z.strictObject({
  /** A register in which the device says what model it is. */
  register: identifyRegister.optional(),
  /** What it says by 43/14; all that are given must fit. */
  identification: z.partialRecord(z.enum(OBJECT_NAMES), pattern).optional(),
});
export type IdentifyRule = z.output<typeof identifyRule>;

export const optionsSchema = z.strictObject({
  /** Settings the device leaves the factory with. */
  serial: serialSchema.optional(),
  /** Unit id of a Modbus TCP device that has a fixed one. */
  unit: z.int().min(0).max(255).optional(),
  /** Function the points are read with unless they say otherwise: 3 or 4 (registers), 1 or 2 (bits). */
  function: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).default(3),
  order: z.enum(ORDERS).default('ABCD'),
  /** Most registers in one request. */
  maxBlock: z.int().min(1).max(125).default(125),
  /** Most registers read for nothing between two points. */
  maxGap: z.int().min(0).max(124).default(16),
  /** Addresses and lengths of requests are multiples of it (a device that refuses to split its floats). */
  align: z.union([z.literal(1), z.literal(2)]).default(1),
  /** Registers [first, last] that do not exist; no request spans them. */
  holes: z.array(z.tuple([address, address])).default([]),
  /** Contents that mean "no value", by type. */
  notAvailable: rawByType.default({}),
  /** Contents that mean "the sensor is broken", by type. */
  fault: rawByType.default({}),
  /** Least time between two requests. */
  minInterval: duration.default(0),
  /** Time the device takes to answer, for the plan until the line has measured it. */
  turnaround: duration.default(20),
  /** SunSpec models this profile reads: their place is found by walking the chain of models. */
  sunspec: z.array(z.int()).optional(),
  /** How a scan knows the model. */
  identify: identifyRule.optional(),
});
export type Options = z.output<typeof optionsSchema>;

const writeSchema = z.strictObject({
  /** 5 and 15 write coils, 6 one register, 16 several, 22 bits under a mask, 23 writes and reads in one. */
  function: z.union([z.literal(5), z.literal(6), z.literal(15), z.literal(16), z.literal(22), z.literal(23)]),
  /** Where it is written; absent: where it is read. */
  address: address.optional(),
  /** Where the value is read back; absent: where it is read. */
  readback: z.strictObject({ address }).optional(),
});

export const wireSchema = z.strictObject({
  /** 0-based, as in the PDU. */
  address: address.optional(),
  /** The number the manual prints (30001, 3028, 2006H), for people. */
  printed: z.union([z.int(), z.string()]).optional(),
  function: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).optional(),
  type: z.enum(TYPES).optional(),
  /** Registers of a string. */
  words: z.int().min(1).max(125).optional(),
  /** Of a string that is kept as it is, blanks and all, up to the first 0. Absent: Latin-1 without blanks around it. */
  charset: z.enum(['ascii', 'gb2312', 'utf-8']).optional(),
  order: z.enum(ORDERS).optional(),
  /** value = contents × scale + offset */
  scale: z
    .number()
    .refine((scale) => scale !== 0, 'expected a scale other than 0')
    .default(1),
  offset: z.number().default(0),
  /** One bit of the contents, 0 the lowest. */
  bit: z.int().min(0).max(63).optional(),
  /** Bits [lowest, highest] of the contents. */
  bits: z.tuple([z.int().min(0).max(63), z.int().min(0).max(63)]).optional(),
  notAvailable: raw.optional(),
  fault: raw.optional(),
  /** Register with a decimal exponent (SunSpec sunssf): value = contents × 10^exponent. */
  scaleRegister: address.optional(),
  /** Register that says how many decimals the contents have: value = contents ÷ 10^decimals. */
  decimalsRegister: address.optional(),
  /** Name of a SunSpec point instead of address and type. */
  sunspec: z.string().optional(),
  write: writeSchema.optional(),
});
export type Wire = z.output<typeof wireSchema>;

/** Options of one device in the site file; they win over the profile's. */
export const deviceSchema = z.strictObject({
  timeout: duration.optional(),
  turnaround: duration.optional(),
  minInterval: duration.optional(),
  maxBlock: z.int().min(1).max(125).optional(),
  maxGap: z.int().min(0).max(124).optional(),
  order: z.enum(ORDERS).optional(),
  /** How bytes are written on a serial line or behind a serial server. */
  framing: z.enum(['rtu', 'ascii']).default('rtu'),
});
export type DeviceOptions = z.output<typeof deviceSchema>;
