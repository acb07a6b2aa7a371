/**
 * The line of a device that calls us and does not say who it is: one listening socket for it alone. Over TCP the pipe is
 * the newest connection; over UDP it is whoever sent last. `from` names the addresses that may call.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { BlockList, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { pipeListeners } from '../pipe.ts';
import type { Pipe, Port } from './port.ts';
import { tcpPipe } from './tcp.ts';

/** An opening waits this long for a call before it says that nobody came, ms. */
const PATIENCE_MS = 8000;
/** Strangers are named in the log at most this often, ms. */
const SAY_MS = 10_000;

export interface CallerOptions {
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Addresses that may call; absent: any. */
  readonly from?: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Told of the port that is listened at, where 0 asked for any. */
  readonly listening?: (port: number) => void;
}

export function callerPort(options: CallerOptions): Port {
  const { host, port, transport, clock } = options;
  const at = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const name = transport === 'tcp' ? at : `${transport} ${at}`;
  const guard = guardOf(options, name);
  const door = transport === 'tcp' ? tcpDoor(options, name, guard) : udpDoor(options, name, guard);
  return {
    name,
    // It is the device that tries again.
    retry: 1000,
    async open(signal) {
      signal.throwIfAborted();
      await door.listen();
      const pipe = await door.caller(signal);
      if (pipe !== undefined) return pipe;
      throw new AgentError('port-missing', `no device has called at ${name}`, {
        fix: 'Check that the device has power and calls this address and port, and that no firewall is between.',
      });
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
    },
  };

  function tcpDoor(options: CallerOptions, name: string, may: Guard): Door {
    let server: Server | undefined;
    const calls = waitingRoom(clock);
    let current: Pipe | undefined;
    const accept = (socket: Socket) => {
      socket.on('error', () => {});
      const from = socket.remoteAddress ?? 'unknown';
      if (!may(from)) return void socket.destroy();
      const pipe = patient(socket, tcpPipe(socket, `${name} from ${from}`, clock));
      // The newest is the one that is alive.
      void current?.[Symbol.asyncDispose]();
      current = pipe;
      calls.arrive(pipe);
    };
    return {
      listen: () =>
        server !== undefined
          ? Promise.resolve()
          : new Promise((resolve, reject) => {
              const made = createServer(
                { noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 },
                accept,
              );
              made.unref();
              made.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(name, cause)));
              made.listen({ host: options.host, port: options.port }, () => {
                made.removeAllListeners('error');
                made.on('error', (error) =>
                  options.log.error('caller.failed', { door: name, error: error.message }),
                );
                server = made;
                const address = made.address();
                if (typeof address === 'object' && address !== null) options.listening?.(address.port);
                resolve();
              });
            }),
      caller: (signal) => calls.wait(signal),
      async [Symbol.asyncDispose]() {
        server?.close();
        server = undefined;
        await current?.[Symbol.asyncDispose]();
      },
    };
  }

  function udpDoor(options: CallerOptions, name: string, may: Guard): Door {
    let socket: UdpSocket | undefined;
    const calls = waitingRoom(clock);
    let current:
      | { readonly pipe: Pipe; deliver(bytes: Uint8Array): void; answer(to: Peer): void }
      | undefined;
    const hear = (bytes: Buffer, { address, port: from }: Peer) => {
      if (!may(address)) return;
      if (current === undefined) {
        const opened = datagramPipe(name, clock, (sent, to) => sendTo(socket, sent, to));
        current = opened;
        void opened.pipe.closed.then(() => {
          if (current === opened) current = undefined;
        });
        calls.arrive(opened.pipe);
      }
      current.answer({ address, port: from });
      current.deliver(bytes);
    };
    return {
      listen: () =>
        socket !== undefined
          ? Promise.resolve()
          : new Promise((resolve, reject) => {
              const made = createSocket(isIP(options.host) === 6 ? 'udp6' : 'udp4');
              made.unref();
              made.once('error', (cause: NodeJS.ErrnoException) => {
                made.close();
                reject(listenError(name, cause));
              });
              made.bind(options.port, options.host, () => {
                made.removeAllListeners('error');
                made.on('error', (error) =>
                  options.log.error('caller.failed', { door: name, error: error.message }),
                );
                made.on('message', hear);
                socket = made;
                options.listening?.(made.address().port);
                resolve();
              });
            }),
      caller: (signal) => calls.wait(signal),
      async [Symbol.asyncDispose]() {
        socket?.close();
        socket = undefined;
        await current?.pipe[Symbol.asyncDispose]();
      },
    };
  }
}

