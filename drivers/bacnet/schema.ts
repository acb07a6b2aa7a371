/** The BACnet blocks of a profile (`bacnet:` of the profile and of each point) and of a device's options. */
import { z } from 'zod';

/** BACnetObjectType, ASHRAE 135 §21, as far as they have values worth a point. */
export const OBJECTS = {
  'analog-input': 0,
  'analog-output': 1,
  'analog-value': 2,
  'binary-input': 3,
  'binary-output': 4,
  'binary-value': 5,
  device: 8,
  'multi-state-input': 13,
  'multi-state-output': 14,
  'multi-state-value': 19,
  averaging: 18,
  accumulator: 23,
  'pulse-converter': 24,
  'character-string-value': 40,
  'integer-value': 45,
  'large-analog-value': 46,
  'positive-integer-value': 48,
  'lighting-output': 54,
} as const;

/** BACnetPropertyIdentifier of the same. */
export const PROPERTIES = {
  'present-value': 85,
  'object-name': 77,
  description: 28,
  'model-name': 70,
  'vendor-name': 121,
  'serial-number': 372,
  'firmware-revision': 44,
  'system-status': 112,
  'event-state': 36,
  reliability: 103,
  'out-of-service': 81,
  'pulse-rate': 186,
  'average-value': 125,
  'maximum-value': 135,
  'minimum-value': 136,
} as const;

/** Stands for the device itself, whatever its instance. §15.5.2 */
export const ANY_INSTANCE = 4_194_303;

export const optionsSchema = z.strictObject({
  /** Objects asked for at once, at most. */
  perRequest: z.int().min(1).max(40).default(12),
  /** False: objects are asked for one by one; a device that does not know better says so by itself. */
  multiple: z.boolean().default(true),
});

const names = <T extends object>(table: T) => z.enum(Object.keys(table) as [keyof T & string]);

export const wireSchema = z.strictObject({
  object: names(OBJECTS),
  instance: z.int().min(0).max(ANY_INSTANCE).default(ANY_INSTANCE),
  property: names(PROPERTIES).default('present-value'),
  scale: z.number().default(1),
  offset: z.number().default(0),
  /** Of a boolean: the numbers that are true; absent: all but 0. */
  equals: z.array(z.number()).optional(),
});
export type Wire = z.output<typeof wireSchema>;

export const deviceSchema = z.strictObject({
  /** Added to all instances of the profile but that of the device object. */
  first: z.int().min(0).max(ANY_INSTANCE).default(0),
});
