/**
 * The technician's console: pages and local API on one port, loopback unless the site says otherwise.
 * The agent is known only as an `AgentView`.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import { loadAssets } from '../assets/load.ts';
import type { Clock } from '../core/clock.ts';
import { asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ListenConfig } from '../core/site.ts';
import type { AgentView } from '../core/view.ts';
import { LoginCodes } from './access/codes.ts';
import { Guard } from './access/guard.ts';
import { openLocalDoor } from './access/local-door.ts';
import type { Role } from './access/role.ts';
import { Sessions } from './access/sessions.ts';
import { AccessTokens } from './access/tokens.ts';
import { Feed } from './api/feed.ts';
import { metricsText } from './api/metrics.ts';
import { answerProblems, guardApi, serveApi } from './api/serve.ts';
import type { Services } from './api/services.ts';
import { ready } from './api/status.ts';
import { Viewings } from './api/viewings.ts';
import { setHeaders } from './headers.ts';
import { listenNear } from './listen.ts';
import { serveLogin } from './login.ts';
import { CONSOLE_PAGES, serveAssets } from './routes.ts';

export interface ConsoleOptions {
  readonly view: AgentView;
  readonly listen: ListenConfig;
  /** Names under which the console may be asked, beside loopback ones and the address it listens on. */
  readonly hosts?: readonly string[];
  /** State folder of the agent; `console/` in it holds the digests of tokens. */
  readonly stateDir: string;
  /** Absent: nobody is logged in at the start. */
  readonly memory?: ConsoleMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborting it while the console starts rejects; afterwards it disposes it. */
  readonly signal: AbortSignal;
}

/** Who is logged in, and with which codes somebody may: kept by whoever starts consoles one after the other. */
export interface ConsoleMemory {
  readonly sessions: Sessions;
  readonly codes: LoginCodes;
}

export function consoleMemory(clock: Clock): ConsoleMemory {
  return { sessions: new Sessions(clock), codes: new LoginCodes(clock) };
}

export interface Console extends AsyncDisposable {
  /** `http://127.0.0.1:8080`: where this machine reaches it. */
  readonly url: string;
  /** A new one-time login link, valid for 15 minutes; administrator unless said otherwise. */
  link(role?: Role): string;
  /** A token for a program; the one before of the same name stops to work. `node-red` counts as flows. */
  issueToken(name: string, role: Role): Promise<string>;
}

/** Largest body of a request, bytes. */
export const MOST_BODY = 16 * 1024;

/** Rejects with `address-taken`, `port-denied` or `store-damaged`. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { view, listen, hosts = [], stateDir, clock, log, signal } = options;
  signal.throwIfAborted();
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  stack.defer(() => stop.abort());

  const { sessions, codes } = options.memory ?? consoleMemory(clock);
  const tokens = await AccessTokens.open(stateDir);
  const cookie = `kerbside_${view.site.agent.id}`;
  const everyAddress = listen.host === '0.0.0.0' || listen.host === '::';
  const guard = new Guard({
    sessions,
    tokens,
    cookie,
    hosts: [bracketed(listen.host), ...hosts].map((host) => host.toLowerCase()),
    everyAddress,
  });
  const built = loadAssets(CONSOLE_PAGES, AbortSignal.any([signal, stop.signal]));
  built.catch((error) => {
    if (!stop.signal.aborted && !signal.aborted) log.error('console.pages_failed', { error: error.message });
  });

  const { app, server } = makeApp();
  stack.defer(() => app.close());
  const feed = new Feed({ view, clock, log });
  let url = '';
  const linkOf = (code: string) => `${url}/login?code=${code}`;
  const services: Services = {
    view,
    clock,
    log,
    codes,
    sessions,
    tokens,
    feed,
    viewings: new Viewings(clock),
    linkOf,
  };
  setHeaders(app);
  answerProblems(app, log);
  guardApi(app, guard);
  serveProbes(app, services, guard);
  serveLogin(app, { clock, log, codes, sessions, guard, cookie, built });
  serveAssets(app, built);
  serveApi(app, services, guard);
  await app.ready();

  stack.defer(() => closeServer(server));
  const port = await listenNear(server, listen, log);
  stack.use(feed);
  url = `http://${everyAddress ? '127.0.0.1' : bracketed(listen.host)}:${port}`;
  log.info('console.listening', { url });
  try {
    stack.use(await openLocalDoor(stateDir, () => linkOf(codes.create('administrator'))));
  } catch (error) {
    // The console works without it; links are then printed at the start only.
    log.warn('console.no_local_door', { error: asAgentError(error).message });
  }
  signal.throwIfAborted();

  const owned = stack.move();
  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= owned.disposeAsync();
    return ended;
  };
  const abort = () => void end();
  signal.addEventListener('abort', abort, { once: true });
  owned.defer(() => signal.removeEventListener('abort', abort));
  return {
    url,
    link: (role = 'administrator') => linkOf(codes.create(role)),
    issueToken: async (name, role) => (await tokens.issue(name, role, view.now())).secret,
    [Symbol.asyncDispose]: end,
  };
}

function makeApp(): { app: FastifyInstance; server: Server } {
  const holder: { server?: Server } = {};
  const app = fastify({
    bodyLimit: MOST_BODY,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 100 },
    serverFactory: (listener) => {
      const server = createServer(
        {
          headersTimeout: 10_000,
          requestTimeout: 30_000,
          keepAliveTimeout: 10_000,
          maxHeaderSize: 16 * 1024,
        },
        listener as RequestListener,
      );
      server.maxConnections = 256;
      holder.server = server;
      return server;
    },
  });
  app.removeContentTypeParser('text/plain');
  const { server } = holder;
  if (server === undefined) throw new Error('fastify made no server');
  return { app, server };
}

/** What a supervisor and Prometheus ask. The first two say no more than yes or no, so they are open. */
function serveProbes(app: FastifyInstance, { view, feed }: Services, guard: Guard): void {
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    const yes = ready(view);
    return reply.code(yes ? 200 : 503).send({ ready: yes });
  });
  app.get('/metrics', async (request, reply) => {
    guard.checkOrigin(request);
    guard.admit(request, 'viewer', false);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(view, feed.clients));
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** IPv6 addresses stand in brackets in URLs and Host headers. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
