/**
 * The line of one DTU that calls us (dial-in.ts is the door). The pipe is the connection of the last caller with the
 * line's registration: a DTU behind a mobile network comes back on a new connection long before the old one is known to
 * be dead. Its heartbeats, and its registration said again, are taken out where a piece of data begins with them.
 */
import type { Socket } from 'node:net';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { DialInDoor } from '../dial-in.ts';
import type { Pipe, Port } from './port.ts';
import { tcpPipe } from './tcp.ts';

/** An opening waits this long for a call before it says that nobody came, ms. */
const PATIENCE_MS = 8000;

export interface DialInOptions {
  readonly door: DialInDoor;
  readonly registration: Uint8Array;
  readonly heartbeat?: Uint8Array;
  readonly clock: Clock;
}

interface Caller {
  readonly pipe: Pipe;
  readonly from: string;
  replace(by: string): void;
}

export function dialInPort({ door, registration, heartbeat, clock }: DialInOptions): Port {
  const name = `${door.name} ${label(registration)}`;
  const idle = heartbeat === undefined ? [registration] : [registration, heartbeat];
  let waiting: Caller | undefined;
  let current: Caller | undefined;
  let arrived = () => {};
  let expected: Disposable | undefined;
  const call = (socket: Socket, from: string) => {
    const caller = callerOf(socket, from, name, idle, clock);
    // The newest is the one that is alive.
    void waiting?.pipe[Symbol.asyncDispose]();
    current?.replace(from);
    waiting = caller;
    void caller.pipe.closed.then(() => {
      if (waiting === caller) waiting = undefined;
      if (current === caller) current = undefined;
    });
    arrived();
  };
  return {
    name,
    // It is the DTU that tries again; waiting longer here only delays its first reading.
    retry: 1000,
    async open(signal) {
      signal.throwIfAborted();
      expected ??= door.expect(registration, { call });
      await door.listen();
      await called();
      const caller = waiting;
      if (caller === undefined) {
        throw new AgentError('port-missing', `no device has called at ${name}`, {
          fix: 'Check that the DTU has power and signal, calls this address and port, and sends this registration.',
        });
      }
      waiting = undefined;
      current = caller;
      return caller.pipe;

      function called(): Promise<void> {
        return new Promise((resolve, reject) => {
          if (waiting !== undefined) return resolve();
          const end = (run: () => void) => {
            arrived = () => {};
            timer[Symbol.dispose]();
            signal.removeEventListener('abort', abort);
            run();
          };
          const abort = () => end(() => reject(asAgentError(signal.reason, 'aborted')));
          const timer = clock.after(PATIENCE_MS, () => end(resolve));
          signal.addEventListener('abort', abort, { once: true });
          arrived = () => end(resolve);
        });
      }
    },
    async [Symbol.asyncDispose]() {
      expected?.[Symbol.dispose]();
      expected = undefined;
      await waiting?.pipe[Symbol.asyncDispose]();
    },
  };
}

function callerOf(
  socket: Socket,
  from: string,
  name: string,
  idle: readonly Uint8Array[],
  clock: Clock,
): Caller {
  const inner = tcpPipe(socket, `${name} from ${from}`, clock);
  let replaced: AgentError | undefined;
  const pipe: Pipe = {
    closed: inner.closed,
    get failure() {
      return replaced ?? inner.failure;
    },
    onData: (listener) =>
      inner.onData((bytes, time) => {
        const data = without(bytes, idle);
        if (data.length > 0) listener(data, time);
      }),
    write: (bytes, signal) => inner.write(bytes, signal),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
  return {
    pipe,
    from,
    replace(by) {
      replaced = new AgentError(
        'link-lost',
        `connection of ${name} from ${from} replaced by a new one from ${by}`,
        {
          fix: 'If this happens again and again, two DTUs have the same registration: give each its own.',
        },
      );
      void inner[Symbol.asyncDispose]();
    },
  };
}

/** Takes packets off the front: a DTU sends them while the line is idle, as pieces of their own. */
export function without(bytes: Uint8Array, packets: readonly Uint8Array[]): Uint8Array {
  let rest = bytes;
  for (let found = true; found; ) {
    found = false;
    for (const packet of packets) {
      if (rest.length >= packet.length && packet.every((byte, i) => rest[i] === byte)) {
        rest = rest.subarray(packet.length);
        found = true;
      }
    }
  }
  return rest;
}

function label(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  return /^[\x20-\x7e]+$/.test(text)
    ? JSON.stringify(text)
    : `0x${Buffer.from(bytes).toString('hex').toUpperCase()}`;
}
