/** A neighbour in the network of a pole: a host on loopback that answers, refuses, hangs, or has a broken page. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';

export type Mood = 'there' | 'broken' | 'hanging';

export interface NetworkNeighbour extends AsyncDisposable {
  readonly port: number;
  /** How it answers from now on. */
  mood: Mood;
  /** Looks at it so far. */
  readonly looks: number;
  /** It is unplugged: whoever comes is refused. Idempotent. */
  leave(): Promise<void>;
  /** It is back at the same port. */
  comeBack(): Promise<void>;
}

export async function networkNeighbour(mood: Mood = 'there'): Promise<NetworkNeighbour> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const neighbour = { mood, looks: 0 };
  const comeBack = async () => {
    server = createServer((_request, response) => {
      if (neighbour.mood === 'hanging') return;
      response.writeHead(neighbour.mood === 'there' ? 401 : 503).end();
    });
    server.on('connection', (socket) => {
      neighbour.looks += 1;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  };
  const leave = async () => {
    const gone = server;
    server = undefined;
    if (gone === undefined) return;
    const closed = new Promise<void>((resolve) => gone.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await comeBack();
  return {
    get port() {
      return port;
    },
    get mood() {
      return neighbour.mood;
    },
    set mood(next) {
      neighbour.mood = next;
    },
    get looks() {
      return neighbour.looks;
    },
    leave,
    comeBack,
    [Symbol.asyncDispose]: leave,
  };
}
