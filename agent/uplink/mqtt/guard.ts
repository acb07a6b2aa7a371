/**
 * Guards the identity of the agent: who is online at a broker is read from the retained state before anything is
 * published, so that a copy of a card stays silent instead of mixing its records into the books of the original.
 */

import { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Machine } from '../../core/uplink.ts';
import type { Connection } from './connection.ts';

/** A retained message follows right behind the answer to the subscription, ms. */
const RETAINED_WITHIN = 1000;
const ANSWER_WITHIN = 5000;
const LONGEST_STATE = 4096;

/** Who said last that the agent is there. */
export interface Claim {
  readonly online: boolean;
  readonly hardware: string | undefined;
  readonly instance: string | undefined;
}

/** The claim in a state message; undefined where it is none. */
export function readClaim(bytes: Uint8Array): Claim | undefined {
  if (bytes.length > LONGEST_STATE) return undefined;
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof payload !== 'object' || payload === null) return undefined;
  const text = (name: string): string | undefined => {
    const value: unknown = Object.hasOwn(payload, name) ? Reflect.get(payload, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const state = text('state');
  if (state !== 'online' && state !== 'offline') return undefined;
  return { online: state === 'online', hardware: text('hardware'), instance: text('instance') };
}

/**
 * Whether `claim` is that of another one who is online. Another instance on the same machine may be ourselves before a
 * crash; it is a rival only where it took our session over (`doubt`).
 */
export function isRival(claim: Claim | undefined, { hardware, instance }: Machine, doubt: boolean): boolean {
  if (claim?.online !== true) return false;
  if (claim.hardware !== undefined && claim.hardware !== hardware) return true;
  return doubt && claim.instance !== undefined && claim.instance !== instance;
}

/**
 * What the retained state on `topic` says; undefined where there is none. In `doubt` an offline one is not believed at
 * once: who took a session over may be about to say so. Never rejects.
 */
export async function claimAt(
  { client, lost }: Connection,
  topic: string,
  doubt: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const heard = Promise.withResolvers<Claim | undefined>();
  let last: Claim | undefined;
  const enough = () => heard.resolve(last);
  client.on('message', (on, payload) => {
    if (on !== topic) return;
    last = readClaim(payload);
    if (last?.online === true || !doubt) enough();
  });
  lost.catch(enough);
  signal.addEventListener('abort', enough, { once: true });
  let timer = clock.after(ANSWER_WITHIN, enough);
  // What is retained comes with QoS 0 too, which costs a cluster of NATS nothing (generation.ts).
  client.subscribe(topic, { qos: 0 }, () => {
    timer[Symbol.dispose]();
    timer = clock.after(RETAINED_WITHIN, enough);
  });
  try {
    return await heard.promise;
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', enough);
  }
}

/** Why nothing is published. */
export function rivalError(agent: string, topic: string, { hardware, instance }: Claim): AgentError {
  return new AgentError(
    'address-taken',
    `publishing as ${agent} stopped: another machine is online under this agent id (hardware ${hardware}, instance ${instance})`,
    {
      retryable: true,
      fix: `Give one of the two an agent id of its own, or stop the other. If there is no other, clear the retained message ${topic} at the broker.`,
    },
  );
}
