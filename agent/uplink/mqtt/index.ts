/** MQTT JSON v1 (docs/schemas): MQTT 5, or 3.1.1 where the broker has no other; QoS 1; acknowledged means PUBACK. */
import type { MqttUplinkConfig } from '../../core/site.ts';
import { defineUplink } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import { openConnection, type VersionMemory } from './connection.ts';
import { encodeState } from './payload.ts';
import { openSession } from './session.ts';
import { topicsOf } from './topics.ts';

/** What was learned of a broker lives as long as its configuration. */
const memories = new WeakMap<MqttUplinkConfig, VersionMemory>();

export const mqtt = defineUplink<MqttUplinkConfig>({
  kind: 'mqtt',
  async connect(config, context, signal) {
    const { site, agent, clock, log } = context;
    const topics = topicsOf(site, agent);
    const memory = memories.get(config) ?? { version: 5 };
    memories.set(config, memory);
    const before = memory.version;
    const payload = encodeState('offline', { site, agent, reason: 'link-lost' });
    const connection = await openConnection(config, { topic: topics.state, payload }, memory, clock, signal);
    if (memory.version !== before) {
      log.info('uplink.mqtt-3.1.1', {
        broker: withoutSecrets(config.url),
        why: 'the broker does not speak MQTT 5',
      });
    }
    return openSession(connection, config, context, topics);
  },
});
