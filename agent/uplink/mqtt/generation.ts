/**
 * Which unit of an agent is in force: `kerbside/v1/<site>/<agent>/generation`, retained, told by every unit that replaced
 * another one. A unit with a lower generation, or with the same one on other hardware, is silent (docs/replace.md).
 */

import { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Machine } from '../../core/uplink.ts';
import { json } from '../payload.ts';
import type { Connection } from './connection.ts';

const LONGEST = 4096;
const LARGEST_GENERATION = 1_000_000_000;

export interface InForce {
  readonly generation: number;
  readonly hardware: string;
}

/** What a message says; undefined where it is none. Never throws. */
export function readGeneration(bytes: Uint8Array): InForce | undefined {
  if (bytes.length > LONGEST) return undefined;
  try {
    const payload: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof payload !== 'object' || payload === null) return undefined;
    const field = (name: string): unknown =>
      Object.hasOwn(payload, name) ? Reflect.get(payload, name) : undefined;
    const [v, generation, hardware] = [field('v'), field('generation'), field('hardware')];
    if (v !== 1 || typeof hardware !== 'string' || typeof generation !== 'number') return undefined;
    if (!Number.isInteger(generation) || generation < 1 || generation > LARGEST_GENERATION) return undefined;
    return { generation, hardware };
  } catch {
    return undefined;
  }
}

/** Told by a unit that replaced another one. */
export function encodeGeneration({ generation = 1, hardware }: Machine): Uint8Array {
  return json({ v: 1, generation, hardware });
}

/** Why this unit has to be silent; undefined where it has not. */
export function replacedBy(
  inForce: InForce | undefined,
  machine: Machine,
  agent: string,
): AgentError | undefined {
  const { generation = 1, hardware } = machine;
  if (inForce === undefined || inForce.generation < generation) return undefined;
  const same = inForce.generation === generation;
  if (same && inForce.hardware === hardware) return undefined;
  // The first of two without a generation is found by their states (guard.ts).
  if (same && generation === 1) return undefined;
  const why = same
    ? `another unit has its generation ${generation}: both were restored from one backup`
    : `this unit was replaced (its generation is ${generation}, in force is ${inForce.generation})`;
  return new AgentError('replaced', `sending as ${agent} stopped: ${why}`, {
    retryable: true,
    context: { generation: inForce.generation },
    fix: `Take this unit out of service. If it is the one to keep: kerbside identity --generation ${inForce.generation + 1}, then start it anew.`,
  });
}

/** Hears the topic for as long as the connection lasts; what is retained there comes at once. */
export function hearGeneration(
  { client }: Connection,
  topic: string,
  heard: (inForce: InForce) => void,
): void {
  client.on('message', (on, payload) => {
    const inForce = on === topic ? readGeneration(payload) : undefined;
    if (inForce !== undefined) heard(inForce);
  });
  // A broker that refuses it has nobody who could tell. QoS 0, for it is retained and comes anew with each connection: of every
  // subscription of QoS 1 a cluster of NATS makes a Raft group.
  client.subscribe(topic, { qos: 0 }, () => {});
}

/** What is retained on `topic`, as far as it comes within `within` ms. Never rejects. */
export async function generationAt(
  connection: Connection,
  topic: string,
  within: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<InForce | undefined> {
  const found = Promise.withResolvers<InForce | undefined>();
  const none = () => found.resolve(undefined);
  const timer = clock.after(within, none);
  connection.lost.catch(none);
  signal.addEventListener('abort', none, { once: true });
  hearGeneration(connection, topic, found.resolve);
  try {
    return await found.promise;
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', none);
  }
}
