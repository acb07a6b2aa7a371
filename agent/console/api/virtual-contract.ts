/** Shapes of the routes of virtual points: what the site file declares, and values for it. */
import { z } from 'zod';
import { UNITS, type Unit } from '../../core/unit.ts';
import { id, text, value } from './contract.ts';

const UNIT = Object.keys(UNITS) as [Unit, ...Unit[]];

export const virtualPoint = z
  .object({
    device: z.string(),
    point: z.string(),
    title: text,
    type: z.enum(['number', 'boolean', 'string']),
    unit: z.string().meta({ description: 'UCUM code' }),
    range: z.tuple([z.number(), z.number()]).nullable(),
    values: z.array(z.string()).nullable().meta({ description: 'the only ones that are taken' }),
    max_age_s: z.number().meta({ description: 'without a new value for so long it is bad' }),
    source: z.string().nullable().meta({ description: 'who gave the last value' }),
  })
  .meta({ id: 'VirtualPoint' });
export const virtualPoints = z.object({ points: z.array(virtualPoint) }).meta({ id: 'VirtualPoints' });

export const virtualParams = z.strictObject({ device: id, point: id });
export const virtualBody = z
  .strictObject({
    value: value.nullable().meta({ description: 'null: there is none just now' }),
    unit: z.enum(UNIT).optional().meta({ description: 'of the value; converted to that of the point' }),
    quality: z
      .enum(['good', 'uncertain'])
      .optional()
      .meta({ description: 'uncertain is published as substituted. Default good' }),
    source: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'name of the flow or program that made it' }),
  })
  .meta({ id: 'VirtualValue' });
