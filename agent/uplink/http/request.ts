/** One request over HTTP(S): deadlines of the injected clock, no redirects followed, an answer of bounded size. */
import {
  type AgentOptions,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { AgentError } from '../../core/errors.ts';
import type { HttpUplinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { withoutSecrets } from '../address.ts';
import { dialByToken, type TokenTls } from '../token/dial.ts';

/** ms, from the start to a connection that is ready, TLS included. */
export const CONNECT_DEADLINE = 10_000;
/** Bytes of an answer that are read; a list of refused records is shorter. */
const LARGEST_ANSWER = 65_536;
/** One connection per stream, so that live data does not wait behind a megabyte of backlog. */
const CONNECTIONS = 2;

export interface Answer {
  readonly status: number;
  /** As they came. */
  readonly date: string | undefined;
  readonly retryAfter: string | undefined;
  /** Which unit of the agent the receiver takes records of. */
  readonly generation: string | undefined;
  /** Undefined where it was too long or broken off. */
  readonly body: string | undefined;
}

export interface Call {
  readonly method: 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** ms for all of it. */
  readonly deadline: number;
}

/** The connections of one session. Disposing ends what is under way. */
export class HttpClient implements Disposable {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #secure: boolean;
  readonly #agent: HttpAgent;
  readonly #authorization: string | undefined;
  readonly #generation: number;

  /** `generation`: which unit of the agent this is. */
  constructor(config: HttpUplinkConfig, clock: Clock, generation = 1) {
    const { url, ca, cert, key, tokenKey } = config;
    this.#generation = generation;
    this.#url = url;
    this.#clock = clock;
    this.#secure = new URL(url).protocol === 'https:';
    const pooled = { keepAlive: true, maxSockets: CONNECTIONS };
    const own = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }) };
    this.#agent =
      tokenKey !== undefined
        ? new TokenAgent(url, { tokenKey, cert: '', ...own }, clock, pooled)
        : this.#secure
          ? new HttpsAgent({
              ...pooled,
              rejectUnauthorized: true,
              ...own,
              ...(key === undefined ? {} : { key }),
            })
          : new HttpAgent(pooled);
    this.#authorization = authorization(config);
  }

  /** Rejects with what the system said, with `AgentError` `timeout`, or with the reason of the signal. */
  async send(call: Call, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#attempt(call, signal);
    } catch (thrown) {
      // The far end may close an idle connection in the moment it is used again; the key makes the repeat harmless.
      if (thrown instanceof StaleConnection) return await this.#attempt(call, signal);
      throw thrown;
    }
  }

  #attempt({ method, headers, body, deadline }: Call, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timers: Disposable[] = [];
      const outgoing = (this.#secure ? httpsRequest : httpRequest)(this.#url, {
        method,
        agent: this.#agent,
        headers: {
          'User-Agent': 'kerbside',
          'Kerbside-Generation': String(this.#generation),
          ...(this.#authorization === undefined ? {} : { Authorization: this.#authorization }),
          ...headers,
          ...(body === undefined ? {} : { 'Content-Length': body.length }),
        },
      });
      const end = () => {
        for (const timer of timers) timer[Symbol.dispose]();
        signal.removeEventListener('abort', abort);
      };
      const fail = (reason: unknown) => {
        end();
        outgoing.destroy();
        reject(reason);
      };
      const abort = () => fail(signal.reason);
      const late = (ms: number, what: string) =>
        this.#clock.after(ms, () =>
          fail(
            new AgentError(
              'timeout',
              `request to ${withoutSecrets(this.#url)} failed: no ${what} within ${ms / 1000} s`,
            ),
          ),
        );
      timers.push(late(deadline, 'answer'));
      signal.addEventListener('abort', abort, { once: true });
      outgoing.on('error', (error) => {
        const stale = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
        fail(stale ? new StaleConnection(error.message) : error);
      });
      outgoing.on('socket', (socket) => {
        if (!socket.connecting) return;
        const timer = late(CONNECT_DEADLINE, 'connection');
        timers.push(timer);
        socket.once(this.#secure ? 'secureConnect' : 'connect', () => timer[Symbol.dispose]());
      });
      outgoing.on('response', (incoming) => {
        void readAnswer(incoming).then((text) => {
          end();
          resolve({
            status: incoming.statusCode ?? 0,
            date: incoming.headers.date,
            retryAfter: incoming.headers['retry-after'],
            generation: headerOf(incoming, 'kerbside-generation'),
            body: text,
          });
        });
      });
      outgoing.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Connections by a key in a token. */
class TokenAgent extends HttpsAgent {
  readonly #url: string;
  readonly #tls: TokenTls;
  readonly #clock: Clock;
  readonly #end = new AbortController();

  constructor(url: string, tls: TokenTls, clock: Clock, pooled: AgentOptions) {
    super(pooled);
    this.#url = url;
    this.#tls = tls;
    this.#clock = clock;
  }

  override createConnection(_: unknown, opened: (error: Error | null, stream: Duplex) => void) {
    const late = new AbortController();
    const timer = this.#clock.after(CONNECT_DEADLINE, () =>
      late.abort(
        new AgentError(
          'timeout',
          `request to ${withoutSecrets(this.#url)} failed: no connection by the token within ${CONNECT_DEADLINE / 1000} s`,
        ),
      ),
    );
    dialByToken(this.#url, this.#tls, this.#clock, AbortSignal.any([this.#end.signal, late.signal]))
      .then(
        ({ socket }) => opened(null, socket),
        (error: Error) => opened(error, undefined as unknown as Duplex),
      )
      .finally(() => timer[Symbol.dispose]());
    return undefined;
  }

  override destroy(): void {
    this.#end.abort(new AgentError('aborted', 'the session ends'));
    super.destroy();
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

class StaleConnection extends Error {}

/** Never rejects: what the status says stands, whatever becomes of the rest. */
async function readAnswer(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > LARGEST_ANSWER) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function authorization({ token, username, password = '', format }: HttpUplinkConfig): string | undefined {
  // InfluxDB has a scheme of its own (InfluxDB API, Authentication).
  if (token !== undefined) return `${format === 'influx' ? 'Token' : 'Bearer'} ${token}`;
  if (username === undefined) return undefined;
  // RFC 7617 §2
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
