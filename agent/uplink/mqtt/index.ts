/** MQTT JSON v1 (docs/schemas): MQTT 5, or 3.1.1 where the broker has no other; QoS 1; acknowledged means PUBACK. */
import type { AgentError } from '../../core/errors.ts';
import type { MqttUplinkConfig } from '../../core/site.ts';
import { defineUplink, type UplinkContext } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { type Connection, openConnection, type VersionMemory } from './connection.ts';
import { Failover } from './failover.ts';
import { generationAt, hearGeneration, replacedBy } from './generation.ts';
import { claimAt, isRival, rivalError } from './guard.ts';
import { answers, lookAt, refusesClient } from './look.ts';
import { encodeState } from './payload.ts';
import { presetOf } from './preset.ts';
import { mayBeTakenOver } from './reason.ts';
import { openSession } from './session.ts';
import { type Topics, topicsOf } from './topics.ts';

/** A retained message follows right behind the answer to the subscription; one that is late is heard in the session, ms. */
const GENERATION_WITHIN = 400;
/** The same where it is known that there was one, ms. */
const GENERATION_LATEST = 3000;

interface Memory {
  readonly failover: Failover;
  /** By address. */
  readonly versions: Map<string, VersionMemory>;
  /** Addresses at which nobody else was online when we came, and our session was not taken over since. */
  readonly ours: Set<string>;
  /** Addresses at which it may have been. */
  readonly doubtful: Set<string>;
  /** Addresses at which we were told that this unit was replaced. */
  readonly replaced: Map<string, AgentError>;
}

/** What was learned of the brokers lives as long as their configuration. */
const memories = new WeakMap<MqttUplinkConfig, Memory>();

export const mqtt = defineUplink<MqttUplinkConfig>({
  kind: 'mqtt',
  async connect(config, context, signal) {
    const { site, agent, machine, clock, log } = context;
    const topics = topicsOf(site, agent);
    const memory = memoryOf(config);
    const { failover, versions } = memory;
    const { url } = failover;
    const spoken = versionAt(versions, url);
    const before = spoken.version;
    const payload = encodeState('offline', { site, agent, ...machine, reason: 'link-lost' });
    const { plain } = presetOf(config.preset ?? 'plain');
    const will = plain ? { topic: topics.state, payload } : undefined;
    let rival: AgentError | undefined;
    try {
      // Without the topic of the state nobody can say who is there.
      rival = !plain ? undefined : await rivalAt(url, memory, config, context, topics, signal);
      if (rival !== undefined) throw rival;
      const connection = await openConnection(url, config, will, spoken, clock, signal);
      if (spoken.version !== before) {
        log.info('uplink.mqtt-3.1.1', {
          broker: withoutSecrets(url),
          why: 'the broker does not speak MQTT 5',
        });
      }
      connection.lost.catch((reason: unknown) => {
        if (!mayBeTakenOver(reason)) return;
        memory.ours.delete(url);
        memory.doubtful.add(url);
      });
      failover.watch(connection, clock);
      if (plain && machine !== undefined) {
        hearGeneration(connection, topics.generation, (inForce) => {
          const error = replacedBy(inForce, machine, agent);
          if (error === undefined) return;
          memory.replaced.set(url, error);
          context.fence?.shut(error);
          connection.drop(error);
        });
      }
      return openSession(connection, config, context, topics, failover.remark);
    } catch (thrown) {
      // Another broker would only take the records of a copy there.
      if (!signal.aborted && rival === undefined) failover.failed();
      throw thrown;
    }
  },
});

/** Why nothing may be published there, because another machine does under our agent id. */
async function rivalAt(
  url: string,
  { versions, ours, doubtful, replaced }: Memory,
  config: MqttUplinkConfig,
  { agent, machine, clock, log, fence }: UplinkContext,
  { state: topic, generation }: Topics,
  signal: AbortSignal,
): Promise<AgentError | undefined> {
  const shut = replaced.get(url);
  if (machine === undefined || (ours.has(url) && shut === undefined)) return undefined;
  let look: Connection;
  try {
    look = await lookAt(url, config, versionAt(versions, url), clock, signal);
  } catch (thrown) {
    if (!refusesClient(thrown)) throw thrown;
    // Coming under our own client id would throw out the unit that is in force.
    if (shut !== undefined) return shut;
    log.warn('uplink.no-look', {
      broker: withoutSecrets(url),
      why: 'the broker allows no second client id, so another machine under this agent id goes unnoticed',
    });
    ours.add(url);
    return undefined;
  }
  try {
    const doubt = doubtful.has(url);
    const [claim, inForce] = await Promise.all([
      claimAt(look, topic, doubt, clock, signal),
      generationAt(
        look,
        generation,
        shut === undefined ? GENERATION_WITHIN : GENERATION_LATEST,
        clock,
        signal,
      ),
    ]);
    signal.throwIfAborted();
    const error = replacedBy(inForce, machine, agent);
    if (error !== undefined) {
      replaced.set(url, error);
      fence?.shut(error);
      return error;
    }
    replaced.delete(url);
    fence?.open();
    // Who replaces a unit does not wait until it has said goodbye.
    const newer = (machine.generation ?? 1) > (inForce?.generation ?? 1);
    if (!newer && claim !== undefined && isRival(claim, machine, doubt)) {
      return rivalError(agent, topic, claim);
    }
    ours.add(url);
    doubtful.delete(url);
    return undefined;
  } finally {
    look.client.end(true);
  }
}

function memoryOf(config: MqttUplinkConfig): Memory {
  let memory = memories.get(config);
  if (memory === undefined) {
    const urls = [config.url, ...(config.fallbacks ?? [])];
    const versions: Memory['versions'] = new Map();
    const failover = new Failover(urls, (url, clock, signal) =>
      answers(url, config, versionAt(versions, url), clock, signal),
    );
    memory = { failover, versions, ours: new Set(), doubtful: new Set(), replaced: new Map() };
    memories.set(config, memory);
  }
  return memory;
}

function versionAt(versions: Map<string, VersionMemory>, url: string): VersionMemory {
  const spoken = versions.get(url) ?? { version: 5 };
  versions.set(url, spoken);
  return spoken;
}
