/** TCP port: Modbus TCP devices and serial servers (raw bytes). IPv4, IPv6 and names. */
import { connect, isIPv6, type Socket } from 'node:net';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { pipeListeners } from '../pipe.ts';
import type { Pipe, Port } from './port.ts';

const CONNECT_MS = 10_000;
/** A peer that stops reading for this long is lost, ms. */
const WRITE_MS = 10_000;

export function tcpPort(host: string, port: number, clock: Clock): Port {
  const name = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    name,
    // A serial server that lost power must not be flooded when it returns, and 4G costs money.
    retry: 15_000,
    async open(signal) {
      const socket = await connected(host, port, name, clock, signal);
      return tcpPipe(socket, name, clock);
    },
  };
}

function connected(host: string, port: number, name: string, clock: Clock, signal: AbortSignal) {
  return new Promise<Socket>((resolve, reject) => {
    if (signal.aborted) return reject(asAgentError(signal.reason, 'aborted'));
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
    const settle = (run: () => void) => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners();
      run();
    };
    const fail = (error: AgentError) =>
      settle(() => {
        // A destroyed socket may still report what killed it.
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      });
    const abort = () => fail(new AgentError('aborted', `connection to ${name} failed: aborted`));
    const timer = clock.after(CONNECT_MS, () =>
      fail(
        new AgentError(
          'port-missing',
          `connection to ${name} failed: no answer within ${CONNECT_MS / 1000} s`,
          {
            fix: 'Check the address, the cable and that the device has power.',
          },
        ),
      ),
    );
    socket.once('error', (cause: NodeJS.ErrnoException) => fail(connectError(name, cause)));
    socket.once('connect', () => settle(() => resolve(socket)));
    signal.addEventListener('abort', abort, { once: true });
  });
}

function connectError(name: string, cause: NodeJS.ErrnoException): AgentError {
  const facts = { cause, context: { code: cause.code ?? 'unknown' } };
  switch (cause.code) {
    case 'ECONNREFUSED':
      return new AgentError('port-busy', `connection to ${name} failed: refused`, {
        ...facts,
        fix: 'Check the port number; many devices accept one connection only: close the other program that holds it.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AgentError('port-missing', `connection to ${name} failed: the name is not known`, {
        ...facts,
        fix: 'Check the host name, or write the IP address.',
      });
    case 'EACCES':
    case 'EPERM':
      return new AgentError('port-denied', `connection to ${name} failed: not allowed`, {
        ...facts,
        fix: 'Check the firewall of this machine.',
      });
    default:
      return new AgentError('port-missing', `connection to ${name} failed: ${cause.message}`, {
        ...facts,
        fix: 'Check the address, the cable and that the device has power.',
      });
  }
}

/** The pipe of a connected socket. */
export function tcpPipe(socket: Socket, name: string, clock: Clock): Pipe {
  const listeners = pipeListeners((thrown) => socket.destroy(asAgentError(thrown)));
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let failure: AgentError | undefined;
  let cause: Error | undefined;
  let disposed = false;
  socket.on('data', (bytes) => listeners.deliver(bytes, clock.mono()));
  socket.on('error', (error) => {
    cause = error;
  });
  // The other side has said its last word: nothing will ever be answered again.
  socket.on('end', () => socket.destroy());
  socket.once('close', () => {
    if (!disposed) {
      const why = cause === undefined ? 'closed by the other side' : cause.message;
      failure = new AgentError('link-lost', `connection to ${name} lost: ${why}`, {
        cause,
        fix: 'Check the device and the network; Kerbside connects again by itself.',
      });
    }
    listeners.clear();
    close();
  });
  return {
    closed,
    get failure() {
      return failure;
    },
    onData: listeners.add,
    write(bytes, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(asAgentError(signal.reason, 'aborted'));
        if (socket.destroyed) return reject(failure ?? new AgentError('link-lost', `${name} is closed`));
        const finish = (error?: Error | null) => {
          timer[Symbol.dispose]();
          signal.removeEventListener('abort', abort);
          if (error === undefined || error === null) resolve();
          else reject(asAgentError(error, 'link-lost'));
        };
        const abort = () => finish(new AgentError('aborted', `write to ${name} failed: aborted`));
        const timer = clock.after(WRITE_MS, () => {
          finish(new AgentError('link-lost', `write to ${name} failed: the other side does not read`));
          socket.destroy();
        });
        signal.addEventListener('abort', abort, { once: true });
        socket.write(bytes, finish);
      });
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      socket.destroy();
      await closed;
    },
  };
}
