/** The part of the site file that is about what a city may do to the agent itself: updates, and acts from afar. */
import * as z from 'zod';
import { FLEET_ACTS, FLEET_DEVICE, type FleetConfig } from '../core/update.ts';
import type { Say } from './checks.ts';
import { publicKey } from './content/schema.ts';
import { shown } from './problem.ts';
import { revealer, type SecretSource } from './reveal.ts';
import { secret } from './secret.ts';
import { id, oneOf } from './values.ts';

export const fleet = z
  .strictObject({
    keys: z
      .array(
        z.strictObject({
          id: id('city-2026').describe('Name of the key, as signatures carry it'),
          public: publicKey.describe('Its public half, as kerbside update keygen prints it'),
        }),
      )
      .min(1)
      .max(4)
      .describe('Keys that sign updates and configuration; two while one follows the other'),
    channel: id('stable').prefault('stable').describe('Bundles of this channel are taken'),
    ca: secret('file:./ca.pem')
      .optional()
      .describe('PEM of the authority that signed the certificate of the server of bundles'),
    token: secret(`\${env:BUNDLE_TOKEN}`).optional().describe('Bearer token for that server'),
    acts: z
      .array(oneOf(FLEET_ACTS, 'update'))
      .prefault([...FLEET_ACTS])
      .describe('What may be asked for by command; updates and configuration need a signature besides'),
  })
  .describe('What a city may do to the agent itself; absent: nothing');

export type FleetFile = z.output<typeof fleet>;

/** With its secrets resolved; says what is wrong with it. `taken`: ids of devices and what reports like one. */
export async function fleetOf(
  file: FleetFile,
  taken: readonly string[],
  source: SecretSource,
  say: Say,
): Promise<{ readonly config: FleetConfig; readonly secrets: readonly string[] }> {
  const { reveal, secrets } = revealer(source, say);
  const { keys, channel, acts } = file;
  keys.forEach(({ id: one }, i) => {
    if (keys.findIndex((other) => other.id === one) !== i)
      say(['fleet', 'keys', i, 'id'], `the id ${shown(one)} is taken`, 'write another id');
  });
  if (taken.includes(FLEET_DEVICE)) {
    say(['fleet'], `the agent is a device of the name ${FLEET_DEVICE}, which is taken`, 'rename that device');
  }
  const ca = await reveal(file.ca, ['fleet', 'ca']);
  const token = await reveal(file.token, ['fleet', 'token']);
  const config = {
    keys,
    channel,
    acts,
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { token }),
  };
  return { config, secrets };
}
