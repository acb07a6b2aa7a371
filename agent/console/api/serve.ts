/** Puts the routes of the API on the server: checks of access, bounds of time and size, refusals as problems. */
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Log } from '../../core/log.ts';
import { doorOf } from '../access/door.ts';
import type { Demand, Guard } from '../access/guard.ts';
import type { Principal } from '../access/role.ts';
import { acceptanceEndpoints } from './acceptance.ts';
import { accountEndpoints } from './accounts.ts';
import { alarmEndpoints } from './alarms.ts';
import { cameraEndpoints } from './cameras.ts';
import { commandEndpoints } from './commands.ts';
import { commissioningEndpoints } from './commissioning.ts';
import { configEndpoints } from './config.ts';
import { correctionEndpoints } from './corrections.ts';
import { deviceEndpoints } from './devices.ts';
import { diagnosisEndpoints } from './diagnosis.ts';
import { diagnosticsEndpoints } from './diagnostics.ts';
import type { Endpoint } from './endpoint.ts';
import { energyEndpoints } from './energy.ts';
import { eventEndpoints } from './events.ts';
import { lightEndpoints } from './light.ts';
import { maintenanceEndpoints } from './maintenance.ts';
import { meterEndpoints } from './meters.ts';
import { openApi } from './openapi.ts';
import { peopleEndpoints } from './people.ts';
import { poleEndpoints } from './pole.ts';
import { asProblem, Problem } from './problem.ts';
import { readingEndpoints } from './readings.ts';
import { serviceLinkEndpoints } from './service-link.ts';
import type { Services } from './services.ts';
import { signEndpoints } from './sign.ts';
import { statusEndpoints } from './status.ts';
import { templateEndpoints } from './templates.ts';
import { updateEndpoints } from './updates.ts';
import { uplinkEndpoints } from './uplinks.ts';
import { virtualEndpoints } from './virtual.ts';

export const API = '/api/v1';
/** Longest work on one request, ms; a command waits up to 10 s for its turn and 10 s for its device. */
export const DEADLINE = 25_000;

/** The table of all routes. */
export function endpoints(services: Services): readonly Endpoint[] {
  return [
    ...readingEndpoints(services),
    ...statusEndpoints(services),
    ...alarmEndpoints(services),
    ...energyEndpoints(services),
    ...commandEndpoints(services),
    ...virtualEndpoints(services),
    ...templateEndpoints(services),
    ...commissioningEndpoints(services),
    ...configEndpoints(services),
    ...acceptanceEndpoints(services),
    ...meterEndpoints(services),
    ...maintenanceEndpoints(services),
    ...correctionEndpoints(services),
    ...cameraEndpoints(services),
    ...diagnosisEndpoints(services),
    ...signEndpoints(services),
    ...poleEndpoints(services),
    ...deviceEndpoints(services),
    ...eventEndpoints(services),
    ...lightEndpoints(services),
    ...uplinkEndpoints(services),
    ...updateEndpoints(services),
    ...diagnosticsEndpoints(services),
    ...peopleEndpoints(services),
    ...accountEndpoints(services),
    ...serviceLinkEndpoints(services),
  ];
}

/** Whoever is let in at all. */
const ANYBODY: Demand = { role: 'viewer', personOnly: false };
/** Who asks where nobody needs to be known. */
const NOBODY: Principal = { kind: 'session', name: 'nobody', role: 'viewer', scopes: [], valid: () => false };

/** `open`: gets the addresses that are asked before anybody is known. */
export function serveApi(app: FastifyInstance, services: Services, guard: Guard, open: Set<string>): void {
  const table = endpoints(services);
  serveTable(app, table, guard, open);
  const description = JSON.stringify(openApi(table));
  app.get(`${API}/openapi.json`, async (request, reply) => {
    guard.checkHost(request);
    guard.checkOrigin(request);
    guard.admit(request, ANYBODY);
    return reply.type('application/json; charset=utf-8').send(description);
  });
}

/** The same for a table of its own. */
export function serveTable(
  app: FastifyInstance,
  table: readonly Endpoint[],
  guard: Guard,
  open: Set<string>,
): void {
  for (const one of table) {
    if (one.open) open.add(`${API}${one.path}`);
    app.route({
      method: one.method,
      url: `${API}${one.path}`,
      handler: handler(one, guard),
      ...(one.mostBody === undefined ? {} : { bodyLimit: one.mostBody }),
    });
  }
}

function handler(one: Endpoint, guard: Guard): RouteHandlerMethod {
  return async (request, reply) => {
    const who = one.open ? NOBODY : guard.admit(request, one);
    const door = doorOf(request.raw);
    const gone = new AbortController();
    const close = () => gone.abort(new Problem(503, 'aborted', 'the asker is gone'));
    request.raw.socket.once('close', close);
    try {
      const answer = await one.run({
        params: request.params,
        query: request.query,
        body: request.body,
        who,
        cookie: guard.cookie(request),
        from: {
          door,
          address: request.ip,
          own: `${door === 'local' ? 'http' : 'https'}://${request.headers.host ?? ''}`,
        },
        signal: AbortSignal.any([gone.signal, AbortSignal.timeout(DEADLINE)]),
        reply,
      });
      if (reply.sent) return reply;
      if (typeof one.answer === 'string') return reply.type(one.answer).send(answer);
      return answer;
    } finally {
      request.raw.socket.off('close', close);
    }
  };
}

/** Refuses before a body is read: wrong host, foreign origin, nobody known, wrong kind of body. */
export function guardApi(app: FastifyInstance, guard: Guard, open: ReadonlySet<string>): void {
  app.addHook('onRequest', async (request) => {
    guard.checkHost(request);
    if (!isApi(request)) return;
    guard.checkOrigin(request);
    if (!open.has(request.routeOptions.url ?? '')) guard.admit(request, ANYBODY);
    if (
      request.method === 'POST' &&
      !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')
    ) {
      throw new Problem(415, 'not-json', 'the body must be application/json');
    }
  });
}

function isApi(request: FastifyRequest): boolean {
  return request.raw.url?.startsWith('/api') ?? false;
}

/** Refusals in one form; what we did not foresee goes to the log, not to the asker. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    if (problem.status === 500) {
      log.error('console.failed', {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
    return reply.code(problem.status).type('application/problem+json; charset=utf-8').send(problem.body());
  });
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'not-found', 'there is nothing at this address');
  });
}
