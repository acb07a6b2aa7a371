/** DTUs that call us, over real sockets: registration, heartbeats, strangers, doubles, floods, IPv6. */
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { without } from '../../../agent/bus/port/dial-in.ts';
import type { Facts, Log } from '../../../agent/core/log.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { freePort } from '../../support/free-port.ts';
import { seeded } from '../../support/seeded.ts';
import { readAnswer, sound } from './modbus-words.ts';
import { device, Sink, testDriver } from './test-driver.ts';

const clock = new SystemClock();
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Dtu {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  requests: number;
}

/** A DTU with a meter of unit 1 behind it: register 0 holds its address, the others `mark`. */
async function dtu(
  host: string,
  port: number,
  says: readonly (string | Uint8Array)[],
  mark = 1,
): Promise<Dtu> {
  const socket = connect({ host, port, noDelay: true });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  cleanups.push(() => void socket.destroy());
  const result = { socket, closed, requests: 0 };
  socket.on('data', (bytes) => {
    if (!sound(bytes)) return;
    result.requests += 1;
    socket.write(readAnswer(1, [(bytes[2] ?? 0) * 256 + (bytes[3] ?? 0), ...new Array(3).fill(mark)]));
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  for (const piece of says) {
    socket.write(piece);
    await clock.sleep(20);
  }
  return result;
}

const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase();

function street(host: string, port: number, names: readonly string[], heartbeat?: string) {
  const said: { readonly event: string; readonly facts: Facts | undefined }[] = [];
  const log: Log = { ...silent, warn: (event, facts) => void said.push({ event, facts }), with: () => log };
  const sink = new Sink();
  const handles = names.map((name, i) => {
    const line: LineConfig = {
      id: name,
      kind: 'dial-in',
      host,
      port,
      registration: hex(name),
      ...(heartbeat === undefined ? {} : { heartbeat: hex(heartbeat) }),
      serial: { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
      timeout: 300,
    };
    // Values tell who answered, so the driver's own check of freshness is not used here.
    const { driver } = testDriver({ requests: 0 } as Parameters<typeof testDriver>[0]);
    const meter = { ...device(1, [{ address: 0, count: 4, period: 50 }], name), id: `meter-${i + 1}` };
    const handle = openLine({
      line,
      devices: [meter],
      driver: () => driver,
      clock,
      log,
      publisher: sink,
    });
    cleanups.push(async () => handle[Symbol.asyncDispose]());
    return handle;
  });
  return { said, sink, handles };
}

const values = (sink: Sink, meter: string) =>
  sink
    .of(meter)
    .filter(({ quality }) => quality === 'good')
    .map(({ value }) => value);
const soon = { timeout: 15_000, interval: 20 };

describe('devices that call', () => {
  test.each(['127.0.0.1', '::1'])(
    'are known by their registration, several at one door of %s',
    async (host) => {
      const port = await freePort(host);
      const { sink } = street(host, port, ['DTU-A', 'DTU-B']);
      // Nobody listens before the line has opened its port.
      await clock.sleep(100);
      await dtu(host, port, ['DTU', '-B'], 22);
      await dtu(host, port, ['DTU-A'], 11);
      await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(3);
      await expect.poll(() => values(sink, 'meter-2').length, soon).toBeGreaterThan(3);
      expect(new Set(values(sink, 'meter-1'))).toEqual(new Set([11]));
      expect(new Set(values(sink, 'meter-2'))).toEqual(new Set([22]));
    },
    40_000,
  );

  test('send heartbeats and their registration again without harm', async () => {
    const port = await freePort('127.0.0.1');
    const { sink, handles } = street('127.0.0.1', port, ['DTU-A'], 'PING');
    await clock.sleep(100);
    const caller = await dtu('127.0.0.1', port, ['DTU-A']);
    await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(3);
    for (let i = 0; i < 20; i++) {
      caller.socket.write(i % 2 === 0 ? 'PING' : 'DTU-A');
      await clock.sleep(17);
    }
    const before = values(sink, 'meter-1').length;
    await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(before + 3);
    expect(handles[0]?.health()[0]?.facts.noise_bytes).toBe(0);
  }, 40_000);

  test('with another registration, or none, are turned away, and it is said once', async () => {
    const port = await freePort('127.0.0.1');
    const { said, sink } = street('127.0.0.1', port, ['DTU-A']);
    await clock.sleep(100);
    await (await dtu('127.0.0.1', port, ['DTU-X'])).closed;
    await (await dtu('127.0.0.1', port, [Uint8Array.of(1, 3, 0, 255)])).closed;
    expect(said.filter(({ event }) => event === 'dial-in.refused')).toEqual([
      {
        event: 'dial-in.refused',
        facts: expect.objectContaining({ from: '127.0.0.1', why: 'unknown registration "DTU-X"' }),
      },
    ]);
    await dtu('127.0.0.1', port, ['DTU-A']);
    await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(1);
  }, 40_000);

  test('that call again replace their old connection', async () => {
    const port = await freePort('127.0.0.1');
    const { sink, handles } = street('127.0.0.1', port, ['DTU-A']);
    await clock.sleep(100);
    const old = await dtu('127.0.0.1', port, ['DTU-A'], 1);
    await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(1);
    await dtu('127.0.0.1', port, ['DTU-A'], 2);
    await old.closed;
    await expect.poll(() => values(sink, 'meter-1').at(-1), soon).toBe(2);
    expect(handles[0]?.health()[0]?.state).toBe('ok');
    expect(sink.events.some(({ body }) => String(body.error).includes('replaced by a new one'))).toBe(true);
  }, 40_000);

  test('that go away and come back are read again', async () => {
    const port = await freePort('127.0.0.1');
    const { sink } = street('127.0.0.1', port, ['DTU-A']);
    await clock.sleep(100);
    const first = await dtu('127.0.0.1', port, ['DTU-A'], 1);
    await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(1);
    first.socket.resetAndDestroy();
    await expect.poll(() => sink.events.at(-1)?.body.change, soon).toBe('down');
    await dtu('127.0.0.1', port, ['DTU-A'], 2);
    await expect.poll(() => values(sink, 'meter-1').at(-1), soon).toBe(2);
  }, 40_000);
});

test('a flood of callers without a name is bounded, and the known one still gets in', async () => {
  const port = await freePort('127.0.0.1');
  const { said, sink } = street('127.0.0.1', port, ['DTU-A']);
  await clock.sleep(100);
  const flood = await Promise.all(Array.from({ length: 100 }, () => dtu('127.0.0.1', port, [])));
  let open = flood.length;
  for (const { closed } of flood) {
    void closed.then(() => {
      open -= 1;
    });
  }
  await expect.poll(() => open, soon).toBeLessThanOrEqual(8);
  expect(said.length).toBe(1);
  for (const { socket } of flood) socket.destroy();
  await clock.sleep(50);
  await dtu('127.0.0.1', port, ['DTU-A']);
  await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(1);
}, 40_000);

test('a port that is taken is said; the door closes behind the last line', async () => {
  const port = await freePort('127.0.0.1');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  const { handles, sink } = street('127.0.0.1', port, ['DTU-A']);
  await expect.poll(() => handles[0]?.health()[0]?.message, soon).toContain('another program has the port');
  await new Promise((resolve) => other.close(resolve));
  await clock.sleep(1200);
  const caller = await dtu('127.0.0.1', port, ['DTU-A']);
  await expect.poll(() => values(sink, 'meter-1').length, soon).toBeGreaterThan(1);
  await handles[0]?.[Symbol.asyncDispose]();
  await caller.closed;
  const refused = connect({ host: '127.0.0.1', port });
  const code = await new Promise((resolve) =>
    refused.once('error', (error) => resolve((error as NodeJS.ErrnoException).code)),
  );
  expect(code).toBe('ECONNREFUSED');
}, 40_000);

test('fuzz: taking packets out never touches what does not begin with them', () => {
  const random = seeded(20_261_122);
  for (let i = 0; i < 50_000; i++) {
    const bytes = Uint8Array.from({ length: random() * 12 }, () => random() * 3);
    const packets = [Uint8Array.of(1, 2), Uint8Array.of(0, 0, 1)];
    const rest = without(bytes, packets);
    expect([...bytes].slice(bytes.length - rest.length)).toEqual([...rest]);
    for (const packet of packets) {
      expect(rest.length >= packet.length && packet.every((byte, at) => byte === rest[at])).toBe(false);
    }
  }
});
