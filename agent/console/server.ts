/**
 * The technician's console: pages and local API, on loopback, and by TLS from elsewhere where the site turns that on.
 * The agent is known only as an `AgentView`.
 */
import { uptime as osUptime } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { loadAssets } from '../assets/load.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ListenConfig, RemoteConfig, ServiceLinkConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { AgentView, PartHealth } from '../core/view.ts';
import { LoginCodes, type NewLogin } from './access/codes.ts';
import { Entrance } from './access/entrance.ts';
import { Guard } from './access/guard.ts';
import { openLocalDoor } from './access/local-door.ts';
import { LoginLimit } from './access/login-limit.ts';
import { People } from './access/people.ts';
import { type Grant, type Role, sessionName } from './access/role.ts';
import type { TokenScope } from './access/scope.ts';
import { Sessions } from './access/sessions.ts';
import { AccessTokens } from './access/tokens.ts';
import { Feed } from './api/feed.ts';
import { metricsText } from './api/metrics.ts';
import { answerProblems, guardApi, serveApi } from './api/serve.ts';
import type { Services } from './api/services.ts';
import { ready } from './api/status.ts';
import { Viewings } from './api/viewings.ts';
import { setHeaders } from './headers.ts';
import { bracketed, closeServer, isLoopback, makeApp, type Route } from './http.ts';
import { listenNear } from './listen.ts';
import { serveLogin, sessionCookie } from './login.ts';
import { keepRemote, type Remote, remoteNames } from './remote.ts';
import { CONSOLE_PAGES, serveAssets } from './routes.ts';
import { Claim } from './service/claim.ts';
import { SERVICE_NAME, ServiceLink, type ServiceLinkOptions } from './service/link.ts';
import { type Programs, systemPrograms } from './service/programs.ts';

export { MOST_BODY } from './http.ts';

export interface ConsoleOptions {
  readonly view: AgentView;
  /** An address of loopback. */
  readonly listen: ListenConfig;
  /** Absent: nobody comes from elsewhere. */
  readonly remote?: RemoteConfig | undefined;
  /** Absent: there is no service link. */
  readonly service?: ServiceLinkConfig | undefined;
  /** For the service link: programs of the system, ms since power-up and where its parts are; defaults are the machine's. */
  readonly programs?: Programs;
  readonly uptime?: number;
  readonly system?: ServiceLinkOptions['system'];
  /** State folder of the agent; `console/` in it holds digests of tokens, accounts and the made certificate. */
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
  /** Somebody has just claimed the unit over the service link: the next console opens its own at once. */
  claimedOverLink?: boolean;
}

export function consoleMemory(clock: Clock): ConsoleMemory {
  return { sessions: new Sessions(clock), codes: new LoginCodes(clock) };
}

export interface Console extends AsyncDisposable {
  /** `http://127.0.0.1:8080`: where this machine reaches it. */
  readonly url: string;
  /** `https://192.168.7.20:8443`: where others do; undefined where nobody may. */
  readonly remote: string | undefined;
  /** A new one-time login link, valid for 15 minutes; administrator unless said otherwise. */
  link(role?: Role): string;
  /** The same with the short code that can be typed instead. */
  login(role?: Role): NewLogin & { readonly link: string };
  /** A token for a program; the one before of the same name stops to work. `node-red` counts as flows. */
  issueToken(name: string, role: Role, scopes?: readonly TokenScope[]): Promise<string>;
  /** Everything it answers to; for tests, which hold each of them to the rules of access. */
  readonly routes: readonly Route[];
  /** Health of what lets people in. */
  health(): readonly PartHealth[];
}

