/** Shapes of the routes of updates, see core/update.ts. */
import { z } from 'zod';

const time = z.number().meta({ description: 'Unix epoch ms' });

export const updateNews = z
  .object({
    what: z.enum(['staged', 'switched', 'good', 'returned', 'refused']),
    kind: z.enum(['release', 'model', 'config', 'unknown']),
    version: z
      .string()
      .meta({ description: '0.3.0 of a release, yolox#4 of a model, #17 of a configuration' }),
    from: z.string().optional().meta({ description: 'what ran before, or runs again' }),
    code: z.string().optional(),
    reason: z.string().optional(),
    at: time,
  })
  .meta({ id: 'UpdateNews' });

const status = z
  .object({
    running: z.string(),
    factory: z.boolean().meta({ description: 'the release of the package runs' }),
    switchable: z.boolean().meta({ description: 'a launcher started it, so releases can be switched' }),
    previous: z.string().optional(),
    staged: z.array(z.string()).meta({ description: 'whole on the disk and not running' }),
    trial: z
      .object({
        version: z.string(),
        starts: z.number().int(),
        missing: z.array(z.string()).meta({ description: 'what answered before and does not answer yet' }),
      })
      .optional(),
    floor: z.string().meta({ description: 'nothing older is taken' }),
    watched: z.string().optional().meta({ description: 'the model or configuration that is watched now' }),
    busy: z.string().optional().meta({ description: 'what is being fetched or checked' }),
    history: z.array(updateNews).meta({ description: 'newest last' }),
  })
  .meta({ id: 'UpdateStatus' });
export const updates = z
  .object({ updates: status.nullable().meta({ description: 'null: nobody updates this agent from afar' }) })
  .meta({ id: 'Updates' });

export type ApiUpdates = z.infer<typeof updates>;
