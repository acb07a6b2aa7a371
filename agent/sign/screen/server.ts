/**
 * The screen's own listener, loopback unless the site says otherwise: the page, its boards as they come, the files of its
 * playlist, and where the page tells what it has painted. It knows nothing of the console and can change nothing.
 */
import { timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Built, PageSource } from '../../assets/asset.ts';
import { loadAssets } from '../../assets/load.ts';
import { sendAsset } from '../../assets/send.ts';
import type { Feedback } from '../../core/board.ts';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ListenConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Painted } from './painted.ts';
import { readFeedback, readPainted } from './painted-schema.ts';
import type { Showing } from './showing.ts';
import { type Stream, serveStream } from './stream.ts';

/** What the sign's page is made of. */
const SIGN_PAGES: PageSource = {
  folder: join(import.meta.dirname, 'pages'),
  modules: ['main'],
  styles: [
    'ground',
    'head',
    'notices',
    'lines',
    'times',
    'strip',
    'side',
    'why',
    'cover',
    'tall',
    'wide',
    'bar',
  ],
  icon: 'icon.svg',
};

/**
 * Nothing but our own files; no frame around us, no form, no object, no inline script. Strings cannot become markup
 * (CSP Level 3, Trusted Types).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export interface MediaFile {
  readonly path: string;
  readonly type: string;
}

export interface ScreenServerOptions {
  readonly listen: ListenConfig;
  /** Names under which it may be asked, beside loopback ones and its own address. */
  readonly hosts?: readonly string[];
  readonly showing: Showing;
  /** Only a page that was opened with this key (`?key=`) is believed to be the sign's panel. */
  readonly key: string;
  readonly onPainted: (painted: Painted) => readonly string[];
  /** Resolves when the answer is kept; absent: there is no feedback. */
  readonly onFeedback?: (answer: Feedback) => Promise<void>;
  /** The file of the playlist with this hash, checked; undefined where there is none. */
  readonly media?: (sha256: string) => MediaFile | undefined;
  /** The newest blurred picture of the stop's camera, JPEG. */
  readonly camera?: () => Promise<Uint8Array | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface ScreenServer extends AsyncDisposable {
  /** `http://127.0.0.1:8082` */
  readonly url: string;
  /** Where the kiosk goes: with the key. */
  readonly kioskUrl: string;
  readonly stream: Stream;
}

const MOST_BODY = 128 * 1024;
/** One tap is one answer; more than these a minute are a game. */
const ANSWERS_A_MINUTE = 20;

/** Rejects with `address-taken` or `port-denied`. */
export async function startScreenServer(options: ScreenServerOptions): Promise<ScreenServer> {
  const { listen, showing, log, signal } = options;
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const built = loadAssets(SIGN_PAGES, AbortSignal.any([signal, stop.signal]));
  built.catch((error) => {
    if (!stop.signal.aborted && !signal.aborted) log.error('sign.pages_failed', { error: String(error) });
  });
  const { app, server } = makeApp();
  stack.defer(() => app.close());
  const allowed = allowedHosts(options);
  app.addHook('onRequest', async (request, reply) => {
    setHeaders(reply);
    if (!allowed(request.hostname)) return reply.code(421).send({ error: 'asked under another name' });
    if (request.method === 'POST' && !sameOrigin(request))
      return reply.code(403).send({ error: 'another page' });
  });
  const stream = serveStream(app, showing, options.clock);
  stack.use(stream);
  servePage(app, built);
  serveTellings(app, options);
  serveFiles(app, options);
  await app.ready();
  stack.defer(() => closeServer(server));
  const port = await listening(server, listen);
  const everyAddress = listen.host === '0.0.0.0' || listen.host === '::';
  const host = everyAddress ? '127.0.0.1' : listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `http://${host}:${port}`;
  log.info('sign.listening', { url });
  const owned = stack.move();
  return {
    url,
    kioskUrl: `${url}/?key=${options.key}`,
    stream,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function servePage(app: FastifyInstance, built: Promise<Built>): void {
  app.get('/', async (request, reply) => {
    reply.header('cache-control', 'no-cache');
    return sendAsset(request, reply, (await built).page);
  });
  app.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const asset = (await built).assets.find(({ name }) => name === request.params.name);
    if (asset === undefined) return reply.code(404).send({ error: 'there is no such file' });
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return sendAsset(request, reply, asset);
  });
}

