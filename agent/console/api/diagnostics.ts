/** Diagnostics: a bundle is made in the state folder, from where a person takes it. */
import { z } from 'zod';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const bundle = z
  .object({
    file: z.string().meta({ description: 'path on the device' }),
    bytes: z.number().int(),
    files: z.array(
      z.object({
        name: z.string(),
        what: z.string(),
        bytes: z.number().int().meta({ description: 'before it is compressed' }),
        cut: z.literal(true).optional().meta({ description: 'its beginning was cut off' }),
      }),
    ),
    left_out: z.array(z.object({ what: z.string(), why: z.string() })),
  })
  .meta({ id: 'DiagnosticsBundle' });
export type ApiDiagnostics = z.infer<typeof bundle>;

export function diagnosticsEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/diagnostics',
      role: 'administrator',
      personOnly: true,
      summary: 'Makes a diagnostics bundle without a secret in the state folder of the device.',
      body: z.strictObject({ why: z.string().max(200) }),
      answer: bundle,
      problems: [404],
      run: async ({ body: { why }, who }) => {
        if (view.diagnose === undefined) throw new Problem(404, 'not-found', 'this agent makes none');
        const { files, left_out, ...made } = await view.diagnose(why);
        view.audit({ act: 'diagnostics', who: who.name, why });
        return {
          ...made,
          files: files.map((one) => ({ ...one })),
          left_out: left_out.map((one) => ({ ...one })),
        };
      },
    }),
  ];
}
