/** What a simulated centre hears and says, over TCP or between two ends in a test. */
import { createServer, type Server, type Socket } from 'node:net';

/** The centre's view of one caller. */
export interface CallerPipe {
  say(bytes: Uint8Array): void;
  hangUp(): void;
}

/** One call from the centre's side. */
export interface Call {
  hear(bytes: Uint8Array): void;
  /** The caller is gone. */
  ended(): void;
}

export interface Centre {
  accept(pipe: CallerPipe): Call;
}

export interface CentreServer extends AsyncDisposable {
  readonly port: number;
  /** Connections now. */
  readonly calls: number;
}

/** Serves a centre on the loopback; port 0: any. */
export function serveCentre(centre: Centre, port = 0, host = '127.0.0.1'): Promise<CentreServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const call = centre.accept({ say: (bytes) => socket.write(bytes), hangUp: () => socket.destroy() });
    socket.on('error', () => {});
    socket.on('data', (bytes) => call.hear(bytes));
    socket.once('close', () => {
      sockets.delete(socket);
      call.ended();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const at = server.address();
      resolve({
        port: typeof at === 'object' && at !== null ? at.port : 0,
        get calls() {
          return sockets.size;
        },
        async [Symbol.asyncDispose]() {
          for (const socket of sockets) socket.destroy();
          await new Promise((done) => server.close(done));
        },
      });
    });
  });
}
