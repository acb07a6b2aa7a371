/** Shapes of the route of templates: what may be shown in public at all. */
import { z } from 'zod';

const field = z.union([
  z.object({ kind: z.literal('number'), min: z.number(), max: z.number(), decimals: z.number().int() }),
  z.object({ kind: z.literal('word'), words: z.array(z.string()) }),
]);

export const template = z
  .object({
    id: z.string(),
    texts: z.record(z.string(), z.string()).meta({ description: 'by language, with {field} in them' }),
    fields: z.record(z.string(), field),
    priority: z.number().int().meta({ description: 'the highest a message of it may have' }),
    longest_s: z.number(),
  })
  .meta({ id: 'Template' });
export const templates = z.object({ templates: z.array(template) }).meta({ id: 'Templates' });
