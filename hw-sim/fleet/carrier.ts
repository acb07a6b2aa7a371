/**
 * The mobile network between the poles and the city's brokers: one loopback port for each broker, bytes counted, and a
 * blackout in which every connection breaks and none comes about.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Traffic {
  /** TCP payload, bytes. */
  readonly up: number;
  readonly down: number;
  /** Connections so far. */
  readonly connections: number;
}

export interface Carrier extends AsyncDisposable {
  /** Where the poles find each broker, in the order given. */
  readonly urls: readonly string[];
  traffic(): Traffic;
  /** Idempotent, both. */
  cut(): void;
  restore(): void;
}

/** `brokers`: mqtt://host:port. Rejects where no port is free. */
export async function openCarrier(brokers: readonly string[]): Promise<Carrier> {
  const traffic = { up: 0, down: 0, connections: 0 };
  const sockets = new Set<Socket>();
  let open = true;
  const servers: Server[] = [];
  const urls: string[] = [];
  for (const broker of brokers) {
    const { hostname, port } = new URL(broker);
    const server = createServer((socket) => {
      if (!open) return void socket.destroy();
      traffic.connections += 1;
      relay(socket, connect(Number(port || 1883), hostname));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // All poles of a city may come at once.
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) urls.push(`mqtt://127.0.0.1:${address.port}`);
    servers.push(server);
  }

  function relay(pole: Socket, broker: Socket): void {
    const ends = [pole, broker];
    for (const [one, other, way] of [
      [pole, broker, 'up'],
      [broker, pole, 'down'],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        for (const end of ends) end.destroy();
      });
      one.on('data', (bytes) => {
        traffic[way] += bytes.length;
        if (!other.write(bytes)) one.pause();
      });
      other.on('drain', () => one.resume());
    }
  }

  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    urls,
    traffic: () => ({ ...traffic }),
    cut,
    restore: () => {
      open = true;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await Promise.all(
        servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
      );
    },
  };
}
