/** The bureau on a TCP port of the loopback. */
import { createServer, type Socket } from 'node:net';
import { Bureau, type BureauOptions } from './bureau.ts';

export interface BureauServer extends AsyncDisposable {
  readonly bureau: Bureau;
  readonly port: number;
  /** tcp://127.0.0.1:… */
  readonly url: string;
}

export type BureauServerOptions = Omit<BureauOptions, 'clock'> & {
  /** Default: any. */
  readonly port?: number;
};

/** Rejects where the port is taken. */
export async function startBureau({ port = 0, ...options }: BureauServerOptions): Promise<BureauServer> {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const bureau = new Bureau({
    ...options,
    clock: {
      mono: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          run();
        }, ms);
        timers.add(timer);
        return { [Symbol.dispose]: () => clearTimeout(timer) };
      },
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    bureau.accept({
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      onBytes: (listener) => void socket.on('data', listener),
      onClose: (listener) => void socket.once('close', listener),
      close: () => socket.destroy(),
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    bureau,
    port: bound,
    url: `tcp://127.0.0.1:${bound}`,
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
