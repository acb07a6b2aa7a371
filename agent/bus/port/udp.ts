/**
 * UDP port: datagrams to and from one address. Nothing is connected and nothing is lost: a host that is not there, or
 * that refuses, is a device that does not answer.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { pipeListeners } from '../pipe.ts';
import type { Pipe, Port } from './port.ts';

/** What the network says of one datagram; the next may arrive. */
const PASSING = ['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENOBUFS', 'EAGAIN'];

export function udpPort(host: string, port: number, clock: Clock): Port {
  const name = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    name,
    retry: 15_000,
    async open(signal) {
      signal.throwIfAborted();
      const at = await addressOf(host, name, clock, signal);
      const socket = createSocket(isIPv6(at) ? 'udp6' : 'udp4');
      try {
        await aimed(socket, at, port, signal);
      } catch (thrown) {
        socket.on('error', () => {});
        socket.close();
        if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
        throw new AgentError('port-missing', `opening of ${name} failed: ${messageOf(thrown)}`, {
          cause: thrown,
          fix: 'Check the network of this machine.',
        });
      }
      return udpPipe(socket, name, clock);
    },
  };
}

const NAME_MS = 8_000;

async function addressOf(host: string, name: string, clock: Clock, signal: AbortSignal): Promise<string> {
  if (isIP(host) !== 0) return host;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const abort = () => reject(asAgentError(signal.reason, 'aborted'));
  const fix = 'Check the host name, or write the IP address.';
  const unknown = (cause?: unknown) =>
    new AgentError('port-missing', `opening of ${name} failed: the name is not known`, { cause, fix });
  const timer = clock.after(NAME_MS, () => reject(unknown()));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const found = lookup(host).catch((cause: unknown) => {
      throw unknown(cause);
    });
    found.catch(() => {});
    return (await Promise.race([found, late])).address;
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', abort);
  }
}

/** From now on only datagrams of that address come in. */
function aimed(socket: Socket, host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown) => {
      socket.removeAllListeners();
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const abort = () => done(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', done);
    socket.connect(port, host, () => done());
  });
}

function udpPipe(socket: Socket, name: string, clock: Clock): Pipe {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let failure: AgentError | undefined;
  let open = true;
  const end = (cause?: unknown) => {
    if (!open) return;
    open = false;
    if (cause !== undefined) {
      failure = new AgentError('link-lost', `${name} lost: ${messageOf(cause)}`, {
        cause,
        fix: 'Check the network of this machine; Kerbside opens the port again by itself.',
      });
    }
    listeners.clear();
    socket.close(() => close());
  };
  const listeners = pipeListeners((thrown) => end(thrown));
  const passing = (error: unknown) =>
    error instanceof Error && 'code' in error && PASSING.includes(String(error.code));
  socket.on('message', (bytes) => listeners.deliver(bytes, clock.mono()));
  socket.on('error', (error) => {
    if (!passing(error)) end(error);
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
        if (!open) return reject(failure ?? new AgentError('link-lost', `${name} is closed`));
        socket.send(bytes, (error) => {
          if (error === null || passing(error)) return resolve();
          end(error);
          reject(failure ?? asAgentError(error, 'link-lost'));
        });
      });
    },
    async [Symbol.asyncDispose]() {
      end();
      await closed;
    },
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
