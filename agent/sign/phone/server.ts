/**
 * The listener of the phone page: the only part of the agent that is meant for everybody, so it knows one page, takes no
 * body, sets no cookie, and gives each address so many pages a minute. It is there only if the site file names an address.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { ListenConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Face } from '../screen/face.ts';
import { LARGEST_PAGE, phonePage, type SpokenText, STYLE } from './page.ts';

export interface PhoneServerOptions {
  readonly listen: ListenConfig;
  readonly face: () => Face;
  readonly spoken: () => readonly SpokenText[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface PhoneServer extends AsyncDisposable {
  readonly url: string;
}

/** Pages that one address gets at once, and how often another, ms. */
const BURST = 30;
const REFILL = 2_000;
/** Addresses remembered; those who asked longest ago are forgotten. */
const MOST_ADDRESSES = 2_048;
const MOST_CONNECTIONS = 128;

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Rejects with `address-taken` where the address cannot be listened on. */
export async function startPhoneServer(options: PhoneServerOptions): Promise<PhoneServer> {
  const { listen, log } = options;
  const bucket = new Buckets(options.clock);
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 8 * 1024 },
    (request, response) => answer(request, response, options, bucket),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on('clientError', (_, socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, listen.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new AgentError('address-taken', `phone page on ${listen.host}:${listen.port} failed: ${why}`, {
      cause,
      fix: 'Set sign.phone.listen to an address of this machine and a free port above 1023.',
    });
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`;
  log.info('sign.phone-listening', { url });
  return {
    url,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { face, spoken }: PhoneServerOptions,
  bucket: Buckets,
): void {
  const say = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, {
      'Content-Type': status === 200 ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    say(405, 'GET only', { Allow: 'GET, HEAD' });
    return;
  }
  if (!bucket.take(request.socket.remoteAddress ?? '')) {
    say(429, 'too often', { 'Retry-After': '10' });
    return;
  }
  const [path, query = ''] = (request.url ?? '/').split('?', 2);
  if (path !== '/') {
    say(404, 'there is only one page');
    return;
  }
  const searchParams = new URLSearchParams(query);
  const shown = face();
  const language = languageOf(
    searchParams.get('lang') ?? request.headers['accept-language'],
    shown.languages,
  );
  let page = phonePage(shown, language, spoken());
  // Names are as long as a feed makes them: less is said rather than more paid for.
  if (Buffer.byteLength(page) > LARGEST_PAGE) page = phonePage(shortened(shown), language, []);
  say(200, page, { 'Content-Language': language });
}

function shortened(face: Face): Face {
  const lines = face.lines.slice(0, 20).map((line) => ({ ...line, times: line.times.slice(0, 1) }));
  return { ...face, lines, notices: face.notices.slice(0, 3), tiles: [] };
}

/** The first language of the reader that the sign has; else its own first one. RFC 9110 §12.5.4, without weights. */
export function languageOf(wanted: string | undefined, languages: readonly SignLanguage[]): SignLanguage {
  const asked = (wanted ?? '').slice(0, 200).toLowerCase();
  const found = asked
    .split(',')
    .map((one) => one.split(/[;-]/)[0]?.trim())
    .flatMap(
      (base) =>
        languages.find((language) => base !== '' && language.toLowerCase().split('-')[0] === base) ?? [],
    )[0];
  return found ?? languages[0] ?? 'en';
}

/** How many pages each address may still have. */
class Buckets {
  readonly #clock: Clock;
  /** When the bucket of an address is full again, monotonic ms; who asked last stands last. */
  readonly #fullAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(address: string): boolean {
    const now = this.#clock.mono();
    const from = Math.max(now, this.#fullAt.get(address) ?? now);
    if (from - now > (BURST - 1) * REFILL) return false;
    this.#fullAt.delete(address);
    this.#fullAt.set(address, from + REFILL);
    if (this.#fullAt.size > MOST_ADDRESSES) {
      const [oldest] = this.#fullAt.keys();
      if (oldest !== undefined) this.#fullAt.delete(oldest);
    }
    return true;
  }
}
