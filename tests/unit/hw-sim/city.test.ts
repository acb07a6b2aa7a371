import { createServer } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startBroker } from '../../../hw-sim/city/broker.ts';
import { cityLog } from '../../../hw-sim/city/city-log.ts';
import { freePort } from '../../../hw-sim/free-port.ts';

const client = (url: string) =>
  connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 5000 });

/** Another program of the machine that wants this very port. */
async function takes(port: number): Promise<void> {
  const other = createServer();
  await new Promise<void>((resolve, reject) => {
    other.once('error', reject);
    other.listen(port, '127.0.0.1', resolve);
  });
  other.close();
}

describe('the city’s broker', () => {
  test('takes what is published, keeps what is retained', async () => {
    await using city = await startBroker({ port: 0 });
    const got: string[] = [];
    using _listen = city.onMessage((topic, payload) => got.push(`${topic}=${Buffer.from(payload)}`));
    const one = await client(city.url);
    await one.publishAsync('a/b', 'now', { qos: 1 });
    await one.publishAsync('a/state', 'kept', { qos: 1, retain: true });
    await one.endAsync();
    expect(got).toEqual(['a/b=now', 'a/state=kept']);
    const two = await client(city.url);
    const message = new Promise<[string, Buffer]>((resolve) =>
      two.once('message', (name, bytes) => resolve([name, bytes])),
    );
    await two.subscribeAsync('a/#', { qos: 1 });
    const [topic, payload] = await message;
    expect([topic, String(payload)]).toEqual(['a/state', 'kept']);
    await two.endAsync();
  });

  test('goes away and comes back on the same port', async () => {
    await using city = await startBroker({ port: 0 });
    const one = await client(city.url);
    const closed = new Promise<void>((resolve) => one.once('close', () => resolve()));
    await city.cut();
    await city.cut();
    await closed;
    expect(city.up).toBe(false);
    await one.endAsync(true);
    await expect(client(city.url)).rejects.toThrow(/ECONNRESET/);
    await expect(takes(city.port)).rejects.toThrow(/EADDRINUSE/);
    await city.restore();
    await city.restore();
    const two = await client(city.url);
    await two.publishAsync('a', 'b', { qos: 1 });
    await two.endAsync();
  });

  test('takes the next free port and says so', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const said: string[] = [];
    await using city = await startBroker({ port, say: (line) => said.push(line) });
    expect(city.port).toBeGreaterThan(port);
    expect(said).toEqual([`port ${port} is taken, the city listens on ${city.port}`]);
    expect(await freePort(port)).toBeGreaterThan(port);
    taken.close();
  });

  test('lets go of its port with clients on it', async () => {
    const city = await startBroker({ port: 0 });
    const one = await client(city.url);
    await city[Symbol.asyncDispose]();
    expect(await freePort(city.port)).toBe(city.port);
    await one.endAsync(true);
  });
});

describe('the city’s log', () => {
  afterEach(() => vi.useRealTimers());
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  const message = (lane: string, last: number, value: number | null, stream = 'live') =>
    bytes({
      lane,
      stream,
      last,
      count: 1,
      records: [{ seq: last, device: 'meter', point: 'power', value, unit: 'W', reason: 'timeout' }],
    });

  test('sums up instead of a line each', () => {
    vi.useFakeTimers();
    const said: string[] = [];
    using log = cityLog((line) => said.push(line), 1000);
    for (let i = 1; i <= 50; i++)
      log.message('kerbside/v1/s/a/data/telemetry', message('telemetry', i, i), false);
    log.message('kerbside/v1/s/a/backlog/meter', message('meter', 9, null, 'backlog'), false);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(said).toEqual([
      'received 50 telemetry (to no. 50), 1 meter backlog (to no. 9): meter power none (timeout)',
    ]);
    vi.advanceTimersByTime(10_000);
    expect(said).toHaveLength(1);
  });

  test('tells states and results of commands at once, and survives anything', () => {
    const said: string[] = [];
    using log = cityLog((line) => said.push(line), 1000);
    log.message('kerbside/v1/s/pole/state', bytes({ v: 1, state: 'online' }), true);
    log.message('kerbside/v1/s/pole/cmd/c1/result', bytes({ state: 'done', readback: 40 }), false);
    log.message('kerbside/v1/s/pole/describe/meter', bytes({}), true);
    log.message('x', Buffer.from('{{{'), false);
    log.message('y', bytes([null, { records: 3 }]), false);
    expect(said).toEqual([
      'pole is online',
      'command c1: done, read back 40',
      '3 bytes on x',
      '20 bytes on y',
    ]);
  });
});
