/** Shapes of the route about lamps, see core/lighting/view.ts. */
import { z } from 'zod';
import { text, time, value } from './contract.ts';

export const lampTonight = z
  .object({
    lamp: z.string(),
    title: text,
    device: z.string(),
    point: z.string(),
    programme: z
      .object({
        id: z.string(),
        date: z.string().meta({ description: 'of the evening' }),
        from: time.meta({ description: 'local noon before the night' }),
        to: time,
        dusk: time.optional(),
        dawn: time.optional(),
        step_s: z.number(),
        levels: z.array(z.number()).meta({ description: '% by sun and calendar, from `from` on' }),
        photocell: z.boolean().meta({ description: 'whether one decides near dusk and dawn' }),
        traffic: z.tuple([z.number(), z.number()]).optional().meta({ description: 'levels by traffic, %' }),
        boosts: z.array(z.string()),
      })
      .nullable(),
    now: z
      .object({ level: z.number(), rung: z.string(), lit: z.boolean(), why: z.string().optional() })
      .nullable(),
    override: z.object({ id: z.string(), value, issuer: z.string(), until: time }).nullable(),
    power: z.object({ device: z.string(), point: z.string(), rated: z.number() }).nullable(),
  })
  .meta({ id: 'LampTonight' });
export const lampsTonight = z.object({ now: time, lamps: z.array(lampTonight) }).meta({ id: 'LampsTonight' });

export type ApiLamps = z.infer<typeof lampsTonight>;
export type ApiLamp = z.infer<typeof lampTonight>;
