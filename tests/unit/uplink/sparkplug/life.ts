/**
 * The whole life of an edge node against a real broker, step by step, with every packet kept: waiting for the host, birth,
 * history, data, a rebirth and a storm of requests, a command, the death and return of a device, a cut, an offline host,
 * and the end.
 */

import type { IConnectPacket, IDisconnectPacket, IPublishPacket, ISubscribePacket } from 'mqtt-packet';
import protobuf from 'protobufjs/minimal.js';
import type { Report } from '../../../../agent/cli/verify/ledger.ts';
import type { Command } from '../../../../agent/core/command.ts';
import type { SparkplugUplinkConfig } from '../../../../agent/core/site.ts';
import { kerbside, type WireMetric } from '../../../../agent/uplink/sparkplug/sparkplug_b.pb.js';
import type { Broker } from '../../../support/brokers.ts';
import { until } from '../../../support/mqtt-receiver.ts';
import { MqttTap } from '../../../support/mqtt-tap.ts';
import { type Heard, type HostMetric, SparkplugHost } from '../../../support/sparkplug-host.ts';
import { agent, configOf } from './street.ts';

export interface Published {
  readonly connection: number;
  readonly verb: string;
  readonly device: string | undefined;
  readonly packet: IPublishPacket;
  /** Decoded by an implementation that is not ours. */
  readonly timestamp: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly HostMetric[];
  /** Fields as they stand on the wire, those alone that are there. */
  readonly wire: readonly WireMetric[];
  /** Place among all packets of the client. */
  readonly at: number;
}

export interface Life {
  readonly version: number;
  readonly connects: readonly {
    readonly packet: IConnectPacket;
    readonly at: number;
    readonly connection: number;
  }[];
  readonly subscribes: readonly {
    readonly packet: ISubscribePacket;
    readonly at: number;
    readonly connection: number;
  }[];
  readonly disconnects: readonly {
    readonly packet: IDisconnectPacket;
    readonly at: number;
    readonly connection: number;
  }[];
  readonly connacks: readonly { readonly at: number; readonly connection: number }[];
  /** What the server handed over of the host's state. */
  readonly states: readonly {
    readonly online: boolean;
    readonly timestamp: number;
    readonly at: number;
    readonly connection: number;
  }[];
  /** On topics of Sparkplug, in order. */
  readonly published: readonly Published[];
  /** Metrics of a payload, decoded by an implementation that is not ours. */
  decode(bytes: Uint8Array | string): readonly HostMetric[];
  readonly heard: readonly Heard[];
  readonly report: Report;
  readonly commands: readonly Command[];
  /** Births of the node so far, at the end of each step. */
  readonly marks: Readonly<Record<Step, number>>;
  readonly remark: string | undefined;
  readonly others: { readonly staleOffline: boolean; readonly rebirths: number };
}

const STEPS = [
  'waited',
  'born',
  'data',
  'rebirth',
  'storm',
  'command',
  'buried',
  'revived',
  'cut',
  'offline',
  'back',
  'end',
] as const;
export type Step = (typeof STEPS)[number];

const HOST = 'scada';

