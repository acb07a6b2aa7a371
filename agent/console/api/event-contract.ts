/** Shapes of the route about what happened. */
import { z } from 'zod';
import { EVENT_KINDS } from '../../core/record.ts';
import { count, time } from './contract.ts';

export const eventsQuery = z.strictObject({
  kinds: z
    .string()
    .regex(/^[a-z]+(,[a-z]+)*$/)
    .max(200)
    .optional()
    .meta({ description: `some of ${EVENT_KINDS.join(', ')}, with commas between; absent: audit` }),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  before: z.coerce.number().int().min(1).optional().meta({ description: 'only numbers below this one' }),
});
export const happened = z
  .object({
    seq: count.meta({ description: 'number on lane event' }),
    event: z.enum(EVENT_KINDS),
    severity: z.enum(['info', 'warning', 'alarm']),
    device: z.string().optional(),
    time,
    body: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Happened' });
export const events = z.object({ now: time, events: z.array(happened) }).meta({ id: 'Events' });

export type ApiEvents = z.infer<typeof events>;
