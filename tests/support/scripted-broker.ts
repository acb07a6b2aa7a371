/** An MQTT 5 broker under the test's control: its limits, its reason codes, its silence. Real bytes over a real socket. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import type { Broker } from './brokers.ts';

export interface Script {
  /** Properties of CONNACK. */
  receiveMaximum?: number;
  maximumPacketSize?: number;
  /** Reason code of CONNACK; 0 where absent. */
  connack?: (clientId: string) => number;
  /** Reason code of a PUBACK; 'nothing' holds it back. 0 where absent. */
  puback?: (packet: IPublishPacket) => number | 'nothing';
  /** Answers whatever a client sends first with these bytes instead of talking MQTT. */
  garbage?: () => Uint8Array;
}

export interface ScriptedBroker extends Broker {
  readonly script: Script;
  /** Publishes that were taken (PUBACK below 0x80), in order. */
  readonly taken: IPublishPacket[];
  /** Most publishes of one client without PUBACK. */
  mostUnderWay: number;
  /** Largest PUBLISH, bytes of its payload. */
  largest: number;
  /** PUBACKs of its receivers. */
  confirmed: number;
  /** Sends to its receivers with QoS 1; `again`: with DUP, as what was tried before. */
  deliver(topic: string, payload: string, again?: boolean): void;
}

export async function scriptedBroker(script: Script = {}): Promise<ScriptedBroker> {
  const sockets = new Map<Socket, { readonly filters: Set<string>; version: number }>();
  let delivered = 0;
  const server = createServer((socket) => {
    sockets.set(socket, { filters: new Set(), version: 5 });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serveClient(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const broker: ScriptedBroker = {
    script,
    taken: [],
    mostUnderWay: 0,
    largest: 0,
    confirmed: 0,
    deliver: (topic, payload, again = false) => {
      delivered += 1;
      send({ cmd: 'publish', topic, payload, qos: 1, messageId: delivered, dup: again, retain: false });
    },
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };

  function serveClient(socket: Socket): void {
    const client = sockets.get(socket) ?? { filters: new Set(), version: 5 };
    let underWay = 0;
    const say = (packet: Packet) => {
      if (socket.writable) socket.write(generate(packet, { protocolVersion: client.version }));
    };
    const packets = parser();
    packets.on('error', () => socket.destroy());
    packets.on('packet', (packet) => {
      switch (packet.cmd) {
        case 'connect': {
          client.version = packet.protocolVersion ?? 4;
          const code = script.connack?.(packet.clientId) ?? 0;
          const { receiveMaximum, maximumPacketSize } = script;
          const properties = {
            ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
            ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
          };
          say({ cmd: 'connack', reasonCode: code, returnCode: code, sessionPresent: false, properties });
          return;
        }
        case 'subscribe':
          for (const { topic } of packet.subscriptions) client.filters.add(topic);
          say({
            cmd: 'suback',
            messageId: packet.messageId ?? 0,
            granted: packet.subscriptions.map(() => 1),
          });
          return;
        case 'publish': {
          underWay += 1;
          broker.mostUnderWay = Math.max(broker.mostUnderWay, underWay);
          broker.largest = Math.max(broker.largest, packet.payload.length);
          const code = script.puback?.(packet) ?? 0;
          if (code === 'nothing') return;
          if (code < 0x80) take(packet);
          // Later, so that a client that sends too much at once is seen to.
          setImmediate(() => {
            underWay -= 1;
            say({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: code });
          });
          return;
        }
        case 'puback':
          broker.confirmed += 1;
          return;
        case 'pingreq':
          say({ cmd: 'pingresp' });
          return;
        case 'disconnect':
          socket.end();
      }
    });
    socket.on('data', (bytes) => {
      if (script.garbage === undefined) packets.parse(bytes);
      else socket.write(script.garbage());
    });
  }

  function take(packet: IPublishPacket): void {
    broker.taken.push(packet);
    const { topic, payload } = packet;
    // What clients publish, receivers of this broker get with QoS 0 whatever they asked for.
    send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
  }

  function send(packet: IPublishPacket): void {
    for (const [socket, { filters, version }] of sockets) {
      if (![...filters].some((filter) => matches(filter, packet.topic))) continue;
      socket.write(generate(packet, { protocolVersion: version }));
    }
  }
  return broker;
}

/** MQTT 5 §4.7.1. */
function matches(filter: string, topic: string): boolean {
  const [wanted, given] = [filter.split('/'), topic.split('/')];
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (given[i] === undefined || (level !== '+' && level !== given[i])) return false;
  }
  return wanted.length === given.length;
}
