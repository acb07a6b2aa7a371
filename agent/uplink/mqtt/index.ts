/** MQTT JSON v1 (docs/schemas): MQTT 5, or 3.1.1 where the broker has no other; QoS 1; acknowledged means PUBACK. */
import type { MqttUplinkConfig } from '../../core/site.ts';
import { defineUplink } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { openConnection, type VersionMemory } from './connection.ts';
import { Failover } from './failover.ts';
import { answers } from './look.ts';
import { encodeState } from './payload.ts';
import { openSession } from './session.ts';
import { topicsOf } from './topics.ts';

interface Memory {
  readonly failover: Failover;
  /** By address. */
  readonly versions: Map<string, VersionMemory>;
}

/** What was learned of the brokers lives as long as their configuration. */
const memories = new WeakMap<MqttUplinkConfig, Memory>();

export const mqtt = defineUplink<MqttUplinkConfig>({
  kind: 'mqtt',
  async connect(config, context, signal) {
    const { site, agent, clock, log } = context;
    const topics = topicsOf(site, agent);
    const { failover, versions } = memoryOf(config);
    const { url } = failover;
    const spoken = versionAt(versions, url);
    const before = spoken.version;
    const payload = encodeState('offline', { site, agent, reason: 'link-lost' });
    const will = { topic: topics.state, payload };
    try {
      const connection = await openConnection(url, config, will, spoken, clock, signal);
      if (spoken.version !== before) {
        log.info('uplink.mqtt-3.1.1', {
          broker: withoutSecrets(url),
          why: 'the broker does not speak MQTT 5',
        });
      }
      failover.watch(connection, clock);
      return openSession(connection, config, context, topics, failover.remark);
    } catch (thrown) {
      if (!signal.aborted) failover.failed();
      throw thrown;
    }
  },
});

function memoryOf(config: MqttUplinkConfig): Memory {
  let memory = memories.get(config);
  if (memory === undefined) {
    const urls = [config.url, ...(config.fallbacks ?? [])];
    const versions: Memory['versions'] = new Map();
    const failover = new Failover(urls, (url, clock, signal) =>
      answers(url, config, versionAt(versions, url), clock, signal),
    );
    memory = { failover, versions };
    memories.set(config, memory);
  }
  return memory;
}

function versionAt(versions: Map<string, VersionMemory>, url: string): VersionMemory {
  const spoken = versions.get(url) ?? { version: 5 };
  versions.set(url, spoken);
  return spoken;
}
