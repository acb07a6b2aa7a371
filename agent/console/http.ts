/** The HTTP servers of the doors: the same application behind each, with the same bounds against who is slow or greedy. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Certificate } from './access/certificate.ts';
import { type Door, through } from './access/door.ts';
import { asProblem } from './api/problem.ts';
import { HEADERS } from './headers.ts';

/** Largest body of a request, bytes. */
export const MOST_BODY = 16 * 1024;
/** Connections at one door at once: a full one leaves the others open. */
export const MOST_CONNECTIONS = 256;

/** How long a client may take, and how much it may say before its body. */
export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;

/** What the application answers to; parameters as `:name`. */
export interface Route {
  readonly method: string;
  readonly url: string;
}

/** The application, and the listener that every door hands its requests to. `limits`: shorter ones are for tests. */
export function makeApp(limits: ServerOptions = LIMITS): {
  readonly app: FastifyInstance;
  readonly listener: RequestListener;
  readonly server: Server;
  readonly routes: readonly Route[];
} {
  const made: { listener?: RequestListener; server?: Server } = {};
  const app = fastify({
    bodyLimit: MOST_BODY,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 100 },
    // Addresses that lead to no route at all: malformed, or with a part that is too long. No hook sees them.
    frameworkErrors: (error, _request, reply) => {
      const problem = asProblem(error);
      // Its type here asks for the schema of a route, and there is none.
      return (reply as unknown as FastifyReply)
        .code(problem.status)
        .headers(HEADERS)
        .type('application/problem+json; charset=utf-8')
        .send(JSON.stringify(problem.body()));
    },
    serverFactory: (handler) => {
      made.listener = handler as RequestListener;
      made.server = bounded(createServer(limits, through('local', made.listener)));
      return made.server;
    },
  });
  app.removeContentTypeParser('text/plain');
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  const { listener, server } = made;
  if (listener === undefined || server === undefined) throw new Error('fastify made no server');
  return { app, listener, server, routes };
}

/** A server of TLS 1.2 and later for a door. */
export function makeTlsServer(
  door: Door,
  listener: RequestListener,
  pair: Certificate,
): ReturnType<typeof createTlsServer> {
  return bounded(
    createTlsServer(
      { ...LIMITS, ...pair, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 },
      through(door, listener),
    ),
  );
}

function bounded<S extends Server | ReturnType<typeof createTlsServer>>(server: S): S {
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

export async function closeServer(server: Server | ReturnType<typeof createTlsServer>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** IPv6 addresses stand in brackets in URLs and Host headers. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}
