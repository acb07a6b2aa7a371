/** Devices that talk by themselves: particle sensor and Firmata board, against outside captures and a real library. */
import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { SerialPort } from 'serialport';
import { describe, expect, test } from 'vitest';
import { ArduinoFirmata } from '../../../hw-sim/devices/arduino-firmata.ts';
import { PlantowerPms5003, plantowerFrame } from '../../../hw-sim/devices/plantower-pms5003.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { openPtyLine } from '../../../hw-sim/lines/pty-line.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { hex, hexOf, play, START } from './play.ts';

/** What the test uses of firmata-io, which has no types of its own. */
interface Board extends EventEmitter {
  readonly firmware: unknown;
  readonly analogPins: readonly number[];
  readonly pins: readonly { readonly supportedModes: readonly number[]; mode?: number; state?: number }[];
  readonly MODES: Readonly<Record<string, number>>;
  setSamplingInterval(ms: number): void;
  pinMode(pin: number, mode: number | undefined): void;
  pwmWrite(pin: number, value: number): void;
  queryPinState(pin: number, done: () => void): void;
  analogRead(channel: number, listener: (value: number) => void): void;
  digitalRead(pin: number, listener: (level: number) => void): void;
}
const { Firmata } = createRequire(import.meta.url)('firmata-io') as {
  Firmata: new (port: SerialPort) => Board;
};

describe('Plantower PMS5003', () => {
  test.each([
    // avaldebe/PyPMS tests/captured_data/PMSx003.hexdump, lines 1 and 8
    [
      [0, 8, 8, 0, 8, 8, 210, 70, 45, 30, 0, 0],
      '42 4D 00 1C 00 00 00 08 00 08 00 00 00 08 00 08 00 D2 00 46 00 2D 00 1E 00 00 00 00 97 00 02 C5',
    ],
    [
      [0, 6, 6, 0, 6, 6, 159, 53, 26, 18, 0, 0],
      '42 4D 00 1C 00 00 00 06 00 06 00 00 00 06 00 06 00 9F 00 35 00 1A 00 12 00 00 00 00 97 00 02 5A',
    ],
  ])('the frame of %j is as captured', (words, captured) => {
    expect(hexOf(plantowerFrame(words))).toBe(hex(captured));
  });

  test('talks every 0.8 s and puts on record what it says', async () => {
    const line = play({ baud: 9600, duplex: 'full' }, (parts) => [new PlantowerPms5003(parts)]);
    await line.time.advance(8050);
    const said = Buffer.from(line.received(), 'hex');
    expect(said.length).toBe(10 * 32);
    const words = line.ledger.entries.slice(0, 12).map((entry) => Number(entry.value));
    expect(hexOf(said.subarray(0, 32))).toBe(hexOf(plantowerFrame(words)));
  });

  test('sends zeros while it warms up', async () => {
    const line = play({ baud: 9600, duplex: 'full' }, (parts) => [
      new PlantowerPms5003({ ...parts, warm: false }),
    ]);
    await line.time.advance(1000);
    // avaldebe/PyPMS tests/sensors/test_message.py, with version byte 97
    expect(line.received().startsWith(hex('42 4D 00 1C') + '00'.repeat(24))).toBe(true);
    expect(line.ledger.count).toBe(0);
    await line.time.advance(31_000);
    expect(line.ledger.count).toBeGreaterThan(0);
  });

  test('obeys the maker’s commands: passive, read, active, sleep, wake', async () => {
    const line = play({ baud: 9600, duplex: 'full' }, (parts) => [new PlantowerPms5003(parts)]);
    expect(await line.ask('42 4D E1 00 00 01 70', 3000)).toBe('424d0004e1000174');
    expect(await line.ask('42 4D E2 00 00 01 71', 3000)).toMatch(/^424d001c.{56}$/);
    // Garbage before a command is skipped.
    expect(await line.ask('00 42 42 4D E2 00 00 01 71', 3000)).toMatch(/^424d001c/);
    await line.ask('42 4D E1 00 01 01 71', 0);
    await line.time.advance(3000);
    expect(line.received().length).toBeGreaterThan(3 * 64);
    expect(await line.ask('42 4D E4 00 00 01 73', 3000)).toContain('424d0004e4000177');
    expect(await line.ask('42 4D E4 00 01 01 74', 2000)).toContain('424d001c00000000');
  });
});

