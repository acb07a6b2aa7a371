/**
 * The door that 4G DTUs call at: one listening socket for many of them, each known by the registration packet it sends
 * first. What is not known in time is turned away. Nobody who knocks can use up memory: connections without a name are
 * few, short-lived, and fewer still from one address.
 */
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/time/clock.ts';

/** A caller that has not said who it is by then is turned away, ms. */
const REGISTRATION_MS = 30_000;
/** Callers without a name, in all and from one address. */
const NAMELESS = 64;
const NAMELESS_EACH = 8;
/** Longest registration packet, bytes. */
export const LONGEST_REGISTRATION = 128;
/** Strangers are named in the log at most this often, ms. */
const SAY_MS = 10_000;

export interface Guest {
  /** A caller with the registration; what came behind its packet answers nothing and is gone. */
  call(socket: Socket, from: string): void;
}

export class DialInDoor {
  readonly name: string;
  readonly #host: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #guests = new Map<string, Guest>();
  readonly #nameless = new Map<Socket, string>();
  #server: Server | undefined;
  #listening: Promise<void> | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(host: string, port: number, clock: Clock, log: Log) {
    this.#host = host;
    this.#port = port;
    this.#clock = clock;
    this.#log = log;
    this.name = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Listens from the first call on. Rejects with `port-busy`, `port-denied` or `port-missing`. */
  listen(): Promise<void> {
    this.#listening ??= this.#listen().catch((thrown: unknown) => {
      this.#listening = undefined;
      throw thrown;
    });
    return this.#listening;
  }

  /** Expects a caller who sends `registration`; until disposed. The door closes behind the last guest. */
  expect(registration: Uint8Array, guest: Guest): Disposable {
    const key = keyOf(registration);
    this.#guests.set(key, guest);
    return {
      [Symbol.dispose]: () => {
        if (this.#guests.get(key) === guest) this.#guests.delete(key);
        if (this.#guests.size === 0) this.#close();
      },
    };
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer(
        { noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 },
        (socket) => this.#knock(socket),
      );
      // Lines keep the agent alive, not their door: a command that only looks must be able to end.
      server.unref();
      server.once('error', (cause: NodeJS.ErrnoException) => reject(this.#listenError(cause)));
      server.listen({ host: this.#host, port: this.#port }, () => {
        server.removeAllListeners('error');
        server.on('error', (error) =>
          this.#log.error('dial-in.failed', { door: this.name, error: error.message }),
        );
        this.#server = server;
        resolve();
      });
    });
  }

  #listenError(cause: NodeJS.ErrnoException): AgentError {
    const what = `listening at ${this.name} failed`;
    switch (cause.code) {
      case 'EADDRINUSE':
        return new AgentError('port-busy', `${what}: another program has the port`, {
          cause,
          fix: 'Choose another port, here and at the DTUs.',
        });
      case 'EACCES':
        return new AgentError('port-denied', `${what}: not allowed`, {
          cause,
          fix: 'Choose a port above 1023.',
        });
      default:
        return new AgentError('port-missing', `${what}: ${cause.message}`, {
          cause,
          fix: 'Write an address of this machine, 0.0.0.0 or [::] for all.',
        });
    }
  }

  #knock(socket: Socket): void {
    const from = socket.remoteAddress ?? 'unknown';
    socket.on('error', () => {});
    const same = [...this.#nameless.values()].filter((other) => other === from).length;
    if (this.#nameless.size >= NAMELESS || same >= NAMELESS_EACH) {
      socket.destroy();
      this.#turnedAway(from, 'too many callers that have not said who they are');
      return;
    }
    this.#nameless.set(socket, from);
    let said: Buffer = Buffer.alloc(0);
    const done = () => {
      timer[Symbol.dispose]();
      socket.removeListener('data', hear);
      socket.removeListener('close', done);
      this.#nameless.delete(socket);
    };
    const refuse = (why: string) => {
      done();
      socket.destroy();
      this.#turnedAway(from, why);
    };
    const hear = (bytes: Buffer) => {
      said = Buffer.concat([said, bytes]);
      const found = this.#guest(said);
      if (found === 'perhaps') return;
      if (found === undefined) {
        refuse(`unknown registration ${shown(said)}`);
        return;
      }
      done();
      found.call(socket, from);
    };
    const timer = this.#clock.after(REGISTRATION_MS, () => refuse('no registration packet in time'));
    socket.on('data', hear);
    socket.once('close', done);
  }

  #guest(said: Buffer): Guest | 'perhaps' | undefined {
    let perhaps = false;
    const text = said.subarray(0, LONGEST_REGISTRATION).toString('latin1');
    for (const [key, guest] of this.#guests) {
      if (text.startsWith(key)) return guest;
      perhaps ||= key.startsWith(text);
    }
    return perhaps ? 'perhaps' : undefined;
  }

  /** Said at once, then at most every ten seconds, with how many there were. */
  #turnedAway(from: string, why: string): void {
    this.#unsaid += 1;
    const now = this.#clock.mono();
    if (now - this.#saidAt < SAY_MS) return;
    this.#log.warn('dial-in.refused', { door: this.name, from, why, count: this.#unsaid });
    this.#saidAt = now;
    this.#unsaid = 0;
  }

  #close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#listening = undefined;
    for (const socket of [...this.#nameless.keys()]) socket.destroy();
  }
}

const doors = new Map<string, DialInDoor>();

/** The door of an address: a port of the machine, so there is one per process, and lines of one site share it. */
export function dialInDoor(host: string, port: number, clock: Clock, log: Log): DialInDoor {
  const key = `${host} ${port}`;
  const known = doors.get(key);
  if (known !== undefined) return known;
  const door = new DialInDoor(host, port, clock, log);
  doors.set(key, door);
  return door;
}

/** One character a byte. */
function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** For people: text where it is text, else hex; never much of it. */
function shown(bytes: Buffer): string {
  const head = bytes.subarray(0, 32);
  const text = head.toString('latin1');
  return /^[\x20-\x7e]*$/.test(text) ? JSON.stringify(text) : `0x${head.toString('hex').toUpperCase()}`;
}
