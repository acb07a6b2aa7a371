/** Clients that are slow, greedy or speak something else: each is cut off, and the others go on. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeServer, LIMITS, MOST_CONNECTIONS, makeApp } from '../../../../agent/console/http.ts';

/** The same as in the field, faster. */
const FAST = { ...LIMITS, headersTimeout: 150, requestTimeout: 300, connectionsCheckingInterval: 25 };

let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  const made = makeApp(FAST);
  made.app.post('/echo', async ({ body }) => body);
  await made.app.ready();
  server = made.server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await closeServer(server);
});

async function open(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the server hangs up. */
async function rest(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // Not `once` of events: what is written into a socket that was shut is an error, and here the very end that is wanted.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

describe('a client', () => {
  test('that never ends its header is cut off', async () => {
    const socket = await open();
    socket.write('POST /echo HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ');
    const drip = setInterval(() => socket.write('y'), 20);
    const answer = await rest(socket);
    clearInterval(drip);
    expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('that never ends its body is cut off', async () => {
    const socket = await open();
    socket.write(
      'POST /echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"',
    );
    const drip = setInterval(() => socket.write('z'), 20);
    const answer = await rest(socket);
    clearInterval(drip);
    expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('that takes every connection is held to a number', async () => {
    server.maxConnections = 4;
    const dropped = new Promise<number>((resolve) => {
      let count = 0;
      server.on('drop', () => {
        count += 1;
        if (count === 3) resolve(count);
      });
    });
    for (let i = 0; i < 7; i++) await open();
    expect(await dropped).toBe(3);
    expect(MOST_CONNECTIONS).toBeLessThanOrEqual(256);
  });

  test('that wants another protocol is not let over to it', async () => {
    const socket = await open();
    socket.write(
      'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(String(chunk)).not.toMatch(/ 101 /);
  });
});

test('in the field the bounds are seconds, not minutes', () => {
  expect(LIMITS.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(LIMITS.requestTimeout).toBeLessThanOrEqual(30_000);
  expect(LIMITS.maxHeaderSize).toBeLessThanOrEqual(16 * 1024);
});
