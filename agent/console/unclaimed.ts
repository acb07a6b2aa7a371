/**
 * The console of a unit that is nobody's yet: the servers, headers and checks of the console, one page, two routes. There is
 * no login, for there is nobody to log in; whoever reaches the page may offer a claim, and its signature decides.
 */
import { uptime as osUptime } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { loadAssets } from '../assets/load.ts';
import type { ClaimDesk } from '../core/claim.ts';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ListenConfig, ServiceLinkConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Door } from './access/door.ts';
import { doorOf } from './access/door.ts';
import { Guard } from './access/guard.ts';
import { network } from './access/login-limit.ts';
import { RateLimit } from './access/rate-limit.ts';
import { claimEndpoints } from './api/claim.ts';
import { Problem } from './api/problem.ts';
import { API, answerProblems, guardApi, serveTable } from './api/serve.ts';
import { setHeaders } from './headers.ts';
import { bracketed, closeServer, isLoopback, makeApp, type Route } from './http.ts';
import { listenNear } from './listen.ts';
import { CLAIM_PAGES, CLAIM_PATHS, serveAssets } from './routes.ts';
import type { ConsoleMemory } from './server.ts';
import { linkGrant, SERVICE_NAME, ServiceLink, type ServiceLinkOptions } from './service/link.ts';
import { type Programs, systemPrograms } from './service/programs.ts';

export interface UnclaimedOptions {
  readonly desk: ClaimDesk;
  /** What the unit is called before it has a name. */
  readonly name: string;
  readonly version: string;
  /** An address of loopback. */
  readonly listen: ListenConfig;
  /** Absent: nobody comes from elsewhere. */
  readonly service?: ServiceLinkConfig | undefined;
  /** Folder for the certificate of the service link. */
  readonly stateDir: string;
  /** Takes the login of whoever takes the claim over into the named unit. */
  readonly memory: ConsoleMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** For tests: programs of the system, ms since power-up and where its parts are. */
  readonly programs?: Programs;
  readonly uptime?: number;
  readonly system?: ServiceLinkOptions['system'];
}

export interface UnclaimedConsole extends AsyncDisposable {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Undefined where the image has none. */
  readonly service: ServiceLink | undefined;
  /** Resolves when a claim was taken here; its answer has left shortly after. */
  readonly taken: Promise<void>;
  readonly routes: readonly Route[];
}

/** Claims offered from one address: 10 at once, then one every 6 s. */
const PER_ADDRESS = { burst: 10, refill: 6_000 };
/** From all of a door together: 30 at once, then one every 2 s. One door does not shut the other. */
const PER_DOOR = { burst: 30, refill: 2_000 };
/** Bodies that are read at once: each may have a megabyte, and the machine is small. */
const MOST_AT_ONCE = 4;

/** Rejects as `startConsole` does. */
export async function startUnclaimedConsole(options: UnclaimedOptions): Promise<UnclaimedConsole> {
  const { desk, name, version, listen, service: wanted, stateDir, memory, clock, log, signal } = options;
  signal.throwIfAborted();
  if (!isLoopback(listen.host))
    throw new AgentError('config-invalid', `console on ${listen.host} refused: it is not of loopback`);
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const here = { hosts: [bracketed(listen.host).toLowerCase()], everyAddress: false };
  const guard = new Guard({
    sessions: memory.sessions,
    tokens: { find: () => undefined },
    agent: name,
    names: {
      local: here,
      remote: here,
      service: { hosts: [SERVICE_NAME, `${name}.local`], everyAddress: true },
    },
  });
  const built = loadAssets(CLAIM_PAGES, AbortSignal.any([signal, stop.signal]));
  built.catch((error) => {
    if (!stop.signal.aborted && !signal.aborted) log.error('console.pages_failed', { error: error.message });
  });
  const { app, listener, server, routes } = makeApp();
  stack.defer(() => app.close());
  const { promise: taken, resolve: told } = Promise.withResolvers<void>();
  setHeaders(app, false);
  answerProblems(app, log);
  const open = new Set<string>();
  guardApi(app, guard, open);
  limitOffers(app, clock);
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => reply.code(503).send({ ready: false, unclaimed: true }));
  serveAssets(app, built, CLAIM_PATHS);
  const onTaken = (door: Door) => {
    told();
    memory.claimedOverLink = door === 'service';
    // Who is at the machine itself is its owner; over the link it is commissioning alone, as by the label.
    const grant = door === 'local' ? { role: 'administrator' as const, person: 'claim' } : linkGrant('claim');
    return `/login?code=${memory.codes.create(grant).code}`;
  };
  serveTable(
    app,
    claimEndpoints({ desk, version, log, onTaken: (_, { door }) => onTaken(door) }),
    guard,
    open,
  );
  await app.ready();
  stack.defer(() => closeServer(server));
  const port = await listenNear(server, listen, log);
  const url = `http://${bracketed(listen.host)}:${port}`;
  log.info('console.listening', { url, unclaimed: true });
  const service =
    wanted === undefined
      ? undefined
      : stack.use(
          new ServiceLink({
            config: wanted,
            listener,
            view: {
              hub: { onReadings: () => ({ [Symbol.dispose]() {} }) },
              audit: ({ act, ...facts }) => log.info('claim.audit', { act, ...facts }),
              now: desk.now,
              site: { agent: { id: name }, rate: 1, console: {} },
            },
            sessions: memory.sessions,
            claim: { claimed: false },
            stateDir,
            clock,
            log,
            programs: options.programs ?? systemPrograms(),
            uptime: options.uptime ?? osUptime() * 1000,
            ...(options.system === undefined ? {} : { system: options.system }),
          }),
        );
  const owned = stack.move();
  return { url, service, taken, routes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Counts what is offered before its body is read: guesses of codes are asked of the city, and bodies are large. */
function limitOffers(app: FastifyInstance, clock: Clock): void {
  const perAddress = new RateLimit(clock, PER_ADDRESS);
  const perDoor = new RateLimit(clock, PER_DOOR);
  let reading = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' || request.routeOptions.url !== `${API}/claim`) return;
    const [address, door] = [network(request.ip), doorOf(request.raw)];
    const wait = Math.max(perAddress.wait(address), perDoor.wait(door));
    if (wait > 0)
      throw new Problem(429, 'too-many-claims', 'too many claims were offered', {
        retryAfter: Math.ceil(wait / 1000),
        facts: { seconds: String(Math.ceil(wait / 1000)) },
      });
    perAddress.failed(address);
    perDoor.failed(door);
    if (reading >= MOST_AT_ONCE)
      throw new Problem(409, 'busy', 'other claims are being read just now', { retryAfter: 2 });
    reading += 1;
    reply.raw.once('close', () => {
      reading -= 1;
    });
  });
}
