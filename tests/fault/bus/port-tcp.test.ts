/** The TCP port on real sockets. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { tcpPort } from '../../../agent/bus/port/tcp.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';

const clock = new SystemClock();
const forever = new AbortController().signal;
let servers: Server[] = [];

function listen(host: string, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

test.each(['127.0.0.1', '::1'])('carries bytes over %s and says when the other side goes', async (host) => {
  let peer: Socket | undefined;
  const port = await listen(host, (socket) => {
    peer = socket;
    socket.on('data', (bytes) => socket.write(bytes));
  });
  await using pipe = await tcpPort(host, port, clock).open(forever);
  const echoed = new Promise<Uint8Array>((resolve) => {
    pipe.onData(resolve);
  });
  await pipe.write(Uint8Array.of(1, 2, 3), forever);
  expect([...(await echoed)]).toEqual([1, 2, 3]);
  peer?.end();
  await pipe.closed;
  expect(pipe.failure).toMatchObject({ code: 'link-lost', message: /closed by the other side/ });
  await expect(pipe.write(Uint8Array.of(1), forever)).rejects.toMatchObject({ code: 'link-lost' });
});

test('tells refused, unknown and aborted apart', async () => {
  const port = await listen('127.0.0.1', () => {});
  await new Promise((resolve) => servers[0]?.close(resolve));
  await expect(tcpPort('127.0.0.1', port, clock).open(forever)).rejects.toMatchObject({ code: 'port-busy' });
  await expect(tcpPort('nowhere.invalid', 502, clock).open(forever)).rejects.toMatchObject({
    code: 'port-missing',
  });
  await expect(tcpPort('127.0.0.1', port, clock).open(AbortSignal.abort())).rejects.toMatchObject({
    code: 'aborted',
  });
});

test('disposing is no failure, and ends the socket', async () => {
  let gone: Promise<void> | undefined;
  const port = await listen('127.0.0.1', (socket) => {
    gone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.resume();
  });
  const pipe = await tcpPort('127.0.0.1', port, clock).open(forever);
  await pipe.write(Uint8Array.of(1), forever);
  await pipe[Symbol.asyncDispose]();
  expect(pipe.failure).toBeUndefined();
  await gone;
});
