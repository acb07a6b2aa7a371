/** Shapes of the route of the pole: what stands on it, by what it is for. */
import { z } from 'zod';
import { text } from './contract.ts';

/** In the order in which they are shown: what is a danger first. */
export const POLE_GROUPS = [
  'fire',
  'flood',
  'lamp',
  'charger',
  'feeder',
  'environment',
  'parking',
  'screen',
  'power',
  'structure',
] as const;
export type PoleGroup = (typeof POLE_GROUPS)[number];

const device = z.object({
  device: z.string(),
  title: text,
  points: z.array(z.string()).meta({ description: 'those that people look at first' }),
});

export const pole = z
  .object({
    groups: z.array(z.object({ group: z.enum(POLE_GROUPS), devices: z.array(device) })),
    tenants: z.array(
      z.object({
        tenant: z.string(),
        title: text,
        meters: z.array(
          z.object({
            device: z.string(),
            point: z.string(),
            share: z.number().meta({ description: 'part that the tenant pays, 0 to 1' }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Pole' });
export type ApiPole = z.infer<typeof pole>;