function serveTellings(app: FastifyInstance, options: ScreenServerOptions): void {
  const { key, onPainted, onFeedback, clock } = options;
  app.post('/painted', async (request, reply) => {
    if (!sameKey(request.headers['x-kerbside-key'], key))
      return reply.code(403).send({ error: 'not the panel' });
    const painted = readPainted(request.body);
    if (painted === undefined) return reply.code(400).send({ error: 'not what a page of this sign tells' });
    return { problems: onPainted(painted) };
  });
  let minute = 0;
  let answers = 0;
  app.post('/feedback', async (request, reply) => {
    const answer = readFeedback(request.body);
    if (answer === undefined || onFeedback === undefined)
      return reply.code(400).send({ error: 'no such answer' });
    const now = Math.floor(clock.mono() / 60_000);
    answers = now === minute ? answers + 1 : 1;
    minute = now;
    if (answers > ANSWERS_A_MINUTE) return reply.code(429).send({ error: 'too many answers' });
    await onFeedback(answer);
    return reply.code(201).send({ taken: true });
  });
}

function serveFiles(app: FastifyInstance, { media, camera }: ScreenServerOptions): void {
  app.get<{ Params: { hash: string } }>('/media/:hash', async (request, reply) => {
    const file = media?.(request.params.hash);
    if (file === undefined) return reply.code(404).send({ error: 'there is no such file' });
    reply.header('cache-control', 'public, max-age=31536000, immutable').type(file.type);
    return sendFile(request, reply, file.path);
  });
  app.get('/camera', async (_request, reply) => {
    const picture = await camera?.();
    if (picture === undefined) return reply.code(404).send({ error: 'there is no picture' });
    return reply.type('image/jpeg').send(Buffer.from(picture));
  });
}

/** The whole file, or the one range that a video asks for (RFC 9110 §14.2). */
async function sendFile(request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> {
  const { size } = await stat(path);
  reply.header('accept-ranges', 'bytes');
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) return reply.header('content-length', size).send(createReadStream(path));
  const from = Number(range[1]);
  const to = range[2] === '' ? size - 1 : Math.min(size - 1, Number(range[2]));
  if (from > to) return reply.code(416).header('content-range', `bytes */${size}`).send();
  return reply
    .code(206)
    .headers({ 'content-range': `bytes ${from}-${to}/${size}`, 'content-length': to - from + 1 })
    .send(createReadStream(path, { start: from, end: to }));
}

function setHeaders(reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), display-capture=(), clipboard-read=(), clipboard-write=(), fullscreen=(), picture-in-picture=(), screen-wake-lock=()',
    'cache-control': 'no-store',
  });
}

/** Names it answers to: a page of another name that leads here (DNS rebinding) gets nothing. */
function allowedHosts({ listen, hosts = [] }: ScreenServerOptions): (name: string) => boolean {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', '::1', listen.host, ...hosts]);
  const every = listen.host === '0.0.0.0' || listen.host === '::';
  return (name) => names.has(name.toLowerCase()) || (every && /^[\d.]+$|^\[?[\da-f:]+\]?$/i.test(name));
}

function sameOrigin({ headers }: FastifyRequest): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  return (
    (origin === undefined || origin === `http://${host}`) && (site === undefined || site === 'same-origin')
  );
}

function sameKey(given: unknown, key: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function makeApp(): { app: FastifyInstance; server: Server } {
  const holder: { server?: Server } = {};
  const app = fastify({
    bodyLimit: MOST_BODY,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 100 },
    serverFactory: (listener) => {
      const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 };
      const server = createServer({ ...limits, maxHeaderSize: 16 * 1024 }, listener as RequestListener);
      server.maxConnections = 64;
      holder.server = server;
      return server;
    },
  });
  app.removeContentTypeParser('text/plain');
  const { server } = holder;
  if (server === undefined) throw new Error('fastify made no server');
  return { app, server };
}

async function listening(server: Server, { host, port }: ListenConfig): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const denied = code === 'EACCES' || code === 'EPERM';
    throw new AgentError(
      denied ? 'port-denied' : 'address-taken',
      `screen on ${host}:${port} failed: ${denied ? 'the system does not let us' : `the address cannot be used (${code})`}`,
      { cause, fix: 'Set sign.screen.listen to an address of this machine and a free port above 1023.' },
    );
  }
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
