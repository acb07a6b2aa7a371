/** Shapes of the API of an unclaimed unit: two routes, asked by anybody who reaches its page. */
import { z } from 'zod';
import { LARGEST_ENVELOPE } from '../../core/envelope.ts';
import { time } from './contract.ts';

export const unclaimed = z
  .object({
    state: z.literal('unclaimed'),
    version: z.string().meta({ description: 'of the agent' }),
    now: time.meta({ description: 'the clock of this machine, which claims are held to' }),
    hardware: z
      .array(z.string())
      .meta({ description: 'ids of this machine, best first; empty: it has none' }),
    qr: z
      .array(z.string())
      .meta({ description: 'the first id as QR code: rows of 0 and 1, with their quiet zone' }),
    exchange: z
      .string()
      .nullable()
      .meta({ description: 'host that codes are exchanged at; null: the image names none' }),
    keys: z.array(z.string()).meta({ description: 'ids of the keys whose claims count' }),
  })
  .meta({ id: 'Unclaimed' });

export const claimBody = z
  .strictObject({
    claim: z
      .string()
      .min(1)
      .max(LARGEST_ENVELOPE)
      .meta({ description: 'a code, the address of the label’s QR code, or a claim file' }),
  })
  .meta({ id: 'GivenClaim' });

export const taken = z
  .object({
    agent: z.string(),
    site: z.string(),
    key: z.string().meta({ description: 'id of the key that signed it' }),
    console: z.string().meta({ description: 'where the named unit has its console for this machine alone' }),
    login: z.string().meta({ description: 'path that logs in once, on the named unit' }),
  })
  .meta({ id: 'TakenClaim' });

export type ApiUnclaimed = z.infer<typeof unclaimed>;
export type ApiTaken = z.infer<typeof taken>;
