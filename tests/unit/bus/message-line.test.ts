/** Lines of messages over real sockets: a broker, and devices that post. Silence in virtual time. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../../agent/bus/message-line.ts';
import { MessageLine } from '../../../agent/bus/message-line.ts';
import { openLine } from '../../../agent/bus/open.ts';
import { topicFits } from '../../../agent/bus/topic.ts';
import type { DeviceMemory, Message, MessageDriver } from '../../../agent/core/driver.ts';
import type { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { driverFor } from '../../../drivers/index.ts';
import { MESSAGE_MODELS, sentMessage } from '../../../hw-sim/devices/message-devices.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../drivers/load.ts';

const ADDRESS = '24e124148b492113';
const system = new SystemClock();
const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

function message(stem: string, address = ADDRESS) {
  const model = MESSAGE_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated ${stem}`);
  return sentMessage(model, { address, world, time: 0, wall: Date.now() });
}

/** A line with these devices, and what it said. */
function listening(line: LineConfig, devices: readonly DeviceConfig[], clock: Clock = system) {
  const readings: Reading[] = [];
  const handle = openLine({
    line,
    devices,
    driver: driverFor,
    clock,
    log: silent,
    publisher: { readings: (more) => readings.push(...more), event: () => {} },
    random: () => 0,
  });
  open.push(handle);
  return { handle, readings, state: () => handle.health()[0]?.state };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not within 10 s: ${what}`);
}

const bay = (id: string, address: string): DeviceConfig => ({
  ...device(profile('generic-lorawan-bay'), { address }),
  id,
});

describe('a broker', () => {
  const lineAt = (port: number): LineConfig => ({
    id: 'lora',
    kind: 'mqtt',
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'pole-lora',
    timeout: 1000,
  });

  test('brings each device its own messages, and comes back when it was away', async () => {
    const broker = await embeddedBroker();
    const { readings, state } = listening(lineAt(broker.port), [bay('one', 'aa'), bay('two', 'bb')]);
    await until(() => state() === 'ok');
    const city = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
    for (const address of ['aa', 'bb', 'cc']) {
      const { topic, payload } = message('generic-lorawan-bay', address);
      await city.publishAsync(topic, Buffer.from(payload), { qos: 1 });
    }
    await until(() => readings.length === 8);
    expect(new Set(readings.map(({ device: of }) => of))).toEqual(new Set(['one', 'two']));
    expect(readings.every(({ quality }) => quality === 'good')).toBe(true);
    city.end(true);
    await broker[Symbol.asyncDispose]();
    await until(() => state() === 'down');
    await using again = await embeddedBroker();
    // Another port in this test; the line keeps trying the one it knows, and says so.
    expect(again.port).not.toBe(broker.port);
  });

  test('that refuses us is a sentence', async () => {
    const broker = await embeddedBroker({
      authenticate: (_client, _user, _password, done) => done(null, false),
    });
    open.push(broker);
    const { handle, state } = listening(lineAt(broker.port), [bay('one', 'aa')]);
    await until(() => state() === 'down');
    expect(handle.health()[0]?.message).toMatch(/^messages of 127\.0\.0\.1:\d+ failed: /);
    expect(handle.health()[0]?.fix).toMatch(/user name and password|broker runs/);
  });
});

describe('devices that post', () => {
  const smoke = device(profile('generic-http-smoke'), { address: '868508064807350' });
  const water = { ...device(profile('generic-http-water'), { address: '4471' }), id: 'water' };

  async function door(more: { readonly token?: string; readonly maxBody?: number } = {}) {
    const probe = (await import('node:net')).createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    const line: LineConfig = {
      id: 'posts',
      kind: 'http',
      host: '127.0.0.1',
      port,
      maxBody: 4096,
      timeout: 1000,
      ...more,
    };
    const told = listening(line, [smoke, water]);
    await until(() => told.state() === 'ok');
    return { ...told, port };
  }

  function post(
    port: number,
    path: string,
    body: Uint8Array | string,
    headers: Readonly<Record<string, string>> = {},
    method = 'POST',
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  test('are answered by what became of their message', async () => {
    const { port, readings } = await door();
    const { topic, payload } = message('generic-http-smoke', '868508064807350');
    expect(await post(port, `/${topic}`, payload)).toBe(204);
    expect(await post(port, '/4471', message('generic-http-water').payload, {}, 'PUT')).toBe(204);
    expect(new Set(readings.map(({ device: of }) => of))).toEqual(new Set(['dev', 'water']));
    expect(readings.every(({ quality }) => quality === 'good')).toBe(true);
    const before = readings.length;
    expect(await post(port, `/${topic}`, message('generic-http-smoke', '1').payload)).toBe(404);
    expect(await post(port, '/elsewhere', payload)).toBe(404);
    expect(await post(port, '/%', payload)).toBe(404);
    expect(await post(port, '/4471', '{"total_l":')).toBe(400);
    expect(await post(port, `/${topic}`, payload, {}, 'GET')).toBe(405);
    expect(await post(port, '/4471', 'x'.repeat(5000))).toBe(413);
    expect(readings.length).toBe(before);
  });

  test('need the token, as bearer or as password, before anything of the body is read', async () => {
    const { port } = await door({ token: 'street-7' });
    const { topic, payload } = message('generic-http-smoke', '868508064807350');
    const as = (authorization: string) => post(port, `/${topic}`, payload, { authorization });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await post(port, `/${topic}`, payload)).toBe(401);
    expect(await as('Bearer street-8')).toBe(401);
    expect(await as(basic('dev:street-'))).toBe(401);
    expect(await as('Bearer street-7')).toBe(204);
    expect(await as(basic('dev:street-7'))).toBe(204);
  });

  test('that send rubbish, break off or never end do not hold others up', async () => {
    const { port } = await door();
    const held = Array.from({ length: 8 }, () => connectTcp(port, '127.0.0.1'));
    for (const [i, socket] of held.entries()) {
      socket.on('error', () => {});
      socket.write(
        i % 2 === 0
          ? '\0\x16\x03garbage\r\n\r\n'
          : 'POST /4471 HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n{',
      );
    }
    expect(await post(port, '/4471', message('generic-http-water').payload)).toBe(204);
    for (const socket of held) socket.destroy();
  });

  test('a port that is taken is a sentence', async () => {
    const { port } = await door();
    const line: LineConfig = { id: 'b', kind: 'http', host: '127.0.0.1', port, maxBody: 1, timeout: 1 };
    const second = listening(line, []);
    await until(() => second.state() === 'down');
    expect(second.handle.health()[0]?.message).toMatch(/^listening on 127\.0\.0\.1:\d+ failed: /);
  });
});

describe('silence', () => {
  const config = bay('one', 'aa');
  const driver = driverFor('mqtt-in') as MessageDriver;
  const HOUR = 3_600_000;

  function quiet(memory?: DeviceMemory, lost?: Promise<AgentError>) {
    const clock = new VirtualClock();
    const readings: Reading[] = [];
    let deliver: ((message: Message) => string) | undefined;
    const mailbox: Mailbox = {
      name: 'test',
      async open(_filters, to) {
        deliver = to;
        return { lost: lost ?? new Promise(() => {}), async [Symbol.asyncDispose]() {} };
      },
    };
    const context = { device: config, clock, log: silent };
    const line: LineConfig = { id: 'l', kind: 'mqtt', url: 'mqtt://b', clientId: 'c', timeout: 1000 };
    const session = driver.open(context, line);
    const made = new MessageLine({
      line,
      mailbox,
      seats: [{ device: config, driver, session, ...(memory === undefined ? {} : { memory }) }],
      clock,
      log: silent,
      publisher: { readings: (more) => readings.push(...more), event: () => {} },
      onHealth: () => {},
      random: () => 0,
    });
    open.push(made);
    const say = () => {
      const model = MESSAGE_MODELS.get('generic-lorawan-bay');
      if (model === undefined) throw new Error('no simulated bay');
      const sent = sentMessage(model, { address: 'aa', world, time: 0, wall: Date.UTC(2027, 0, 1) });
      return deliver?.({ ...sent, retained: false, time: clock.mono() });
    };
    return { clock, readings, made, say };
  }

  test('beyond the limit makes every point bad, once each time it passes, and a word ends it', async () => {
    const { clock, readings, made, say } = quiet();
    await clock.advance(25 * HOUR);
    expect(readings).toEqual([]);
    await clock.advance(2 * HOUR);
    expect(readings.map(({ quality, reason }) => `${quality} ${reason}`)).toEqual(
      new Array(4).fill('bad timeout'),
    );
    expect(made.health()[1]).toMatchObject({
      state: 'degraded',
      message: 'one is silent: no message for 26.0 h',
    });
    await clock.advance(26 * HOUR);
    expect(readings.length).toBe(8);
    expect(say()).toBe('taken');
    expect(made.health()[1]?.state).toBe('ok');
  });

  test('counts on over a restart', async () => {
    let kept: string | undefined;
    const memory: DeviceMemory = {
      read: () => kept,
      save: (text) => {
        kept = text;
      },
    };
    const first = quiet(memory);
    await first.clock.advance(10);
    first.say();
    expect(kept).toBeDefined();
    // Twenty hours later by the wall: six are left.
    kept = String(Number(kept) - 20 * HOUR);
    const second = quiet(memory);
    await second.clock.advance(5 * HOUR);
    expect(second.readings).toEqual([]);
    await second.clock.advance(2 * HOUR);
    expect(second.readings.length).toBe(4);
  });

  test('writes are refused', async () => {
    const { made } = quiet();
    expect(await made.write('one', { point: 'occupied', value: true })).toMatchObject({ kind: 'rejected' });
    await expect(made.write('two', { point: 'x', value: 1 })).rejects.toMatchObject({ code: 'not-found' });
  });
});

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['+/b', 'a/b', true],
  ['a/b', 'a', false],
  ['a', 'a/b', false],
  ['a/+/c', 'a//c', true],
])('%s hears %s: %s', (filter, topic, fits) => {
  expect(topicFits(filter, topic)).toBe(fits);
});
