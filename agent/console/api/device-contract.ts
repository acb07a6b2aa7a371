/** Shapes of the routes about lines and devices: how they do, what was asked of them, their raw frames. */
import { z } from 'zod';
import { count, id, text, time } from './contract.ts';

const state = z.enum(['ok', 'degraded', 'down', 'starting', 'off']);
const ms = z.number().nullable().meta({ description: 'ms; null before the first' });
const errors = z
  .array(z.object({ kind: z.string().meta({ description: 'code of the error' }), count }))
  .meta({ description: 'requests that failed since the line was opened, by kind, the most frequent first' });

const talk = z.object({
  state,
  since: time,
  message: z.string().optional(),
  fix: z.string().optional(),
  answers: count,
  errors,
});

export const lineDevice = talk
  .extend({
    id: z.string(),
    title: text,
    address: z.string().nullable(),
    p50_ms: ms.meta({ description: 'half of the last 64 answers began within this, ms after the request' }),
    p95_ms: ms,
    slowest_ms: ms,
    requests: count.nullable().meta({ description: 'requests its plan makes of its points' }),
    failures: count.meta({ description: 'failures in a row' }),
    breaker_open: z.boolean().meta({ description: 'it is left alone but for a probe now and then' }),
  })
  .meta({ id: 'LineDevice' });

export const line = talk
  .extend({
    id: z.string(),
    kind: z.string(),
    port: z.string().meta({ description: 'for people' }),
    settings: z.string().nullable().meta({ description: 'rate and format of a serial side: `9600 8N1`' }),
    utilisation: z.number().nullable().meta({ description: 'part of the last minute it was busy, 0…1' }),
    planned: z.number().nullable().meta({
      description: 'part of the line that the plan takes, with the measured turnarounds; may pass 1',
    }),
    skipped: count.meta({ description: 'periods without a request, for there was no time' }),
    noise_bytes: count,
    foreign_frames: count,
    commands_waiting: count,
    commands_done: count,
    command_p50_ms: ms.meta({ description: 'from the wish to the read-back, the last 64' }),
    command_p95_ms: ms,
    devices: z.array(lineDevice),
  })
  .meta({ id: 'Line' });
export const lines = z.object({ now: time, lines: z.array(line) }).meta({ id: 'Lines' });

export const deviceParams = z.strictObject({ device: id });
export const device = z
  .object({
    id: z.string(),
    title: text,
    class: z.string(),
    brand: z.string(),
    model: z.string(),
    asset: z.string().nullable(),
    profile: z.object({ id: z.string(), protocol: z.string(), source: z.string() }).nullable(),
    period_s: z.number().nullable(),
    line: z.string().nullable(),
    frames: z.boolean().meta({ description: 'whether its raw frames can be looked at' }),
    talk: lineDevice.nullable().meta({ description: 'null: it is on no line' }),
  })
  .meta({ id: 'Device' });

/** Longest look at raw frames, s, and most frames of one look. */
export const LONGEST_LOOK_S = 120;
export const MOST_FRAMES = 500;
export const framesQuery = z.strictObject({
  seconds: z.coerce.number().int().min(1).max(LONGEST_LOOK_S).optional(),
});
export const frame = z.object({
  time,
  dir: z.enum(['up', 'down']),
  hex: z.string(),
  error: z.string().optional(),
  decoded: z.record(z.string(), z.unknown()).optional(),
});

export type ApiLines = z.infer<typeof lines>;
export type ApiLine = z.infer<typeof line>;
export type ApiLineDevice = z.infer<typeof lineDevice>;
export type ApiDevice = z.infer<typeof device>;
export type ApiFrame = z.infer<typeof frame>;
