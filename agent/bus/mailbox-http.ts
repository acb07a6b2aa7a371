/**
 * Devices that post to us: a small HTTP server. POST or PUT of one message to a path; 204 where a device took it, 404 where
 * none did, 400 where it made no sense. The token is asked for before the body is read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Message } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { LineConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Delivery, Mailbox } from './message-line.ts';

type HttpLine = Extract<LineConfig, { kind: 'http' }>;

/** Whole request, ms. */
const REQUEST_MS = 15_000;
const CONNECTIONS = 64;
const LONGEST_PATH = 512;

export function httpMailbox(line: HttpLine, clock: Clock): Mailbox {
  const host = line.host.includes(':') ? `[${line.host}]` : line.host;
  const name = `${host}:${line.port}`;
  return {
    name,
    async open(_filters, deliver, signal) {
      signal.throwIfAborted();
      const listener = (request: IncomingMessage, response: ServerResponse) => {
        void answer(request, response, line, deliver, clock);
      };
      const server =
        line.cert === undefined || line.key === undefined
          ? createServer(listener)
          : createTlsServer({ cert: line.cert, key: line.key }, listener);
      limit(server);
      await listening(server, line, name);
      return {
        // A socket that listens is not lost.
        lost: new Promise<AgentError>(() => {}),
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise<void>((resolve) => server.close(() => resolve()));
        },
      };
    },
  };
}

function limit(server: Server): void {
  server.maxConnections = CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.keepAliveTimeout = 5000;
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('tlsClientError', () => {});
}

function listening(server: Server, { host, port }: HttpLine, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new AgentError(
          taken ? 'address-taken' : 'port-denied',
          `listening on ${name} failed: ${cause.message}`,
          {
            cause,
            retryable: true,
            fix: taken
              ? 'Stop the other program, or write another port.'
              : 'Write an address of this machine.',
          },
        ),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, maxBody }: HttpLine,
  deliver: (message: Message) => Delivery,
  clock: Clock,
): Promise<void> {
  request.on('error', () => {});
  response.on('error', () => {});
  const say = (status: number, text = '', headers: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...headers }).end(text);
  };
  if (token !== undefined && !allowed(request.headers.authorization, token)) {
    say(401, 'token missing or wrong\n', { 'www-authenticate': 'Bearer' });
    return;
  }
  if (request.method !== 'POST' && request.method !== 'PUT') {
    say(405, 'expected POST or PUT\n', { allow: 'POST, PUT' });
    return;
  }
  const topic = pathOf(request.url ?? '/');
  if (topic === undefined) {
    say(404, 'no device has this path\n');
    return;
  }
  try {
    const payload = await body(request, maxBody);
    if (payload === undefined) {
      say(413, `expected at most ${maxBody} bytes\n`);
      return;
    }
    const said = deliver({ topic, payload, retained: false, time: clock.mono() });
    if (said === 'taken') say(204);
    else if (said === 'malformed') say(400, 'the message makes no sense to the device of this path\n');
    else say(404, 'no device has this path\n');
  } catch (thrown) {
    if (!response.headersSent) say(400, `${asAgentError(thrown).message}\n`);
  }
}

/** The path without slash and query; undefined where it is no path of a device. */
function pathOf(url: string): string | undefined {
  if (url.length > LONGEST_PATH) return undefined;
  try {
    return decodeURIComponent(new URL(url, 'http://device').pathname.slice(1));
  } catch {
    return undefined;
  }
}

/** The body; undefined where it is too large, of which no more is read. Rejects where it breaks off. */
function body(request: IncomingMessage, most: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.resolve(undefined);
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= most) parts.push(part);
      else {
        request.pause();
        resolve(undefined);
      }
    });
    request.on('end', () => resolve(new Uint8Array(Buffer.concat(parts))));
    request.on('close', () => reject(new AgentError('link-lost', 'the request broke off')));
  });
}

/** `Bearer <token>`, or Basic with the token as password: some devices can only be given an address. */
function allowed(header: string | undefined, token: string): boolean {
  const [scheme = '', value = ''] = (header ?? '').split(' ');
  let given = '';
  if (scheme.toLowerCase() === 'bearer') given = value;
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(value, 'base64').toString('utf8');
    given = pair.slice(pair.indexOf(':') + 1);
  }
  // Digests are of one length, so that comparing tells nothing.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
