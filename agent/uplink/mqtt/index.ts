/** MQTT JSON v1 (docs/schemas): MQTT 5, or 3.1.1 where the broker has no other; QoS 1; acknowledged means PUBACK. */
import type { AgentError } from '../../core/errors.ts';
import type { MqttUplinkConfig } from '../../core/site.ts';
import { defineUplink, type UplinkContext } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { type Connection, openConnection, type VersionMemory } from './connection.ts';
import { Failover } from './failover.ts';
import { claimAt, isRival, rivalError } from './guard.ts';
import { answers, lookAt, refusesClient } from './look.ts';
import { encodeState } from './payload.ts';
import { presetOf } from './preset.ts';
import { mayBeTakenOver } from './reason.ts';
import { openSession } from './session.ts';
import { topicsOf } from './topics.ts';

interface Memory {
  readonly failover: Failover;
  /** By address. */
  readonly versions: Map<string, VersionMemory>;
  /** Addresses at which nobody else was online when we came, and our session was not taken over since. */
  readonly ours: Set<string>;
  /** Addresses at which it may have been. */
  readonly doubtful: Set<string>;
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
      rival = !plain ? undefined : await rivalAt(url, memory, config, context, topics.state, signal);
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
  { versions, ours, doubtful }: Memory,
  config: MqttUplinkConfig,
  { agent, machine, clock, log }: UplinkContext,
  topic: string,
  signal: AbortSignal,
): Promise<AgentError | undefined> {
  if (machine === undefined || ours.has(url)) return undefined;
  let look: Connection;
  try {
    look = await lookAt(url, config, versionAt(versions, url), clock, signal);
  } catch (thrown) {
    if (!refusesClient(thrown)) throw thrown;
    log.warn('uplink.no-look', {
      broker: withoutSecrets(url),
      why: 'the broker allows no second client id, so another machine under this agent id goes unnoticed',
    });
    ours.add(url);
    return undefined;
  }
  try {
    const doubt = doubtful.has(url);
    const claim = await claimAt(look, topic, doubt, clock, signal);
    signal.throwIfAborted();
    if (claim !== undefined && isRival(claim, machine, doubt)) {
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
    memory = { failover, versions, ours: new Set(), doubtful: new Set() };
    memories.set(config, memory);
  }
  return memory;
}

function versionAt(versions: Map<string, VersionMemory>, url: string): VersionMemory {
  const spoken = versions.get(url) ?? { version: 5 };
  versions.set(url, spoken);
  return spoken;
}
