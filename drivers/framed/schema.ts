/** The description of a framed line in a profile: how frames begin, end and are checked, and what stands in them. */
import { z } from 'zod';
import { fromHex } from '../../agent/core/bytes.ts';
import { CHECKSUM_KINDS, widthOf } from './checksum.ts';
import { compile } from './pattern.ts';

const LONGEST = 1024;
const hexBytes = z
  .string()
  .refine((text) => (fromHex(text)?.length ?? 0) > 0, 'expected bytes in hex, such as "02" or "0D 0A"')
  .transform((text) => fromHex(text) ?? new Uint8Array(0));

const checksumSchema = z.strictObject({
  kind: z.enum(CHECKSUM_KINDS),
  /** Where it stands; negative: from the end of the frame. */
  at: z.int().min(-LONGEST).max(LONGEST),
  /** First byte it covers, and the first behind; negative: from the end. Default: from the start up to the check. */
  from: z.int().min(-LONGEST).max(LONGEST).default(0),
  to: z.int().min(-LONGEST).max(LONGEST).optional(),
  /** How it is written: as bytes, or as hex digits. */
  encoding: z.enum(['binary', 'hex']).default('binary'),
  /** Of two bytes, which comes first. */
  order: z.enum(['be', 'le']).default('be'),
  /** Computed over the bytes as they are, or over the bytes that hex digits stand for. */
  over: z.enum(['bytes', 'hex']).default('bytes'),
});

const frameSchema = z
  .strictObject({
    start: hexBytes.optional(),
    end: hexBytes.optional(),
    /** Bytes of the whole frame, where they are always as many. */
    length: z.int().min(1).max(LONGEST).optional(),
    /** A field from which the size of the whole frame follows: its value + `add`. */
    lengthField: z
      .strictObject({
        offset: z.int().min(0).max(64),
        type: z.enum(['uint8', 'uint16-be', 'uint16-le']),
        add: z.int().min(0).max(LONGEST).default(0),
      })
      .optional(),
    longest: z.int().min(2).max(LONGEST).default(256),
  })
  .superRefine((frame, context) => {
    const sizes = [frame.length, frame.lengthField].filter((size) => size !== undefined).length;
    if (sizes > 1 || (sizes === 0 && frame.end === undefined)) {
      context.addIssue('expected one of end, length, lengthField');
    }
    if (frame.start === undefined && sizes === 1) {
      context.addIssue('expected start, by which a frame of a given length is found');
    }
  });

export const optionsSchema = z.strictObject({
  serial: z.strictObject({ baud: z.int().min(300).max(921_600), format: z.string() }).optional(),
  frame: frameSchema,
  checksum: checksumSchema.optional(),
  /** Characters of text frames. */
  encoding: z.enum(['ascii', 'utf-8', 'gb18030']).default('ascii'),
  /** `on-event`: silence is no fault; every frame is told. */
  talks: z.enum(['regularly', 'on-event']).default('regularly'),
  /** Longest silence of a healthy device, ms. Default: two and a half periods; of `on-event` 24 days. */
  silence: z.int().min(1000).max(2_000_000_000).optional(),
  /** Sent once in the shortest period, for devices that are asked. */
  request: hexBytes.optional(),
});

export const TYPES = {
  uint8: 1,
  int8: 1,
  'uint16-be': 2,
  'uint16-le': 2,
  'int16-be': 2,
  'int16-le': 2,
  'uint32-be': 4,
  'uint32-le': 4,
  'int32-be': 4,
  'int32-le': 4,
  'float-be': 4,
  'float-le': 4,
} as const;
export type NumberType = keyof typeof TYPES;
const numberTypes = Object.keys(TYPES) as NumberType[];

const pattern = z.string().superRefine((text, context) => {
  const found = compile(text);
  if (!found.ok) context.addIssue(`expected an expression that is matched in linear time: ${found.error}`);
});
const constant = z.union([z.boolean(), z.number(), z.string()]);

export const wireSchema = z
  .strictObject({
    /** Binary: where the value stands in the frame, counted from 0; negative: from the end. */
    offset: z.int().min(-LONGEST).max(LONGEST).optional(),
    type: z.enum([...numberTypes, 'hex', 'ascii']).optional(),
    /** Bytes of `hex` and `ascii`. */
    length: z.int().min(1).max(LONGEST).optional(),
    /** One bit of the number, 0 the lowest; for booleans. */
    bit: z.int().min(0).max(31).optional(),
    scale: z.number().default(1),
    plus: z.number().default(0),
    /** Only frames that hold these bytes there. */
    when: z.strictObject({ offset: z.int().min(0).max(LONGEST), equals: hexBytes }).optional(),
    /** Text: an expression whose group is the value; without a group the point is told `value`. */
    match: pattern.optional(),
    value: constant.optional(),
    /** Text: several expressions, the first that fits tells its value. */
    cases: z
      .array(z.strictObject({ match: pattern, value: constant }))
      .min(1)
      .max(32)
      .optional(),
  })
  .superRefine((wire, context) => {
    const ways = [wire.offset, wire.match, wire.cases].filter((way) => way !== undefined).length;
    if (ways !== 1) return context.addIssue('expected one of offset, match, cases');
    if (wire.offset !== undefined && wire.type === undefined) context.addIssue('expected type beside offset');
    const text = wire.type === 'hex' || wire.type === 'ascii';
    if (text !== (wire.length !== undefined))
      context.addIssue('expected length for hex and ascii, and only there');
    const grouped = wire.match !== undefined && /(?<!\\)\((?!\?:)/.test(wire.match);
    if (wire.match !== undefined && grouped === (wire.value !== undefined)) {
      context.addIssue('expected a group in match or value beside it');
    }
  });

export type Options = z.infer<typeof optionsSchema>;
export type Wire = z.infer<typeof wireSchema>;
export type Checksum = z.infer<typeof checksumSchema>;

/** Characters or bytes a check takes in the frame. */
export function checkSize({ kind, encoding }: Checksum): number {
  return widthOf(kind) * (encoding === 'hex' ? 2 : 1);
}

export const deviceSchema = z.strictObject({});
