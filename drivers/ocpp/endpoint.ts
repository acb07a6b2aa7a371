/**
 * The WebSocket endpoint that chargers call: one per address, shared by all chargers that the site names there. Framing and
 * calls are ocpp-rpc's; who may come in is decided here.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../../agent/core/log.ts';
import type { LineConfig } from '../../agent/core/site.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import type { Guest, Link } from './guest.ts';
import { Dialect201 } from './v201.ts';

export type OcppLine = Extract<LineConfig, { kind: 'ocpp' }>;

/** Largest message, bytes; a MeterValues with everything is a tenth of it. */
const LARGEST = 64 * 1024;
const CALL_MS = 20_000;
const PING_MS = 30_000;
/** Sockets at once, those that have not said who they are among them. */
const SOCKETS = 64;
/** Pause before a port that is taken is tried again, ms. */
const AGAIN = 5000;
/** Callers nobody knows are said this often, ms. */
const SAY_EVERY = 60_000;
/** Editions that are spoken; of those that a charger offers the first here is taken. */
const PROTOCOLS = ['ocpp1.6', 'ocpp2.0.1'] as const;

export interface Endpoint {
  /** By identity: the last part of the address that a charger calls. */
  admit(identity: string, guest: Guest): Disposable;
  /** Port it listens at; undefined until it does. */
  readonly port: number | undefined;
  /** The same object for all who share the endpoint. */
  readonly shared: object;
  /** Gives up a use of it; the last one closes it. */
  release(): Promise<void>;
}

const open = new Map<string, { readonly endpoint: SharedEndpoint; uses: number }>();

/** The endpoint of a line; opened in the background by the first who asks. */
export function endpointOf(line: OcppLine, clock: Clock, log: Log): Endpoint {
  // Lines with port 0 are told apart by their id.
  const key = line.port === 0 ? line.id : `${line.host}:${line.port}`;
  const entry = open.get(key) ?? { endpoint: new SharedEndpoint(line, clock, log), uses: 0 };
  entry.uses += 1;
  open.set(key, entry);
  let released = false;
  return {
    admit: (identity, guest) => entry.endpoint.admit(identity, guest),
    shared: entry.endpoint,
    get port() {
      return entry.endpoint.port;
    },
    async release() {
      if (released) return;
      released = true;
      entry.uses -= 1;
      if (entry.uses > 0) return;
      open.delete(key);
      await entry.endpoint.close();
    },
  };
}

class SharedEndpoint {
  readonly #line: OcppLine;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #guests = new Map<string, Guest>();
  readonly #links = new Map<string, Link>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #said = Number.NEGATIVE_INFINITY;
  port: number | undefined;

  constructor(line: OcppLine, clock: Clock, log: Log) {
    this.#line = line;
    this.#clock = clock;
    this.#log = log;
    this.#running = this.#run();
  }

