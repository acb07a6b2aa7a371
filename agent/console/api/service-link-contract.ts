/** Shapes of the service link and of the certificate. */
import { z } from 'zod';
import { time } from './contract.ts';

export const codeBody = z.strictObject({ code: z.string().max(64) }).meta({ id: 'LabelCode' });
export const state = z
  .object({
    configured: z.boolean().meta({ description: 'the site file has a service link' }),
    open: z.boolean(),
    until: time.nullable(),
    by: z.enum(['button', 'power-up', 'administrator', 'claim']).nullable(),
    port: z.number().int(),
    claimed: z.boolean().meta({ description: 'somebody has taken the unit over: power-up opens nothing' }),
    label: time.nullable().meta({ description: 'when the code of the label was made; null: there is none' }),
    ways: z.array(
      z.object({
        way: z.enum(['wifi', 'usb']),
        interface: z.string().optional(),
        up: z.boolean(),
        message: z.string(),
      }),
    ),
    trouble: z.string().nullable(),
  })
  .meta({ id: 'ServiceLink' });

export const certificate = z
  .object({
    remote: z
      .string()
      .nullable()
      .meta({ description: 'address of the console from elsewhere; null: nobody comes from there' }),
    certificate: z
      .object({
        made: z.boolean().meta({ description: 'by the agent for itself' }),
        fingerprint: z.string(),
        key_fingerprint: z.string(),
        subject: z.string(),
        issuer: z.string(),
        names: z.array(z.string()),
        from: time,
        until: time,
      })
      .nullable(),
  })
  .meta({ id: 'Certificate' });