/**
 * Rejects with `address-taken`, `port-denied`, `store-damaged`, or `config-invalid` for an address that is not of loopback.
 */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { view, listen, remote: wanted, service: wantedService, stateDir, clock, log, signal } = options;
  signal.throwIfAborted();
  if (!isLoopback(listen.host)) throw plainElsewhere(listen);
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  stack.defer(() => stop.abort());

  const { sessions, codes } = options.memory ?? consoleMemory(clock);
  const tokens = await AccessTokens.open(stateDir);
  const { site } = view;
  const people = await People.open(stateDir, [site.id, site.agent.id]);
  const limit = new LoginLimit(clock);
  const claim = stack.use(await Claim.open(stateDir));
  const onLogin = (grant: Grant) => {
    if (grant.role !== 'administrator') return;
    const failed = (error: unknown) =>
      log.warn('access.claim_failed', { error: asAgentError(error).message });
    claim.take(sessionName(grant), Math.round(view.now())).catch(failed);
  };
  const entrance = new Entrance({ view, log, codes, people, sessions, limit, onLogin });
  const here = { hosts: [bracketed(listen.host).toLowerCase()], everyAddress: false };
  const guard = new Guard({
    sessions,
    tokens,
    agent: site.agent.id,
    names: {
      local: here,
      remote: wanted === undefined ? here : remoteNames(wanted),
      // By its address in numbers or by a name of multicast DNS, which a hostile page cannot make its own.
      service: { hosts: [SERVICE_NAME, `${site.agent.id.toLowerCase()}.local`], everyAddress: true },
    },
  });
  const built = loadAssets(CONSOLE_PAGES, AbortSignal.any([signal, stop.signal]));
  built.catch((error) => {
    if (!stop.signal.aborted && !signal.aborted) log.error('console.pages_failed', { error: error.message });
  });

  const { app, listener, server, routes } = makeApp();
  stack.defer(() => app.close());
  const feed = new Feed({ view, clock, log });
  let url = '';
  let remote: Remote | undefined;
  let service: ServiceLink | undefined;
  const linkOf = (code: string, own = url) => {
    // Whoever asks from this machine gets a link for elsewhere where there is one: a phone cannot use ours.
    const base = isLoopback(new URL(own).hostname.replace(/^\[|\]$/g, '')) ? (remote?.url ?? url) : own;
    return `${base}/login?code=${code}`;
  };
  const services: Services = {
    view,
    clock,
    log,
    codes,
    sessions,
    tokens,
    people,
    entrance,
    service: () => service,
    remote: () => remote,
    feed,
    viewings: new Viewings(clock),
    linkOf,
    cookieOf: (door, id) => sessionCookie(guard, door, id),
  };
  setHeaders(app, wanted?.hsts === true);
  answerProblems(app, log);
  const open = new Set<string>();
  guardApi(app, guard, open);
  serveProbes(app, services, guard);
  serveLogin(app, { entrance, guard, built });
  serveAssets(app, built);
  serveApi(app, services, guard, open);
  await app.ready();

  stack.defer(() => closeServer(server));
  const port = await listenNear(server, listen, log);
  stack.use(feed);
  url = `http://${bracketed(listen.host)}:${port}`;
  log.info('console.listening', { url });
  if (wanted !== undefined) {
    const now = () => view.now();
    remote = stack.use(
      await keepRemote({ wanted, listener, agent: site.agent.id, stateDir, clock, log, now }),
    );
  }
  if (wantedService !== undefined) {
    const uptime = options.uptime ?? osUptime() * 1000;
    const programs = options.programs ?? systemPrograms();
    const own = { listener, view, sessions, claim, stateDir, clock, log, programs, uptime };
    const system = options.system === undefined ? {} : { system: options.system };
    service = stack.use(new ServiceLink({ config: wantedService, ...own, ...system }));
    if (options.memory?.claimedOverLink === true) void service.open('claim', wantedService.lasts);
  }
  if (options.memory !== undefined) {
    options.memory.claimedOverLink = false;
  }
  const login = (role: Role = 'administrator') => {
    const made = codes.create({ role });
    return { ...made, link: `${url}/login?code=${made.code}` };
  };
  try {
    stack.use(await openLocalDoor(stateDir, () => login()));
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
    get remote() {
      return remote?.url;
    },
    link: (role) => login(role).link,
    login,
    issueToken: async (name, role, scopes) => (await tokens.issue(name, role, view.now(), scopes)).secret,
    routes,
    health: () => [...(remote?.health() ?? []), ...(service === undefined ? [] : [service.health()])],
    [Symbol.asyncDispose]: end,
  };
}

function plainElsewhere({ host, port }: ListenConfig): AgentError {
  return new AgentError(
    'config-invalid',
    `console on ${host}:${port} refused: it can be reached from elsewhere, and this is plain HTTP`,
    {
      fix: 'Listen on 127.0.0.1, and write console: { remote: { listen: "0.0.0.0:8443" } } for access by TLS.',
    },
  );
}

/** What a supervisor and Prometheus ask. The first two say no more than yes or no, so they are open. */
function serveProbes(app: FastifyInstance, services: Services, guard: Guard): void {
  const { view, feed, sessions, entrance, remote } = services;
  const figures = () =>
    metricsText(view, {
      streams: feed.clients,
      sessions: sessions.list().length,
      refused: entrance.refused,
      certificateEnd: remote()?.certificate()?.until,
    });
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    const yes = ready(view);
    return reply.code(yes ? 200 : 503).send({ ready: yes });
  });
  app.get('/metrics', async (request, reply) => {
    guard.checkOrigin(request);
    guard.admit(request, { role: 'viewer', personOnly: false, scope: 'metrics' });
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(figures());
  });
}
