/** Looks at a broker under another client id, so that nobody is thrown out by it. */

import { asAgentError } from '../../core/errors.ts';
import type { MqttUplinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Connection, openConnection, type VersionMemory } from './connection.ts';

/** Rejects like `openConnection`; a broker may allow no second client id. */
export function lookAt(
  url: string,
  config: MqttUplinkConfig,
  memory: VersionMemory,
  clock: Clock,
  signal: AbortSignal,
): Promise<Connection> {
  const clientId = `${config.clientId}-look`;
  return openConnection(url, { ...config, clientId }, undefined, memory, clock, signal);
}

/** Whether a broker answers, be it with a refusal of this client id. Never rejects. */
export async function answers(...look: Parameters<typeof lookAt>): Promise<boolean> {
  try {
    const { client } = await lookAt(...look);
    client.end(true);
    return true;
  } catch (thrown) {
    return refusesClient(thrown);
  }
}

/** True where a broker answered, but lets no client in under this id. */
export function refusesClient(thrown: unknown): boolean {
  const { code, context } = asAgentError(thrown);
  return (code === 'auth-failed' || code === 'broker-refused') && typeof context.code === 'number';
}
