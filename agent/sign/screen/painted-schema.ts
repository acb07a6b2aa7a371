/** Checks of what a page tells, before anybody believes a word of it. */
import * as z from 'zod';
import type { Feedback } from '../../core/board.ts';
import { FEEDBACK } from '../../core/board.ts';
import type { Painted } from './painted.ts';

const key = z.string().min(1).max(200);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const painted = z.strictObject({
  run: z.string().max(40),
  seq: count,
  count,
  elapsed: z.number().min(0).max(1e12),
  waited: z.number().min(0).max(1e9),
  visible: z.boolean(),
  size: z.tuple([count, count]),
  texts: z.record(key, z.string().max(2000)),
  hidden: z.array(key).max(500),
});

const feedback = z.strictObject({ answer: z.enum(FEEDBACK) });

/** Undefined where it is not what a page of ours tells. */
export function readPainted(body: unknown): Painted | undefined {
  const parsed = painted.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

export function readFeedback(body: unknown): Feedback | undefined {
  const parsed = feedback.safeParse(body);
  return parsed.success ? parsed.data.answer : undefined;
}
