/** Byte pipes to centres that speak protocols of their own on TCP or UDP. */
import { createSocket } from 'node:dgram';
import { connect, isIP, type Socket } from 'node:net';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Stream } from '../core/link.ts';
import type { Clock } from '../core/time/clock.ts';

/** The promised end of a try to connect, login included, ms. */
export const CONNECT_DEADLINE = 10_000;
/** Unsent bytes above which a far end that does not read is given up. */
const MOST_UNSENT = 4 * 1024 * 1024;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Opens a pipe. Rejects with `broker-unreachable` or the signal's reason. */
export type Dial = (address: Address, clock: Clock, signal: AbortSignal) => Promise<Stream>;

export function addressText({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

export function unreachable(address: Address, why: string, cause?: unknown): AgentError {
  return new AgentError('broker-unreachable', `connection to ${addressText(address)} failed: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    fix: 'Check the address and port of this uplink, and that the centre runs and can be reached from here.',
  });
}

export const tcpDial: Dial = (address, clock, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(asAgentError(signal.reason, 'aborted'));
    const socket = connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
    const settle = (run: () => void) => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      run();
    };
    const abort = () =>
      settle(() => {
        socket.destroy();
        reject(asAgentError(signal.reason, 'aborted'));
      });
    socket.once('error', (cause) =>
      settle(() => {
        socket.destroy();
        reject(unreachable(address, cause.message, cause));
      }),
    );
    socket.once('connect', () => settle(() => resolve(streamOf(socket, clock))));
    signal.addEventListener('abort', abort, { once: true });
  });

function streamOf(socket: Socket, clock: Clock): Stream {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  socket.once('close', () => close());
  // Half closed: nothing will be answered any more.
  socket.once('end', () => socket.destroy());
  return {
    closed,
    onData(listener) {
      const hear = (bytes: Buffer) => listener(bytes, clock.mono());
      socket.on('data', hear);
      return { [Symbol.dispose]: () => void socket.off('data', hear) };
    },
    write: (bytes, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(asAgentError(signal.reason, 'aborted'));
        if (socket.destroyed || socket.writableLength > MOST_UNSENT) {
          socket.destroy();
          return reject(new AgentError('link-lost', 'write failed: the connection is closed'));
        }
        socket.write(bytes, (error) =>
          error === undefined || error === null ? resolve() : reject(asAgentError(error, 'link-lost')),
        );
      }),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

/** Datagrams; there is no connection that could be refused or lost. */
export const udpDial: Dial = (address, clock, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(asAgentError(signal.reason, 'aborted'));
    const socket = createSocket(isIP(address.host) === 6 ? 'udp6' : 'udp4');
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    socket.once('close', () => close());
    const fail = (cause: Error) => {
      socket.close();
      reject(unreachable(address, cause.message, cause));
    };
    socket.once('error', fail);
    socket.connect(address.port, address.host, () => {
      socket.off('error', fail);
      // A port that nobody listens at is told by the network; silence is judged by the protocol.
      socket.on('error', () => {});
      resolve({
        closed,
        onData(listener) {
          const hear = (bytes: Buffer) => listener(bytes, clock.mono());
          socket.on('message', hear);
          return { [Symbol.dispose]: () => void socket.off('message', hear) };
        },
        write: (bytes) =>
          new Promise((done, failed) =>
            socket.send(bytes, (error) =>
              error === null ? done() : failed(asAgentError(error, 'link-lost')),
            ),
          ),
        async [Symbol.asyncDispose]() {
          try {
            socket.close();
          } catch {
            // Closed already.
          }
          await closed;
        },
      });
    });
  });
