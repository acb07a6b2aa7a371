/** What a simulated centre hears and says, over TCP or between two ends in a test. */
import { createSocket } from 'node:dgram';
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

/** The same by datagrams: a caller is an address that has sent something. */
export function serveCentreByUdp(centre: Centre, host = '127.0.0.1'): Promise<CentreServer> {
  const calls = new Map<string, Call>();
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { address, port }) => {
    const key = `${address}:${port}`;
    let call = calls.get(key);
    if (call === undefined) {
      call = centre.accept({
        say: (answer) => socket.send(answer, port, address),
        hangUp: () => void calls.delete(key),
      });
      calls.set(key, call);
    }
    call.hear(bytes);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, host, () =>
      resolve({
        port: socket.address().port,
        get calls() {
          return calls.size;
        },
        async [Symbol.asyncDispose]() {
          await new Promise<void>((done) => socket.close(() => done()));
        },
      }),
    );
  });
}