  admit(identity: string, guest: Guest): Disposable {
    this.#guests.set(identity, guest);
    return {
      [Symbol.dispose]: () => {
        if (this.#guests.get(identity) !== guest) return;
        this.#guests.delete(identity);
        this.#links.get(identity)?.close();
      },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const link of this.#links.values()) link.close();
    await this.#running;
  }

  /** Listens until it is closed; tries again where the port is taken. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // Its schemas take memory, so it is loaded with the first charger only.
    const { RPCServer } = await import('ocpp-rpc');
    while (!signal.aborted) {
      try {
        await this.#serve(RPCServer);
      } catch (error) {
        if (signal.aborted) return;
        const { host, port } = this.#line;
        this.#log.error('ocpp.listen-failed', { host, port, error: String(error) });
        await this.#clock.sleep(AGAIN, signal).catch(() => {});
      }
    }
  }

  async #serve(Server: typeof import('ocpp-rpc').RPCServer): Promise<void> {
    const { host, port, cert, key } = this.#line;
    const { signal } = this.#stop;
    const limits = { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 };
    const http =
      cert === undefined || key === undefined
        ? createHttp(limits)
        : createHttps({ ...limits, cert, key, minVersion: 'TLSv1.2' });
    http.maxConnections = SOCKETS;
    http.on('request', (_, response) => response.writeHead(426).end());
    const rpc = new Server({
      protocols: [...PROTOCOLS],
      callTimeoutMs: CALL_MS,
      pingIntervalMs: PING_MS,
      callConcurrency: 1,
      maxBadMessages: 20,
      wssOptions: { maxPayload: LARGEST },
    });
    rpc.on('error', (error: unknown) => this.#log.warn('ocpp.error', { error: String(error) }));
    rpc.auth((accept, reject, { identity, password, protocols }) => {
      const guest = this.#guests.get(identity);
      if (guest === undefined) {
        this.#sayUnknown(identity);
        return reject(404, 'Not Found');
      }
      if (guest.password !== undefined && !same(guest.password, password)) {
        this.#log.warn('ocpp.wrong-password', { charger: identity });
        return reject(401, 'Unauthorized');
      }
      const spoken = PROTOCOLS.find((one) => protocols.has(one));
      if (spoken === undefined) return reject(400, `Expected subprotocol ${PROTOCOLS.join(' or ')}`);
      accept({}, spoken);
    });
    rpc.on('client', (client: RpcClient) => this.#welcome(client));
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {});
      if (!isAddress(request.url)) return void socket.destroy();
      rpc.handleUpgrade(request, socket as never, head).catch(() => socket.destroy());
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    http.once('error', reject);
    signal.addEventListener('abort', () => resolve(), { once: true });
    try {
      http.listen(port, host, () => {
        this.port = (http.address() as AddressInfo).port;
        this.#log.info('ocpp.listening', { host, port: this.port });
      });
      await promise;
    } finally {
      this.port = undefined;
      await rpc.close({ force: true }).catch(() => {});
      http.closeAllConnections();
      await new Promise<void>((done) => (http.listening ? http.close(() => done()) : done()));
    }
  }

  #welcome(client: RpcClient): void {
    const { identity = '' } = client;
    const guest = this.#guests.get(identity);
    const own: Link = {
      remote: client.handshake.remoteAddress ?? '',
      call: (action, payload) => client.call(action, payload),
      close: () => void Promise.resolve(client.close({ force: true })).catch(() => {}),
    };
    if (guest === undefined) {
      own.close();
      return;
    }
    const dialect = client.protocol === 'ocpp2.0.1' ? new Dialect201(guest) : undefined;
    const link = dialect?.link(own) ?? own;
    // A link that is half open is not worth more than one that has just been opened.
    this.#links.get(identity)?.close();
    this.#links.set(identity, link);
    client.handle(async ({ method = '', params }: { method?: string; params?: unknown }) => ({
      ...(dialect ?? guest).take(method, params),
    }));
    client.on('socketError', () => {});
    client.once('close', () => {
      if (this.#links.get(identity) === link) this.#links.delete(identity);
      guest.left(link);
    });
    guest.arrived(link);
  }

  #sayUnknown(identity: string): void {
    const now = this.#clock.mono();
    if (now - this.#said < SAY_EVERY) return;
    this.#said = now;
    this.#log.warn('ocpp.unknown-charger', {
      charger: identity.slice(0, 64),
      fix: 'name it as address of a device on this line',
    });
  }
}

/** What is used of a client of ocpp-rpc. */
interface RpcClient {
  readonly identity?: string | undefined;
  readonly protocol?: string | undefined;
  readonly handshake: { readonly remoteAddress: string | undefined };
  call(action: string, payload: object): Promise<unknown>;
  close(options: object): Promise<unknown>;
  handle(handler: (call: { method?: string; params?: unknown }) => Promise<object>): void;
  on(event: 'socketError', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Whether the library can read this address; it lets what it cannot read end the process. */
function isAddress(url = '/'): boolean {
  if (url.length > 512 || !URL.canParse(`http://localhost${url}`)) return false;
  try {
    return decodeURIComponent(new URL(`http://localhost${url}`).pathname).length > 0;
  } catch {
    return false;
  }
}

/** Compares without telling by its time how far they agree. */
function same(expected: string, given: Uint8Array | undefined): boolean {
  if (given === undefined) return false;
  const digest = (of: string | Uint8Array) => createHash('sha256').update(of).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
