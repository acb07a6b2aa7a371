import type { SparkplugUplinkConfig } from '../../agent/core/site.ts';
import { sparkplug } from '../../agent/uplink/sparkplug/index.ts';
import { type Broker, embeddedBroker, mosquitto } from '../support/brokers.ts';
import { program } from '../support/programs.ts';
import { SparkplugHost } from '../support/sparkplug-host.ts';
import { type FarEnd, uplinkConformance } from './uplink.ts';

const config = (port: number, agent: string): SparkplugUplinkConfig => ({
  id: 'city',
  kind: 'sparkplug',
  url: `mqtt://127.0.0.1:${port}`,
  clientId: agent,
  keepAlive: 1000,
  group: 'street',
  node: agent,
  hostWait: 1000,
  aliases: true,
  types: false,
  rebirthEvery: 100,
  commandLife: 60_000,
  inFlight: 4,
  maxMessage: 16_384,
  replayRate: 0,
});

function behind(broker: Broker): FarEnd {
  return {
    port: broker.port,
    receive: (agent) => SparkplugHost.at(broker.port, 'street', agent),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

uplinkConformance({
  name: 'Sparkplug B at the embedded broker (3.1.1)',
  uplink: sparkplug,
  config,
  farEnd: async () => behind(await embeddedBroker()),
});

const path = program('mosquitto');
uplinkConformance({
  name: 'Sparkplug B at mosquitto (5)',
  skip: path === undefined,
  uplink: sparkplug,
  config,
  farEnd: async () => behind(await mosquitto(path ?? '')),
});
