/**
 * One question over HTTP(S): deadline of the injected clock, conditional (ETag, Last-Modified: RFC 9110 §13), packed answers
 * unpacked inside the bound, TLS verified. Redirects are not followed: what may stand on a screen comes from the address in
 * the site file.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { HttpPollConfig } from '../../core/sign/feed.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { FeedFailure } from './condition.ts';

export type Fetched =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly failure: FeedFailure; readonly retryAfter?: number };

/** The longest pause a centre may ask for, ms. */
const LONGEST_PAUSE = 15 * 60_000;
const UNPACK = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

export class HttpGetter implements Disposable {
  readonly #config: HttpPollConfig;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #agent: HttpAgent;
  readonly #secure: boolean;
  #etag: string | undefined;
  #modified: string | undefined;

  constructor(config: HttpPollConfig, maxBytes: number, clock: Clock) {
    this.#config = config;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    const { url, ca, cert, key } = config;
    this.#secure = new URL(url).protocol === 'https:';
    this.#agent = this.#secure
      ? new HttpsAgent({
          keepAlive: true,
          maxSockets: 1,
          rejectUnauthorized: true,
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key }),
        })
      : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  }

  /** With a body it is a POST (SIRI). Rejects only with the reason of the signal. */
  async fetch(signal: AbortSignal, body?: Uint8Array): Promise<Fetched> {
    signal.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const seconds = this.#config.timeout / 1000;
    const late = this.#clock.after(this.#config.timeout, () =>
      controller.abort(new Error(`no answer within ${seconds} s`)),
    );
    try {
      const answer = await this.#ask(body, controller.signal);
      return await this.#read(answer, controller.signal);
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      return unreachable(this.#config.url, controller.signal.aborted ? controller.signal.reason : thrown);
    } finally {
      late[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #ask(body: Uint8Array | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, token, username, password = '', header } = this.#config;
    return new Promise((resolve, reject) => {
      const request = (this.#secure ? httpsRequest : httpRequest)(url, {
        method: body === undefined ? 'GET' : 'POST',
        agent: this.#agent,
        signal,
        maxHeaderSize: 16_384,
        headers: {
          'User-Agent': 'kerbside',
          'Accept-Encoding': 'gzip, deflate, br',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          // RFC 7617 §2
          ...(username === undefined
            ? {}
            : { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }),
          ...(header === undefined ? {} : { [header.name]: header.value }),
          ...(body === undefined
            ? {
                ...(this.#etag === undefined ? {} : { 'If-None-Match': this.#etag }),
                ...(this.#modified === undefined ? {} : { 'If-Modified-Since': this.#modified }),
              }
            : { 'Content-Type': 'application/xml; charset=utf-8', 'Content-Length': body.length }),
        },
      });
      request.on('error', reject);
      request.on('response', resolve);
      request.end(body);
    });
  }

  async #read(answer: IncomingMessage, signal: AbortSignal): Promise<Fetched> {
    const { statusCode: status = 0, headers } = answer;
    answer.on('error', () => {});
    if (status === 304) {
      answer.resume();
      return { kind: 'same' };
    }
    if (status !== 200) {
      answer.destroy();
      const after = pause(headers['retry-after']);
      return {
        kind: 'failed',
        failure: {
          condition: 'unreachable',
          reason: `${shown(this.#config.url)} answers HTTP ${status}`,
          fix: fixOf(status),
        },
        ...(after === undefined ? {} : { retryAfter: after }),
      };
    }
    const bytes = await bounded(answer, headers['content-encoding'], this.#maxBytes, signal);
    if (bytes === undefined) {
      return {
        kind: 'failed',
        failure: {
          condition: 'too-large',
          reason: `an answer of more than ${this.#maxBytes} bytes`,
          fix: 'Ask the centre for a feed of the lines of this stop, or raise max_bytes.',
        },
      };
    }
    this.#etag = headers.etag?.slice(0, 256);
    this.#modified = headers['last-modified']?.slice(0, 64);
    return { kind: 'body', bytes };
  }

  /** What was read made no sense: the next answer is wanted in full. */
  forget(): void {
    this.#etag = undefined;
    this.#modified = undefined;
  }
}

/** All of the body, unpacked; undefined: it is longer than `maxBytes`. */
async function bounded(
  answer: IncomingMessage,
  encoding: string | undefined,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  let source: Readable = answer;
  if (Object.hasOwn(UNPACK, name)) {
    const unpack = UNPACK[name as keyof typeof UNPACK]();
    answer.on('error', (error) => unpack.destroy(error));
    answer.on('aborted', () => unpack.destroy(new Error('the answer broke off')));
    source = answer.pipe(unpack);
  } else if (name !== 'identity' && name !== '')
    throw new Error(`encoding ${name.slice(0, 20)} was not asked for`);
  const abort = () => source.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of source as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > maxBytes) return undefined;
      pieces.push(piece);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    if (length > maxBytes) answer.destroy();
  }
  return Buffer.concat(pieces);
}

function unreachable(url: string, thrown: unknown): Fetched {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const why = (error.message || code || 'no reason given').slice(0, 200);
  return {
    kind: 'failed',
    failure: {
      condition: 'unreachable',
      reason: `${shown(url)} cannot be read: ${why}`,
      fix: /CERT|TLS|SSL|SELF_SIGNED|ISSUER|VERIFY/.test(code)
        ? "Put the certificate of the centre's authority into ca, and use the name that stands in its certificate."
        : 'Check the address of this feed and whether it can be reached from here.',
    },
  };
}

function fixOf(status: number): string {
  if (status === 401 || status === 403) return 'Check token, user name and password of this feed.';
  if (status >= 300 && status < 400) return 'Redirects are not followed: write the final address as url.';
  if (status === 404 || status === 410) return 'Check the path of the url of this feed.';
  return status === 429 ? 'Ask less often: raise every.' : 'Ask the centre.';
}

/** Retry-After (RFC 9110 §10.2.3) in seconds; a date needs a clock that may not be there. */
function pause(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text.trim())
    ? Math.min(Number(text) * 1000, LONGEST_PAUSE)
    : undefined;
}

/** The address without what may hold a secret. */
export function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
