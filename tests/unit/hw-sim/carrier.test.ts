import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { openCarrier } from '../../../hw-sim/fleet/carrier.ts';

test('the mobile network carries and counts bytes, breaks all links in a blackout, and comes back on the same port', async () => {
  const broker = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const address = broker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await using carrier = await openCarrier([`mqtt://127.0.0.1:${port}`]);
  const at = Number(new URL(carrier.urls[0] ?? '').port);
  const ask = async () => {
    const socket = connect(at, '127.0.0.1').on('error', () => {});
    const closed = once(socket, 'close');
    socket.write('hello');
    const answer = await Promise.race([once(socket, 'data').then(String), closed.then(() => 'closed')]);
    return { socket, closed, answer };
  };
  const first = await ask();
  expect(first.answer).toBe('hello');
  expect(carrier.traffic()).toEqual({ up: 5, down: 5, connections: 1 });
  carrier.cut();
  await first.closed;
  expect((await ask()).answer).toBe('closed');
  carrier.restore();
  const last = await ask();
  expect(last.answer).toBe('hello');
  expect(carrier.traffic().connections).toBe(2);
  last.socket.destroy();
  broker.close();
});
