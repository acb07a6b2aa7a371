/** Messages that a centre posts to us: a small HTTP server, 204 where a message was taken, 400 where it made no sense. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpListenConfig } from '../../core/sign/feed.ts';

/** Whole request, ms. */
const REQUEST_MS = 15_000;
const CONNECTIONS = 32;

export type Verdict = 'taken' | 'malformed' | 'too-large';

export interface Door extends AsyncDisposable {
  readonly port: number;
}

/** Rejects where the address cannot be listened at. `take` never throws; it gets undefined for a body that is too large. */
export async function openDoor(
  config: HttpListenConfig,
  maxBytes: number,
  take: (body: Uint8Array | undefined) => Verdict,
): Promise<Door> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, config.token, maxBytes, take);
  };
  const server =
    config.cert === undefined || config.key === undefined
      ? createServer(listener)
      : createTlsServer({ cert: config.cert, key: config.key }, listener);
  limit(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', () => {});
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function limit(server: Server): void {
  server.maxConnections = CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.keepAliveTimeout = 30_000;
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('tlsClientError', () => {});
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
  maxBytes: number,
  take: (body: Uint8Array | undefined) => Verdict,
): Promise<void> {
  request.on('error', () => {});
  response.on('error', () => {});
  const say = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
  };
  // The token is asked for before the body is read.
  if (token !== undefined && !allowed(request.headers.authorization, token)) {
    say(401, 'token missing or wrong\n', { 'www-authenticate': 'Bearer', connection: 'close' });
    return;
  }
  if (request.method !== 'POST' && request.method !== 'PUT') {
    say(405, 'expected POST or PUT\n', { allow: 'POST, PUT', connection: 'close' });
    return;
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of request as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > maxBytes) {
        take(undefined);
        say(413, `expected at most ${maxBytes} bytes\n`, { connection: 'close' });
        return;
      }
      pieces.push(piece);
    }
  } catch {
    return;
  }
  if (take(Buffer.concat(pieces)) === 'taken') response.writeHead(204).end();
  else say(400, 'the message makes no sense\n');
}

function allowed(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}
