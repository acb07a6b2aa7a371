/**
 * The city: an MQTT broker on the loopback (MQTT 3.1.1, which is what aedes speaks) that also listens itself and says
 * in a few lines what arrives. It can go away and come back, as a city's data centre does.
 */
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { freePort } from '../free-port.ts';
import { cityLog } from './city-log.ts';

/** The machine itself, over IPv4 or IPv6. */
export type LoopbackHost = '127.0.0.1' | '::1';

export interface BrokerOptions {
  /** First port tried; 0: any. Default 1883. */
  readonly port?: number;
  /** Where it listens. Default 127.0.0.1. */
  readonly host?: LoopbackHost;
  /** Takes a line for people about what arrived. Absent: silence. */
  readonly say?: (line: string) => void;
  /** Beginning of topics of which no line tells. */
  readonly unsaid?: string;
  /** Least time between two lines about readings, ms. Default 2000. */
  readonly every?: number;
}

export interface CityBroker extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Whether it serves now. */
  readonly up: boolean;
  /** Clients connected now. */
  readonly clients: number;
  /**
   * The city is gone: connections break, and new ones are reset before a byte is heard. Idempotent. The port is kept
   * meanwhile: given up, another program of the machine may have it when the city comes back.
   */
  cut(): Promise<void>;
  /** It is back, remembering nothing but retained messages. Idempotent. */
  restore(): Promise<void>;
  /** The broker itself publishes, as whoever has it in hand may; QoS 1, not retained. */
  publish(topic: string, payload: string | Uint8Array): Promise<void>;
  /** Every message published by a client, from now on. */
  onMessage(listener: (topic: string, payload: Uint8Array, retain: boolean) => void): Disposable;
}

/** Rejects where no port is free. */
export async function startBroker(options: BrokerOptions = {}): Promise<CityBroker> {
  const { host = '127.0.0.1' } = options;
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const listeners = new Set<(topic: string, payload: Uint8Array, retain: boolean) => void>();
  let away = false;

  aedes.on('publish', (packet, client) => {
    // What the broker publishes about itself ($SYS) has no client.
    if (client === null) return;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    for (const listener of [...listeners]) listener(packet.topic, payload, packet.retain);
  });
  // A client that breaks the protocol or vanishes is none of our failures.
  aedes.on('clientError', () => undefined);
  aedes.on('connectionError', () => undefined);

  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (away) {
      socket.resetAndDestroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });

  const listen = async (port: number): Promise<number> => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  };

  const cut = async (): Promise<void> => {
    away = true;
    const closed = [...sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };

  const wanted = options.port ?? 1883;
  const port = await listen(wanted === 0 ? 0 : await freePort(wanted));
  const { say } = options;
  const log = say === undefined ? undefined : cityLog(say, options.every);
  const { unsaid } = options;
  if (log !== undefined) {
    listeners.add((topic, ...rest) => {
      if (unsaid === undefined || !topic.startsWith(unsaid)) log.message(topic, ...rest);
    });
  }
  if (port !== wanted && wanted !== 0) say?.(`port ${wanted} is taken, the city listens on ${port}`);

  return {
    url: `mqtt://${host === '::1' ? '[::1]' : host}:${port}`,
    port,
    get up() {
      return !away;
    },
    get clients() {
      return aedes.connectedClients;
    },
    cut,
    async restore() {
      away = false;
    },
    publish(topic, payload) {
      const packet = {
        cmd: 'publish',
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        dup: false,
        retain: false,
      } as const;
      return new Promise((resolve, reject) =>
        aedes.publish(packet, (error) => (error ? reject(error) : resolve())),
      );
    },
    onMessage(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      log?.[Symbol.dispose]();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await cut();
      await closed;
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}
