/** Datagrams over the loopback: a line of the real port. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openLine, portOf } from '../../../agent/bus/open.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { driverFor } from '../../../drivers/index.ts';
import { SnmpAgent } from '../../../hw-sim/devices/snmp-agent.ts';
import { SNMP_MODELS } from '../../../hw-sim/devices/snmp-models.ts';
import { openUdpLine } from '../../../hw-sim/lines/udp-line.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { device, profile } from '../drivers/load.ts';

const never = new AbortController().signal;

async function peer(answer: (bytes: Buffer) => readonly number[]): Promise<Socket & AsyncDisposable> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(Uint8Array.from(answer(bytes)), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return Object.assign(socket, {
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  });
}

const at = (port: number, host = '127.0.0.1') =>
  portOf({ id: 'line', kind: 'udp', host, port, timeout: 1000 }, new SystemClock());
const portOfSocket = (socket: Socket) => (socket.address() as AddressInfo).port;

it('brings an answer back, and nothing after it is closed', async () => {
  await using device = await peer((bytes) => [...bytes].reverse());
  const pipe = await at(portOfSocket(device), 'localhost').open(never);
  const heard: number[][] = [];
  pipe.onData((bytes) => heard.push([...bytes]));
  await pipe.write(Uint8Array.of(1, 2, 3), never);
  await expect.poll(() => heard).toEqual([[3, 2, 1]]);
  await pipe[Symbol.asyncDispose]();
  await pipe[Symbol.asyncDispose]();
  await expect(pipe.write(Uint8Array.of(1), never)).rejects.toMatchObject({ code: 'link-lost' });
  expect(pipe.failure).toBeUndefined();
});

it('hears nobody but the address it asks', async () => {
  await using device = await peer(() => [1]);
  await using stranger = await peer(() => [2]);
  await using pipe = await at(portOfSocket(device)).open(never);
  const heard: number[] = [];
  pipe.onData((bytes) => heard.push(...bytes));
  const asked = new Promise<number>((resolve) => {
    device.once('message', (_bytes, from) => resolve(from.port));
  });
  await pipe.write(Uint8Array.of(0), never);
  stranger.send(Uint8Array.of(9), await asked, '127.0.0.1');
  await pipe.write(Uint8Array.of(0), never);
  await expect.poll(() => heard).toEqual([1, 1]);
});

it('that nobody listens at is no lost line: the next datagram may arrive', async () => {
  const device = await peer(() => [1]);
  const port = portOfSocket(device);
  await device[Symbol.asyncDispose]();
  await using pipe = await at(port).open(never);
  for (let i = 0; i < 5; i++) {
    await pipe.write(Uint8Array.of(0), never);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(pipe.failure).toBeUndefined();
});

it('says that a name is not known, and stops when it shall', async () => {
  await expect(at(161, 'no-such-host.invalid').open(never)).rejects.toMatchObject({ code: 'port-missing' });
  const stopped = AbortSignal.abort(new AgentError('aborted', 'stop'));
  await expect(at(161).open(stopped)).rejects.toMatchObject({ code: 'aborted' });
});

it('carries a whole line: a simulated agent is read, and one that went away is no lost line', async () => {
  const model = SNMP_MODELS.get('net-snmp-linux');
  if (model === undefined) throw new Error('no simulated agent');
  const world = createWorld({ seed: 7, start: 0, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const agent = new SnmpAgent({ model, world, clock: worldClock(0) });
  const sim = await openUdpLine({ id: 'line', device: agent });
  const { address: _none, ...alone } = device(profile('net-snmp-linux'), { every: 100 });
  const readings: Reading[] = [];
  await using line = openLine({
    line: { id: 'line', kind: 'udp', host: sim.host, port: sim.port, timeout: 200 },
    devices: [alone],
    driver: driverFor,
    clock: new SystemClock(),
    log: silent,
    publisher: { readings: (some) => void readings.push(...some), event: () => {} },
  });
  const last = () => readings.findLast(({ point }) => point === 'name');
  await expect.poll(() => last()?.value, { timeout: 5000 }).toBe('gateway-17');
  await sim[Symbol.asyncDispose]();
  await expect.poll(() => last()?.quality, { timeout: 15_000 }).toBe('bad');
  expect(line.health()[0]).toMatchObject({ part: 'line:line', state: 'ok' });
}, 30_000);
