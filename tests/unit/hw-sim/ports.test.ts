/** Simulated ports on the real operating system: pseudo-terminals and sockets. */

import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import modbusSerial from 'modbus-serial';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { jump } from '../../../hw-sim/faults.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { openPtyLine } from '../../../hw-sim/lines/pty-line.ts';
import { openTcpLine } from '../../../hw-sim/lines/tcp-line.ts';
import { realTime } from '../../../hw-sim/lines/timebase.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { monotonic, worldClock } from '../../../hw-sim/world/world-clock.ts';
import { START } from './play.ts';

const ModbusRTU = modbusSerial.default;
const world = createWorld({ seed: 5, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start: START });
const clock = worldClock(START);
const device = (stem: string, unit: number) => {
  const model = MODBUS_MODELS.get(stem);
  if (model === undefined) throw new Error(`no model ${stem}`);
  return new ModbusDevice({ model, unit, world, clock });
};
const ALL = Uint8Array.from({ length: 256 }, (_, i) => i);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const openFiles = () => readdirSync('/proc/self/fd').length;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hw-sim-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !done(); i++) await pause(10);
  expect(done()).toBe(true);
}

describe('a pseudo-terminal line', () => {
  test('passes every byte untouched both ways before anybody has set it up', async () => {
    await using line = await openPtyLine({ id: 'raw', baud: 115_200, duplex: 'full' });
    const heard: number[] = [];
    line.wire.attach({
      attach(access) {
        access.say({ bytes: ALL });
        return { [Symbol.dispose]() {} };
      },
      onBytes: (bytes) => heard.push(...bytes),
    });
    const port = openSync(line.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    writeSync(port, ALL);
    await until(() => heard.length === 256);
    expect(Uint8Array.from(heard)).toEqual(ALL);
    const got = Buffer.alloc(1000);
    let count = 0;
    await until(() => {
      try {
        count += readSync(port, got, count, got.length - count, null);
      } catch {
        // EAGAIN: not all of it has gone yet.
      }
      return count === 256;
    });
    expect(got.subarray(0, count)).toEqual(Buffer.from(ALL));
    closeSync(port);
  });

  test('is read by modbus-serial in wire time, never faster', async () => {
    const ledger = new Ledger();
    await using line = await openPtyLine({ id: 'rs485', baud: 9600, ledger });
    line.wire.attach(device('eastron-sdm630', 1));
    const client = new ModbusRTU();
    await client.connectRTUBuffered(line.path, { baudRate: 9600 });
    client.setID(1);
    client.setTimeout(5000);
    const before = monotonic();
    const { buffer } = await client.readInputRegisters(0, 40);
    const took = monotonic() - before;
    expect(took).toBeGreaterThan((8 + 85) * line.wire.charMs + line.wire.silence + 5);
    expect(took).toBeLessThan(2000);
    const [first] = ledger.entries;
    expect(buffer.readFloatBE(0)).toBeCloseTo(Number(first?.value), 3);
    expect(first?.raw).toBe(buffer.subarray(0, 4).toString('hex'));
    expect(first?.mono).toBeGreaterThan(before);
    await new Promise<void>((resolve) => client.close(() => resolve()));
  });

  test('precise time answers within a millisecond of the wire', async () => {
    await using line = await openPtyLine({ id: 'fast', baud: 115_200, time: realTime({ precise: true }) });
    line.wire.attach(device('eastron-sdm630', 1));
    const client = new ModbusRTU();
    await client.connectRTUBuffered(line.path, { baudRate: 115_200 });
    client.setID(1);
    client.setTimeout(5000);
    const took: number[] = [];
    for (let i = 0; i < 21; i++) {
      const before = monotonic();
      await client.readInputRegisters(0, 40);
      took.push(monotonic() - before);
      await pause(5);
    }
    const median = took.sort((a, b) => a - b)[10] ?? 0;
    const wire = (8 + 85) * line.wire.charMs + line.wire.silence + 5;
    expect(took[0]).toBeGreaterThan(wire);
    // A loaded machine may be late; it may not be late half of the time.
    expect(median).toBeLessThan(wire + 10);
    await new Promise<void>((resolve) => client.close(() => resolve()));
  });

  test('loses what nobody reads and never waits for a reader', async () => {
    await using line = await openPtyLine({ id: 'deaf', baud: 115_200, duplex: 'full' });
    line.wire.attach({
      attach(access) {
        // More than a terminal's buffer holds, said a minute ago.
        access.say({ bytes: new Uint8Array(40_000).fill(0x55), at: monotonic() - 60_000 });
        return { [Symbol.dispose]() {} };
      },
    });
    await until(() => line.lost > 0);
    expect(line.lost).toBeLessThan(40_000);
  });

  test('an adapter pulled out hangs up and comes back under another number behind the same name', async () => {
    const link = join(folder, 'ports', 'rs485-1');
    await using line = await openPtyLine({ id: 'usb', baud: 9600, link });
    const before = readlinkSync(link);
    const port = openSync(link, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    line.unplug();
    line.unplug();
    await until(() => !existsSync(before));
    expect(existsSync(link)).toBe(false);
    // A port whose adapter is gone: end of file or an error, never bytes.
    const read = () => readSync(port, Buffer.alloc(1));
    await until(() => {
      try {
        return read() === 0;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EIO';
      }
    });
    closeSync(port);
    await line.replug();
    await line.replug();
    expect(readlinkSync(link)).not.toBe(before);
    line.wire.attach(device('eastron-sdm630', 1));
    const client = new ModbusRTU();
    await client.connectRTUBuffered(link, { baudRate: 9600 });
    client.setID(1);
    client.setTimeout(5000);
    expect((await client.readInputRegisters(0, 2)).data).toHaveLength(2);
    await new Promise<void>((resolve) => client.close(() => resolve()));
  });

  test('leaves no file open and no link behind', async () => {
    const link = join(folder, 'gone');
    const warm = await openPtyLine({ id: 'warm', baud: 9600 });
    await warm[Symbol.asyncDispose]();
    await pause(100);
    const before = openFiles();
    const line = await openPtyLine({ id: 'one', baud: 9600, link });
    line.unplug();
    await line.replug();
    await line[Symbol.asyncDispose]();
    expect(existsSync(link)).toBe(false);
    await until(() => openFiles() <= before);
  });
});

describe('a Modbus TCP line', () => {
  test('serves several units on one port, with the ledger', async () => {
    const ledger = new Ledger();
    await using line = await openTcpLine({
      id: 'tcp',
      devices: [device('alfen-ng910', 1), device('abb-terra-ac', 2)],
      ledger,
    });
    const client = new ModbusRTU();
    await client.connectTCP(line.host, { port: line.port });
    client.setTimeout(5000);
    client.setID(1);
    const { buffer } = await client.readHoldingRegisters(306, 6);
    expect(buffer.readFloatBE(0)).toBeCloseTo(Number(ledger.entries[0]?.value), 3);
    client.setID(2);
    await client.writeRegisters(0x4100, [0, 10_000]);
    expect((await client.readHoldingRegisters(0x400e, 2)).data).toEqual([0, 10_000]);
    client.setID(9);
    await expect(client.readHoldingRegisters(0, 1)).rejects.toThrow(/11|[Gg]ateway/);
    await new Promise<void>((resolve) => client.close(() => resolve()));
  });

  test('answers pipelined requests in order, hangs up on another protocol, tells lies', async () => {
    await using line = await openTcpLine({ id: 'tcp', devices: [device('keba-p30', 255)] });
    const socket = connect(line.port, line.host);
    await once(socket, 'connect');
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    const request = (tid: number) => Buffer.from([0, tid, 0, 0, 0, 6, 255, 3, 3, 0xe8, 0, 2]);
    const two = Buffer.concat([request(1), request(2)]);
    socket.write(two.subarray(0, 15));
    await pause(20);
    socket.write(two.subarray(15));
    await until(() => Buffer.concat(got).length === 26);
    const all = Buffer.concat(got);
    expect([all[1], all[14]]).toEqual([1, 2]);
    using _lie = line.inject(jump(3, 255, 'charge-state'));
    socket.write(request(3));
    await until(() => Buffer.concat(got).length === 39);
    expect(Buffer.concat(got).readUInt32BE(35)).toBe(3 * all.readUInt32BE(9));
    socket.write(Buffer.from([0, 1, 12, 34, 0, 6, 255, 3, 0, 0, 0, 1]));
    await once(socket, 'close');
  });

  test('lets go of everything', async () => {
    const line = await openTcpLine({ id: 'tcp', devices: [device('keba-p30', 255)] });
    const socket = connect(line.port, line.host);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await line[Symbol.asyncDispose]();
    await until(() => socket.destroyed);
    expect(line.connections).toBe(0);
  });
});
