import type { MqttUplinkConfig } from '../../agent/core/site.ts';
import { mqtt } from '../../agent/uplink/mqtt/index.ts';
import { type Broker, embeddedBroker, mosquitto } from '../support/brokers.ts';
import { MqttReceiver } from '../support/mqtt-receiver.ts';
import { program } from '../support/programs.ts';
import { scriptedBroker } from '../support/scripted-broker.ts';
import { type FarEnd, uplinkConformance } from './uplink.ts';

const config = (port: number, agent: string): MqttUplinkConfig => ({
  id: 'city',
  kind: 'mqtt',
  url: `mqtt://127.0.0.1:${port}`,
  clientId: agent,
  keepAlive: 1000,
  inFlight: 4,
  maxMessage: 16_384,
  replayRate: 0,
});

function behind(broker: Broker): FarEnd {
  return {
    port: broker.port,
    receive: (agent) => MqttReceiver.at(broker.port, `kerbside/v1/site-1/${agent}/#`),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

uplinkConformance({
  name: 'MQTT at the embedded broker (3.1.1)',
  uplink: mqtt,
  config,
  farEnd: async () => behind(await embeddedBroker()),
});

uplinkConformance({
  name: 'MQTT with columns and zstd',
  uplink: mqtt,
  config: (port, agent): MqttUplinkConfig => ({
    ...config(port, agent),
    payload: 'columns',
    compression: 'zstd',
  }),
  farEnd: async () => behind(await embeddedBroker()),
});

uplinkConformance({
  name: 'MQTT at a scripted broker (5)',
  uplink: mqtt,
  config,
  farEnd: async () => {
    const broker = await scriptedBroker();
    const poisoned = new Map<string, ReadonlySet<number>>();
    broker.script.puback = ({ topic, payload }) => {
      const [, , , agent = '', kind] = topic.split('/');
      const seqs = poisoned.get(agent);
      if (seqs === undefined || (kind !== 'data' && kind !== 'backlog')) return 0;
      const { records }: { records: { seq: number }[] } = JSON.parse(payload.toString());
      // 0x99: payload format invalid.
      return records.some(({ seq }) => seqs.has(seq)) ? 0x99 : 0;
    };
    return { ...behind(broker), poison: (agent, seqs) => void poisoned.set(agent, seqs) };
  },
});

const path = program('mosquitto');
uplinkConformance({
  name: 'MQTT at mosquitto (5)',
  skip: path === undefined,
  uplink: mqtt,
  config,
  farEnd: async () => behind(await mosquitto(path ?? '')),
});