describe('Firmata board', () => {
  test('is understood by firmata-io: pins, lamp with read-back, photocell, door and button', async () => {
    const start = START + 4.95 * 3_600_000;
    const world = createWorld({ seed: 5, place: { lat: 31.2304, lon: 121.4737 }, utcOffset: 8, start });
    const clock = worldClock(start);
    const ledger = new Ledger();
    await using line = await openPtyLine({ id: 'uart', baud: 57_600, duplex: 'full', ledger });
    line.wire.attach(new ArduinoFirmata({ world, clock }));
    const port = new SerialPort({ path: line.path, baudRate: 57_600 });
    const board = new Firmata(port);
    await once(board, 'ready');
    expect(board.firmware).toMatchObject({ name: 'StandardFirmata.ino', version: { major: 2, minor: 5 } });
    expect(board.analogPins).toEqual([14, 15, 16, 17, 18, 19]);
    expect(board.pins[9]?.supportedModes).toContain(board.MODES.PWM);
    expect(board.pins[8]?.supportedModes).not.toContain(board.MODES.PWM);

    board.setSamplingInterval(50);
    board.pinMode(9, board.MODES.PWM);
    board.pwmWrite(9, 128);
    await new Promise<void>((resolve) => board.queryPinState(9, () => resolve()));
    expect([board.pins[9]?.mode, board.pins[9]?.state]).toEqual([board.MODES.PWM, 128]);
    expect(world.lampLevel(clock.now())).toBeCloseTo(128 / 255, 6);
    expect(ledger.entries.findLast((entry) => entry.point === 'lamp-level')).toMatchObject({
      value: 50,
      uom: '%',
    });

    const photocell = await new Promise<number>((resolve) => board.analogRead(0, resolve));
    expect(photocell).toBeCloseTo((world.weather(clock.now()).lux * 1023) / 1000, -1);

    for (const [pin, hand] of [
      [2, { doorOpen: true }],
      [3, { sosPressed: true }],
    ] as const) {
      board.pinMode(pin, board.MODES.PULLUP);
      const levels: number[] = [];
      const changed = Promise.withResolvers<void>();
      board.digitalRead(pin, (level: number) => {
        levels.push(level);
        // An open contact reads high: door shut is low, button released is high.
        if (level === (pin === 2 ? 1 : 0) && world.hands.doorOpen) changed.resolve();
      });
      await new Promise<void>((resolve) => board.queryPinState(pin, () => resolve()));
      world.setHands(hand);
      await changed.promise;
      expect(levels.at(-1)).toBe(pin === 2 ? 1 : 0);
    }
    await new Promise<void>((resolve) => port.close(() => resolve()));
  });

  test('survives what is no Firmata and answers after it', async () => {
    const line = play({ baud: 57_600, duplex: 'full' }, (parts) => [new ArduinoFirmata(parts)]);
    await line.ask('f0 6f 09 00', 10);
    expect(await line.ask('00 7f 13 ff f9', 50)).toBe('f90205');
    expect(await line.ask('e0 f9', 50)).toBe('f90205');
    expect(await line.ask(`f0 7c ${'01 '.repeat(900)} f9`, 400)).toBe('f90205');
  });

  test('extended analog sets the lamp, a reset darkens it, writes to a pin in another mode are void', async () => {
    const line = play({ baud: 57_600, duplex: 'full' }, (parts) => [new ArduinoFirmata(parts)]);
    const level = () => line.world.lampLevel(line.clock.now());
    await line.ask('e9 7f 01', 20);
    expect(level()).toBe(0);
    await line.ask('f4 09 03  f0 6f 09 7f 01 f7', 20);
    expect(level()).toBe(1);
    expect(await line.ask('f0 6d 09 f7', 50)).toBe('f06e09037f01f7');
    await line.ask('ff', 20);
    expect(level()).toBe(0);
  });
});
