/** The serial port on a real pseudo-terminal: bytes, errors, hang-up, and the whole line over it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadStream } from 'node:tty';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { portPath } from '../../../agent/bus/port/path.ts';
import { serialPort } from '../../../agent/bus/port/serial.ts';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { portSettings } from '../../../hw-sim/lines/port-settings.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { readAnswer, sound } from './modbus-words.ts';
import { SimLine } from './sim-line.ts';
import { device, Sink, serialLine, testDriver } from './test-driver.ts';

/** What `open` of node-pty gives; its typings name only `spawn`. */
interface Pty {
  readonly ptsName: string;
  readonly master: ReadStream;
  readonly slave: ReadStream;
}
const { open: openPty } = createRequire(import.meta.url)('@lydell/node-pty') as {
  open(options: { readonly encoding: null }): Pty;
};

const clock = new SystemClock();
const forever = new AbortController().signal;
const serial = { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;
let folder: string;
let terminals: Pty[] = [];

/** A terminal with a meter behind it: it answers function 3 with registers of 7, address first. */
function terminal(): { readonly path: string; unplug(): void } {
  const pty = openPty({ encoding: null });
  terminals.push(pty);
  // node-pty reads its slave side too and would take what is meant for the port.
  pty.slave.on('error', () => {});
  pty.slave.destroy();
  pty.master.on('error', () => {});
  pty.master.on('data', (bytes: Uint8Array) => {
    const [unit = 0, fc, high = 0, low = 0, , count = 0] = bytes;
    if (!sound(bytes) || fc !== 3) return;
    const words = Array.from({ length: count }, (_, i) => (i === 0 ? (high << 8) | low : 7));
    (pty.master as unknown as { write(bytes: Uint8Array): void }).write(readAnswer(unit, words));
  });
  return {
    path: pty.ptsName,
    unplug: () => {
      pty.master.destroy();
    },
  };
}

/** Waits for `what`, as long as a loaded machine may need. */
async function until(what: () => boolean, ms = 10_000): Promise<number> {
  const started = clock.mono();
  while (!what()) {
    if (clock.mono() - started > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await clock.sleep(5);
  }
  return clock.mono() - started;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kerbside-pty-'));
});

afterEach(() => {
  for (const { master } of terminals) master.destroy();
  terminals = [];
  rmSync(folder, { recursive: true });
});

test('carries all 256 bytes both ways, has the port for itself, and closes twice without harm', async () => {
  const pty = openPty({ encoding: null });
  terminals.push(pty);
  pty.slave.on('error', () => {});
  pty.slave.destroy();
  pty.master.on('error', () => {});
  const arrived: number[] = [];
  pty.master.on('data', (bytes: Uint8Array) => arrived.push(...bytes));
  const port = serialPort({ path: pty.ptsName, serial, clock });
  const pipe = await port.open(forever);
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const back: number[] = [];
  pipe.onData((bytes) => back.push(...bytes));
  await pipe.write(all, forever);
  await until(() => arrived.length === 256);
  (pty.master as unknown as { write(bytes: Uint8Array): void }).write(all);
  await until(() => back.length === 256);
  expect(arrived).toEqual([...all]);
  expect(back).toEqual([...all]);
  await expect(port.open(forever)).rejects.toMatchObject({ code: 'port-busy' });
  await pipe[Symbol.asyncDispose]();
  await pipe[Symbol.asyncDispose]();
  expect(pipe.failure).toBeUndefined();
  await (await port.open(forever))[Symbol.asyncDispose]();
});

test('is set to another rate and to another parity while it is open, and loses no byte of either', async () => {
  const pty = openPty({ encoding: null });
  terminals.push(pty);
  pty.slave.on('error', () => {});
  pty.slave.destroy();
  pty.master.on('error', () => {});
  const arrived: number[] = [];
  pty.master.on('data', (bytes: Uint8Array) => arrived.push(...bytes));
  const port = serialPort({ path: pty.ptsName, serial, clock });
  const pipe = await port.open(forever);
  const back: number[] = [];
  pipe.onData((bytes) => back.push(...bytes));
  const changes = [
    { ...serial, baud: 2400 },
    { ...serial, baud: 2400, parity: 'even' },
    { ...serial, baud: 9600, parity: 'even' },
    serial,
  ] as const;
  for (const [i, wanted] of changes.entries()) {
    await pipe.configure?.(wanted, forever);
    expect(portSettings(pty.ptsName).baud).toBe(wanted.baud);
    await pipe.write(Uint8Array.of(i), forever);
    await until(() => arrived.length === i + 1);
    (pty.master as unknown as { write(bytes: Uint8Array): void }).write(Uint8Array.of(0x80 + i));
    await until(() => back.length === i + 1);
    await expect(port.open(forever)).rejects.toMatchObject({ code: 'port-busy' });
  }
  expect([arrived, back]).toEqual([
    [0, 1, 2, 3],
    [0x80, 0x81, 0x82, 0x83],
  ]);
  await pipe[Symbol.asyncDispose]();
  expect(pipe.failure).toBeUndefined();
  await (await port.open(forever))[Symbol.asyncDispose]();
});

test('an adapter that is gone when it is to be set is lost, and its pipe closes', async () => {
  const { path, unplug } = terminal();
  const pipe = await serialPort({ path, serial, clock }).open(forever);
  unplug();
  const even = { ...serial, parity: 'even' } as const;
  await expect(pipe.configure?.(even, forever)).rejects.toMatchObject({ code: 'link-lost' });
  await pipe.closed;
});

test('a write that the other side does not read ends with its signal', async () => {
  const pty = openPty({ encoding: null });
  terminals.push(pty);
  pty.slave.on('error', () => {});
  pty.slave.destroy();
  pty.master.on('error', () => {});
  pty.master.pause();
  await using pipe = await serialPort({ path: pty.ptsName, serial, clock }).open(forever);
  const abort = new AbortController();
  const refused = expect(pipe.write(new Uint8Array(1_000_000), abort.signal)).rejects.toMatchObject({
    code: 'aborted',
  });
  await clock.sleep(50);
  abort.abort();
  await refused;
});

test('says what is wrong with a port and what to do', async () => {
  const missing = serialPort({ path: join(folder, 'ttyUSB9'), serial, clock });
  await expect(missing.open(forever)).rejects.toMatchObject({
    code: 'port-missing',
    fix: /Plug the adapter in/,
  });
  const wrong = serialPort({ path: '/dev/null', serial, clock });
  await expect(wrong.open(forever)).rejects.toMatchObject({ code: 'port-missing', fix: /by-id/ });
});

test('notices a hang-up without spinning', async () => {
  const { path, unplug } = terminal();
  const pipe = await serialPort({ path, serial, clock }).open(forever);
  unplug();
  await pipe.closed;
  expect(pipe.failure).toMatchObject({ code: 'link-lost' });
  await expect(pipe.write(Uint8Array.of(1), forever)).rejects.toMatchObject({ code: 'link-lost' });
  const cpu = process.cpuUsage();
  await clock.sleep(300);
  expect(process.cpuUsage(cpu).system).toBeLessThan(250_000);
});

test('an adapter that comes back under another number is found by its link', async () => {
  const links = join(folder, 'by-path');
  mkdirSync(links);
  const first = join(folder, 'ttyUSB0');
  const second = join(folder, 'ttyUSB1');
  writeFileSync(first, '');
  const link = join(links, 'pci-0000:00:14.0-usb-0:2:1.0-port0');
  symlinkSync(first, link);
  const time = new VirtualClock();
  const path = portPath(first, time, [links]);
  expect(await path.current()).toBe(first);
  await path.opened(first);
  rmSync(link);
  rmSync(first);
  // Another adapter now has the number: it is not taken for ours.
  writeFileSync(first, '');
  expect(await path.current()).toBe(link);
  writeFileSync(second, '');
  symlinkSync(second, link);
  expect(await path.current()).toBe(second);
  rmSync(link);
  await path.current();
  await time.advance(31_000);
  expect(await path.current()).toBe(first);
});

test('a line on a terminal reads, loses it, and reads again within 5 s after it is back', {
  timeout: 60_000,
}, async () => {
  const link = join(folder, 'rs485');
  const one = terminal();
  symlinkSync(one.path, link);
  const sim = new SimLine(new VirtualClock(), serialLine);
  const sink = new Sink();
  const line = { ...serialLine, port: link, serial } as typeof serialLine;
  await using handle = openLine({
    line,
    devices: [1, 2].map((unit) => device(unit, [{ address: 5, count: 6, period: 100 }])),
    driver: () => testDriver(sim).driver,
    clock,
    log: silent,
    publisher: sink,
  });
  await until(() => sink.good('meter-1') > 3 && sink.good('meter-2') > 3);
  rmSync(link);
  one.unplug();
  await until(() => handle.health()[0]?.state === 'down');
  await until(() => sink.all.at(-1)?.quality === 'bad');
  const two = terminal();
  sink.clear();
  symlinkSync(two.path, link);
  expect(await until(() => sink.good('meter-1') > 0 && sink.good('meter-2') > 0)).toBeLessThan(5000);
});

test('a port opened and closed a hundred times leaves nothing behind', async () => {
  const { path } = terminal();
  for (let i = 0; i < 100; i++) {
    const pipe = await serialPort({ path, serial, clock }).open(forever);
    if (i % 2 === 0) await pipe.write(Uint8Array.of(1, 2, 3), forever);
    await pipe[Symbol.asyncDispose]();
  }
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Poll')).toHaveLength(0);
});
