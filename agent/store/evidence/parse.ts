/** Statements from outside: from a log that somebody may have edited, or from messages. */
import * as z from 'zod';
import { LANES } from '../../core/point.ts';
import { CAUSES, type Statement } from './statement.ts';

const count = z.int().min(0);
/** Exactly one text for the bytes: bits that decoding drops are none. */
const base64url = (length: number) =>
  z
    .string()
    .length(length)
    .refine((text) => Buffer.from(text, 'base64url').toString('base64url') === text);
const hash = base64url(43);
const perLane = <T extends z.ZodType>(value: T) => z.partialRecord(z.enum(LANES), value);

const STATEMENT = z.strictObject({
  what: z.literal('signature'),
  v: z.literal(1),
  agent: z.string(),
  epoch: z.string(),
  number: count,
  cause: z.enum(CAUSES),
  time: z.number(),
  heads: perLane(z.tuple([count, hash])),
  tails: perLane(z.tuple([count, hash])),
  points: z.tuple([count, hash, hash]),
  clock: z.tuple([count, hash]),
  witnesses: perLane(z.string()),
  key: base64url(43),
  signature: base64url(86),
});

/** Undefined for anything but a statement. Its signature is not looked at. */
export function parseStatement(body: unknown): Statement | undefined {
  const parsed = STATEMENT.safeParse(body);
  return parsed.success ? (parsed.data as Statement) : undefined;
}