export async function liveALife(
  broker: Broker,
  settings: Partial<SparkplugUplinkConfig> = {},
): Promise<Life> {
  await using tap = await MqttTap.to(broker.port);
  await using host = await SparkplugHost.at(broker.port, 'street');
  const config = configOf(tap.port, { primaryHost: HOST, ...settings });
  const marks: Partial<Record<Step, number>> = {};
  const mark = (step: Step) => {
    marks[step] = host.heard.length;
  };
  const records = () => host.report().records;
  const one = agent(config);
  let due = 0;
  const read = (...args: Parameters<typeof one.read>) => {
    due += args.length - 1;
    one.read(...args);
  };
  const allHeard = (what: string) => until(() => records() === due, what);
  const settled = (what: string) => until(() => one.pump.tally().settled === due, what);
  try {
    // Logged before anybody listens: history when the host comes.
    read('telemetry', ...Array.from({ length: 40 }, (_, i) => ({ value: 220 + i / 10 })));
    read('meter', { point: 'energy', value: 1234.5, unit: 'kW.h' });
    one.log.commit('event', [
      {
        kind: 'event',
        event: 'epoch',
        severity: 'info',
        time: Date.UTC(2027, 0, 1),
        rank: 'ntp',
        body: { previous: null },
      },
    ]);
    due += 1;
    await until(() => one.states.some(({ remark }) => remark !== undefined), 'the wait for the host');
    await host.state(HOST, false, 1000);
    await until(
      () => tap.packets.some(({ from, packet }) => from === 'server' && packet.cmd === 'publish'),
      'STATE',
    );
    mark('waited');

    await host.state(HOST, true, 2000);
    await allHeard('the history');
    await settled('barriers of the history');
    mark('born');

    read('telemetry', { value: 230.5 }, { device: 'lamp-1', point: 'level', value: 60, unit: '%' });
    read('telemetry', { device: 'lamp-1', point: 'door', value: true, unit: '1' });
    read('telemetry', { device: 'lamp-1', point: 'text', value: 'Linie 71', unit: '1' });
    read('telemetry', { value: 231, quality: 'uncertain', reason: 'warming-up' });
    one.log.commit('event', [
      {
        kind: 'event',
        event: 'config',
        severity: 'info',
        time: Date.UTC(2027, 0, 1),
        rank: 'ntp',
        body: { a: 1 },
      },
    ]);
    due += 1;
    one.pump.wake();
    // More than a turn of the numbers, 0 to 255.
    while (host.heard.length < 280) {
      for (let i = 0; i < 14; i++) read('telemetry', { value: 200 + host.heard.length });
      await allHeard('live data');
    }
    await allHeard('live data');
    await settled('barriers of live data');
    mark('data');

    const births = () => host.of('NBIRTH').length;
    const before = births();
    await host.rebirth('pole-1');
    await until(() => births() === before + 1, 'a rebirth');
    read('telemetry', { value: 240 });
    await allHeard('data behind the rebirth');
    mark('rebirth');

    const calm = births();
    for (let i = 0; i < 8; i++) await host.rebirth('pole-1');
    read('telemetry', { value: 241 });
    await allHeard('data behind the storm');
    await until(() => births() > calm, 'the birth of the storm');
    mark('storm');
    const rebirths = births() - before;

    await host.command('pole-1', 'lamp-1', [
      { name: 'level', type: 'Double', value: 35, timestamp: Date.now() },
    ]);
    await until(() => one.commands.length === 1, 'the command');
    await host.command('pole-1', 'lamp-1', [
      { name: 'door', type: 'Boolean', value: true, timestamp: Date.now() },
    ]);
    await until(() => one.commands.length === 2, 'the second command');
    await until(() => host.of('NDATA').filter(isResult).length === 2, 'its result');
    mark('command');

    const gone = { value: null, quality: 'bad', reason: 'timeout' } as const;
    read('telemetry', gone);
    read('meter', { ...gone, point: 'energy', unit: 'kW.h' });
    await until(() => host.of('DDEATH', 'meter-1').length === 1, 'the death of the meter');
    read('telemetry', gone);
    await allHeard('what is said of a dead device');
    mark('buried');
    read('telemetry', { value: 229 });
    await allHeard('the return of the meter');
    mark('revived');
    await settled('barriers before the cut');

    tap.silent = true;
    read('telemetry', { value: 228 }, { value: 227 });
    await allHeard('what no barrier settles');
    tap.cut();
    tap.silent = false;
    await settled('the history after the cut');
    mark('cut');

    // A death that came late is none.
    await host.state(HOST, false, 1500);
    read('telemetry', { value: 226 });
    await allHeard('data in spite of a stale death');
    await settled('its barrier');
    const staleOffline = host.of('NDEATH').length === 1;
    const connections = tap.connections;
    await host.state(HOST, false, 3000);
    await until(() => host.of('NDEATH').length >= 2, 'the goodbye');
    read('telemetry', { value: 225 });
    await until(() => tap.connections > connections, 'the next connection');
    mark('offline');
    await host.state(HOST, true, 4000);
    await allHeard('the history of the silence');
    await settled('its barrier');
    mark('back');
    await one.pump[Symbol.asyncDispose]();
    await until(() => tap.sent('disconnect').length >= 2, 'the end');
    await until(() => host.of('NDEATH').length >= 3, 'the last death');
    mark('end');
    return lifeOf(
      tap,
      host,
      one.commands,
      marks as Life['marks'],
      one.states.find(({ remark }) => remark)?.remark,
      {
        staleOffline,
        rebirths,
      },
    );
  } finally {
    await one.pump[Symbol.asyncDispose]();
  }
}

export function isResult({ metrics }: { readonly metrics: readonly HostMetric[] }): boolean {
  return metrics.some(
    ({ properties = {} }) => properties.seq === undefined && properties.ledger === undefined,
  );
}

function lifeOf(
  tap: MqttTap,
  host: SparkplugHost,
  commands: readonly Command[],
  marks: Life['marks'],
  remark: string | undefined,
  others: Life['others'],
): Life {
  const client = tap.packets.map((one, at) => ({ ...one, at })).filter(({ from }) => from === 'client');
  const server = tap.packets.map((one, at) => ({ ...one, at })).filter(({ from }) => from === 'server');
  const of = <T>(cmd: string) =>
    client
      .filter(({ packet }) => packet.cmd === cmd)
      .map(({ packet, at, connection }) => ({ packet: packet as T, at, connection }));
  const connects = of<IConnectPacket>('connect');
  return {
    version: connects.at(-1)?.packet.protocolVersion ?? 4,
    connects,
    subscribes: of<ISubscribePacket>('subscribe'),
    disconnects: of<IDisconnectPacket>('disconnect'),
    connacks: server.filter(({ packet }) => packet.cmd === 'connack'),
    states: server.flatMap(({ packet, at, connection }) =>
      packet.cmd === 'publish' && packet.topic.includes('/STATE/')
        ? [
            {
              ...(JSON.parse(packet.payload.toString()) as { online: boolean; timestamp: number }),
              at,
              connection,
            },
          ]
        : [],
    ),
    decode: (bytes) => SparkplugHost.read(Buffer.from(bytes)).metrics,
    published: of<IPublishPacket>('publish').map(({ packet, at, connection }): Published => {
      const [, , verb = '', , device] = packet.topic.split('/');
      const { timestamp, seq, metrics } = SparkplugHost.read(Buffer.from(packet.payload));
      const wire = wireMetrics(Buffer.from(packet.payload));
      return { connection, verb, device, packet, timestamp, seq, metrics, wire, at };
    }),
    heard: host.heard,
    report: host.report(),
    commands,
    marks,
    remark,
    others,
  };
}

/** Metrics of a payload with the fields that are there. */
export function wireMetrics(bytes: Uint8Array): WireMetric[] {
  const { metrics } = kerbside.sparkplug.Payload.decode(protobuf.Reader.create(bytes));
  return metrics.map((metric) => ({ ...metric }));
}
