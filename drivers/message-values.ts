/**
 * Values out of messages in JSON, for devices that send when they have something to say: where each point stands (a JSON
 * pointer, RFC 6901), its unit, and what words mean. Shared by mqtt-in and http-in.
 */
import { z } from 'zod';
import { AgentError } from '../agent/core/errors.ts';
import type { ProfilePoint } from '../agent/core/profile.ts';
import { bad, good, type Mono, type Place, type Reading, type Value } from '../agent/core/reading.ts';
import { convert, isUnit, UNITS, type Unit } from '../agent/core/unit.ts';

/** Largest message that is looked at, bytes. */
const LARGEST = 256 * 1024;
/** Deepest pointer. */
const DEEPEST = 16;

const pointerText = z
  .string()
  .regex(/^(\/([^~/]|~0|~1)*)*$/, 'expected a JSON pointer such as /object/battery')
  .refine((text) => text.split('/').length <= DEEPEST + 1, `expected at most ${DEEPEST} steps`);
export const pointer = pointerText;

const unit = z.custom<Unit>(
  (text) => typeof text === 'string' && isUnit(text),
  'expected a unit as UCUM code',
);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Where a point stands in a message and what it means. */
export const valueSchema = z.strictObject({
  /** From the root of the device's data. */
  pointer: pointerText.optional(),
  /** Instead: what the network server says of the radio. */
  radio: z.enum(['rssi', 'snr', 'battery']).optional(),
  /** Unit in the message where it is not the point's. */
  unit: unit.optional(),
  scale: z.number().default(1),
  offset: z.number().default(0),
  /** What words or codes stand for: `{ leak: true, normal: false }`. */
  values: z.record(z.string(), scalar).optional(),
});
export type ValueWire = z.output<typeof valueSchema>;

/** A condition on a message: it is taken only where the value is this one. */
export const conditionSchema = z.strictObject({ pointer: pointerText, equals: scalar });
export type Condition = z.output<typeof conditionSchema>;

/** When the device measured: seconds or ms since 1970, or text of ISO 8601. */
export const timeSchema = z.strictObject({
  pointer: pointerText,
  format: z.enum(['iso', 's', 'ms']).default('iso'),
});

/** What stands at a JSON pointer; undefined where there is nothing. RFC 6901 */
export function at(root: unknown, path: string): unknown {
  let here = root;
  for (const step of path === '' ? [] : path.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}

/** A message as JSON. Throws `AgentError` `frame-invalid`. */
export function jsonOf(payload: Uint8Array): unknown {
  if (payload.length > LARGEST) {
    throw new AgentError('frame-invalid', `message refused: ${payload.length} bytes, ${LARGEST} at most`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new AgentError('frame-invalid', `message refused: it is no JSON (${payload.length} bytes)`, {
      cause,
    });
  }
}

/** The reading of a point; undefined where the message says nothing of it. */
export function readingOf(
  device: string,
  point: ProfilePoint,
  wire: ValueWire,
  raw: unknown,
  time: Mono,
): Reading | undefined {
  if (raw === undefined) return undefined;
  const place: Place = { device, point: point.id, unit: point.unit };
  if (raw === null) return bad(place, 'not-available', time);
  const value = meant(raw, wire, point);
  if (value === undefined) return bad(place, 'configuration', time);
  if (typeof value !== 'number') return good(place, value, time);
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (value < min) return bad(place, 'under-range', time);
  return value > max ? bad(place, 'over-range', time) : good(place, value, time);
}

/** A value of the point's type; undefined where it cannot be made one. */
function meant(
  raw: unknown,
  { values, scale, offset, unit: from }: ValueWire,
  point: ProfilePoint,
): Value | undefined {
  if (typeof raw === 'object' || typeof raw === 'function') return undefined;
  let value: unknown = raw;
  if (values !== undefined) {
    const word = String(raw);
    if (!Object.hasOwn(values, word)) return undefined;
    value = values[word];
  }
  switch (point.type) {
    case 'string':
      return String(value).slice(0, 1024);
    case 'boolean': {
      const word = String(value).toLowerCase();
      if (['true', '1'].includes(word)) return true;
      return ['false', '0'].includes(word) ? false : undefined;
    }
    default: {
      if (typeof value === 'boolean' || value === '') return undefined;
      const number = Number(value);
      if (!Number.isFinite(number)) return undefined;
      const own = number * scale + offset;
      const converted = from === undefined ? own : convert(own, from, point.unit);
      return point.decimals === undefined
        ? Number(converted.toPrecision(12))
        : Number(converted.toFixed(point.decimals)) + 0;
    }
  }
}

/** What is wrong with a point and its block. */
export function valueProblems(point: ProfilePoint, wire: ValueWire): readonly string[] {
  const problems: string[] = [];
  if ((wire.pointer === undefined) === (wire.radio === undefined)) {
    problems.push('expected either pointer or radio');
  }
  if (point.access !== 'read') problems.push(`expected access read, got ${point.access}`);
  if (wire.unit !== undefined && UNITS[wire.unit].dimension !== UNITS[point.unit].dimension) {
    problems.push(`expected a unit of ${UNITS[point.unit].dimension}, got ${wire.unit}`);
  }
  return problems;
}
