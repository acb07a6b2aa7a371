/**
 * net-snmp over the agent's `Exchange`. The library builds and reads messages and keeps what version 3 needs to know of
 * the device; in place of its socket it gets one of ours, which makes an exchange of every message it sends. Its own
 * repetitions and time-outs are switched off: agent/bus has both.
 */
import { EventEmitter } from 'node:events';
import type { DatagramSocket, Session, User, Varbind } from 'net-snmp';
import { AgentError, asAgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { answerTo } from './match.ts';
import type { DeviceOptions } from './schema.ts';

type Library = typeof import('net-snmp');

export interface Told {
  readonly varbinds: readonly Varbind[];
  readonly time: Mono;
}

/** The device refused the request: `status` is the error-status of RFC 3416 §3. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Never reached: an exchange ends before, by itself or by its signal. */
const NEVER_MS = 2 ** 31 - 1;

export class Client implements Disposable {
  readonly #library: Library;
  readonly #socket: ExchangeSocket;
  readonly #session: Session;

  private constructor(library: Library, version: 1 | '2c' | 3, own: DeviceOptions) {
    this.#library = library;
    this.#socket = new ExchangeSocket();
    const options = {
      version: { 1: library.Version1, '2c': library.Version2c, 3: library.Version3 }[version],
      retries: 0,
      timeout: NEVER_MS,
      reportOidMismatchErrors: true,
      dgramModule: { createSocket: () => this.#socket },
      ...(own.context === undefined ? {} : { context: own.context }),
    };
    this.#session =
      version === 3
        ? library.createV3Session('device', userOf(library, own), options)
        : library.createSession('device', own.community, options);
    this.#session.on('error', (error: Error) => this.#socket.fail(unreadable(error)));
  }

  /** Loads the library with the first one. */
  static async create(version: 1 | '2c' | 3, own: DeviceOptions): Promise<Client> {
    const loaded = await import('net-snmp');
    return new Client('default' in loaded ? (loaded.default as Library) : loaded, version, own);
  }

  /** Of all exchanges so far. */
  get bytes(): { readonly asked: number; readonly answered: number } {
    return this.#socket.bytes;
  }

  /** Rejects with the exchange's `AgentError`, `auth-failed`, `frame-invalid`, or `Refused`. */
  async get(oids: readonly string[], exchange: Exchange, signal: AbortSignal): Promise<Told> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<readonly Varbind[]>();
    const failed = this.#socket.run(exchange, signal, (error) => this.#session.cancelRequests(error));
    this.#session.get(oids, (error, varbinds) => (error === null ? resolve(varbinds ?? []) : reject(error)));
    try {
      const varbinds = await Promise.race([promise, failed]);
      return { varbinds, time: this.#socket.time };
    } catch (thrown) {
      throw this.#explained(thrown);
    } finally {
      promise.catch(() => {});
    }
  }

  #explained(thrown: unknown): Error {
    const { RequestFailedError, ResponseInvalidError } = this.#library;
    if (thrown instanceof AgentError) return thrown;
    if (thrown instanceof RequestFailedError) return new Refused(thrown.status, thrown.message);
    // The device has started anew since it was last heard; the next client asks what time it has.
    if (/time window/i.test(String(thrown))) return unreadable(thrown);
    if (thrown instanceof ResponseInvalidError && (thrown.code === 4 || thrown.code === 5)) {
      return new AgentError('auth-failed', `read failed: the device refused the user: ${thrown.message}`, {
        cause: thrown,
        fix: 'Check user, auth and priv of the device: protocols and passwords.',
      });
    }
    return unreadable(thrown);
  }

  [Symbol.dispose](): void {
    this.#session.removeAllListeners();
    this.#session.on('error', () => {});
    this.#session.close();
  }
}

function unreadable(cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('frame-invalid', `read failed: the answer cannot be read: ${why}`, { cause });
}

function userOf(library: Library, { user = '', auth, priv }: DeviceOptions): User {
  const level = auth === undefined ? 'noAuthNoPriv' : priv === undefined ? 'authNoPriv' : 'authPriv';
  return {
    name: user,
    level: library.SecurityLevel[level] ?? 1,
    ...(auth === undefined
      ? {}
      : { authProtocol: library.AuthProtocols[auth.protocol] ?? 0, authKey: auth.password }),
    ...(priv === undefined
      ? {}
      : { privProtocol: library.PrivProtocols[priv.protocol] ?? 0, privKey: priv.password }),
  };
}

/** Each datagram is one exchange of the run that is under way. */
class ExchangeSocket extends EventEmitter implements DatagramSocket {
  readonly bytes = { asked: 0, answered: 0 };
  time: Mono = 0;
  #exchange: Exchange | undefined;
  #signal: AbortSignal | undefined;
  #reject: (error: AgentError) => void = () => {};

  /** Settles only by failing; `onFail` drops what the library waits for. */
  run(exchange: Exchange, signal: AbortSignal, onFail: (error: AgentError) => void): Promise<never> {
    this.#exchange = exchange;
    this.#signal = signal;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.#reject = (error) => {
      reject(error);
      onFail(error);
    };
    return promise;
  }

  fail(error: AgentError): void {
    this.#reject(error);
  }

  send(
    bytes: Buffer,
    offset: number,
    length: number,
    _port: number,
    _host: string,
    done: (error: Error | null) => void,
  ): void {
    // The library begins to wait for the answer here.
    done(null);
    this.#ask(Uint8Array.from(bytes.subarray(offset, offset + length))).catch((error: unknown) =>
      this.fail(asAgentError(error)),
    );
  }

  async #ask(bytes: Uint8Array): Promise<void> {
    const [exchange, signal] = [this.#exchange, this.#signal];
    if (exchange === undefined || signal === undefined) return;
    this.bytes.asked += bytes.length;
    const answer = await exchange({ bytes, match: answerTo(bytes) }, signal);
    this.bytes.answered += answer.bytes.length;
    this.time = answer.time;
    this.emit('message', Buffer.from(answer.bytes));
  }

  bind(): void {}
  ref(): void {}
  unref(): void {}
  close(): void {
    this.removeAllListeners();
  }
}
