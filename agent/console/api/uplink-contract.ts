/** Shapes of the routes about uplinks: link, backlog, books, data budget, refusals. */
import { z } from 'zod';
import { count, ledger, time } from './contract.ts';

const lane = z.enum(['alarm', 'event', 'meter', 'telemetry', 'bulk']);

export const uplink = z
  .object({
    id: z.string(),
    kind: z.string(),
    address: z.string().meta({ description: 'without user and password' }),
    state: z.enum(['ok', 'degraded', 'down', 'starting', 'off']),
    since: time,
    message: z.string().optional(),
    fix: z.string().optional(),
    ledger: ledger.optional().meta({ description: 'absent before the uplink has looked at the log' }),
    backlog_s: z
      .number()
      .nullable()
      .meta({ description: 'age of the oldest record that waits; null: none waits, or it is not known' }),
    data: z
      .object({
        bytes: count.meta({ description: 'on the wire in this calendar month (UTC)' }),
        forecast: count.nullable().meta({ description: 'all of the month if it goes on like this' }),
        budget: count,
        thinned: z.string().meta({ description: 'what leaves more seldom to keep the budget; `nothing`' }),
      })
      .nullable()
      .meta({ description: 'null: no data_budget is set' }),
    refusals: z
      .array(z.object({ lane, seq: count, reason: z.string(), at: time }))
      .meta({ description: 'records that the receiver refused for good, newest first' }),
  })
  .meta({ id: 'Uplink' });
export const uplinks = z.object({ now: time, uplinks: z.array(uplink) }).meta({ id: 'Uplinks' });

export type ApiUplinks = z.infer<typeof uplinks>;
export type ApiUplink = z.infer<typeof uplink>;