interface Door extends AsyncDisposable {
  listen(): Promise<void>;
  /** The newest caller that nobody took yet; undefined where nobody came in time. */
  caller(signal: AbortSignal): Promise<Pipe | undefined>;
}

type Guard = (address: string) => boolean;
type Peer = { readonly address: string; readonly port: number };

/** Who may call. Those who may not are said at once, then at most every ten seconds. */
function guardOf({ from, clock, log }: CallerOptions, door: string): Guard {
  const allowed = new BlockList();
  for (const address of from ?? []) allowed.addAddress(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  let saidAt = Number.NEGATIVE_INFINITY;
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    if (from === undefined || allowed.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')) return true;
    if (clock.mono() - saidAt >= SAY_MS) {
      saidAt = clock.mono();
      log.warn('caller.refused', { door, from: plain });
    }
    return false;
  };
}

/** What comes before anybody listens waits in the socket: it may be the alarm the device calls for. */
function patient(socket: Socket, inner: Pipe): Pipe {
  socket.pause();
  return {
    closed: inner.closed,
    get failure() {
      return inner.failure;
    },
    onData(listener) {
      const added = inner.onData(listener);
      socket.resume();
      return added;
    },
    write: (bytes, signal) => inner.write(bytes, signal),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

function waitingRoom(clock: Clock) {
  let waiting: Pipe | undefined;
  let arrived = () => {};
  return {
    arrive(pipe: Pipe) {
      waiting = pipe;
      void pipe.closed.then(() => {
        if (waiting === pipe) waiting = undefined;
      });
      arrived();
    },
    wait(signal: AbortSignal): Promise<Pipe | undefined> {
      return new Promise((resolve, reject) => {
        const end = (run: () => void) => {
          arrived = () => {};
          timer[Symbol.dispose]();
          signal.removeEventListener('abort', abort);
          run();
        };
        const take = () =>
          end(() => {
            const pipe = waiting;
            waiting = undefined;
            resolve(pipe);
          });
        const abort = () => end(() => reject(asAgentError(signal.reason, 'aborted')));
        const timer = clock.after(PATIENCE_MS, take);
        signal.addEventListener('abort', abort, { once: true });
        arrived = take;
        if (waiting !== undefined) take();
      });
    },
  };
}

/** A pipe of datagrams to whoever sent last. Bytes that come before anybody listens are kept: it is the first alarm. */
function datagramPipe(name: string, clock: Clock, send: (bytes: Uint8Array, to: Peer) => Promise<void>) {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const early: Uint8Array[] = [];
  let open = true;
  let listening = false;
  let peer: Peer | undefined;
  const listeners = pipeListeners(() => end());
  const end = () => {
    open = false;
    listeners.clear();
    close();
  };
  const pipe: Pipe = {
    closed,
    failure: undefined,
    onData(listener) {
      const added = listeners.add(listener);
      // Not within this call: whoever listens may not be ready yet.
      queueMicrotask(() => {
        listening = true;
        for (const bytes of early.splice(0)) listeners.deliver(bytes, clock.mono());
      });
      return added;
    },
    async write(bytes, signal) {
      signal.throwIfAborted();
      if (!open || peer === undefined) throw new AgentError('link-lost', `${name} is closed`);
      await send(bytes, peer);
    },
    async [Symbol.asyncDispose]() {
      end();
    },
  };
  return {
    pipe,
    deliver(bytes: Uint8Array) {
      if (!open) return;
      if (listening) listeners.deliver(bytes, clock.mono());
      else if (early.length < 16) early.push(bytes);
    },
    answer(to: Peer) {
      peer = to;
    },
  };
}

function sendTo(socket: UdpSocket | undefined, bytes: Uint8Array, { address, port }: Peer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket === undefined) return reject(new AgentError('link-lost', 'the socket is closed'));
    socket.send(bytes, port, address, (error) =>
      error === null ? resolve() : reject(asAgentError(error, 'link-lost')),
    );
  });
}

function listenError(name: string, cause: NodeJS.ErrnoException): AgentError {
  const what = `listening at ${name} failed`;
  if (cause.code === 'EADDRINUSE') {
    const fix = 'Choose another port, here and at the device.';
    return new AgentError('port-busy', `${what}: another program has the port`, { cause, fix });
  }
  if (cause.code === 'EACCES') {
    return new AgentError('port-denied', `${what}: not allowed`, { cause, fix: 'Choose a port above 1023.' });
  }
  const fix = 'Write an address of this machine, 0.0.0.0 or [::] for all.';
  return new AgentError('port-missing', `${what}: ${cause.message}`, { cause, fix });
}
