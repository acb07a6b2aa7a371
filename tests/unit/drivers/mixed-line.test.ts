/**
 * Meters of three protocols on one simulated RS-485 line, byte by byte in virtual time, under the agent's own scheduler:
 * every reading is what a device said. And what a scan finds there.
 */
import { describe, expect, it } from 'vitest';
import { lineTiming } from '../../../agent/bus/airtime.ts';
import { Wire as BusWire } from '../../../agent/bus/exchange.ts';
import { openLine } from '../../../agent/bus/open.ts';
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { driverFor, findCjt188, findDlt645 } from '../../../drivers/index.ts';
import { Cjt188Device, type Cjt188DeviceOptions } from '../../../hw-sim/devices/cjt188-device.ts';
import { CJT188_MODELS } from '../../../hw-sim/devices/cjt188-models.ts';
import { createMeter } from '../../../hw-sim/devices/meters.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { secondMaster } from '../../../hw-sim/faults-wiring.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { type LineDevice, Wire } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';

const START = Date.UTC(2026, 10, 22, 4);
const BAUD = 9600;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: 'sim',
  timeout: 300,
  serial: { baud: BAUD, dataBits: 8, parity: 'even', stopBits: 1 },
};
const CHARACTER = 11_000 / BAUD;

interface Placed {
  readonly stem: string;
  readonly address: string | number;
  readonly order?: Cjt188DeviceOptions['order'];
}

/** A line with these devices; `echo` gives the master its own bytes back, as many adapters do. */
function lineOf(placed: readonly Placed[], { echo = false } = {}) {
  const clock = new VirtualClock();
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: START });
  const time = worldClock(START, 1, () => clock.mono());
  const ledger = new Ledger({ mono: () => clock.mono() });
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  const wire = new Wire({
    id: 'line',
    baud: BAUD,
    format: '8E1',
    time: clock,
    ledger,
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  for (const one of placed) wire.attach(played(one));
  const pipe = (): Pipe => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return {
      closed: promise,
      failure: undefined,
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            listener = undefined;
          },
        };
      },
      async write(bytes) {
        wire.hear(bytes);
        if (echo) clock.after(bytes.length * CHARACTER, () => listener?.(bytes, clock.mono()));
      },
      async [Symbol.asyncDispose]() {
        resolve();
      },
    };
  };
  return { clock, wire, ledger, pipe };

  function played({ stem, address, order }: Placed): LineDevice {
    const modbus = MODBUS_MODELS.get(stem);
    if (modbus !== undefined)
      return new ModbusDevice({ model: modbus, unit: Number(address), world, clock: time });
    const model = CJT188_MODELS.get(stem);
    if (model !== undefined && order !== undefined) {
      return new Cjt188Device({ model, address: String(address), world, clock: time, order });
    }
    const meter = createMeter(stem, { address: String(address), world, clock: time });
    if (meter === undefined) throw new Error(`no simulated ${stem}`);
    return meter;
  }
}

const ALL: readonly Placed[] = [
  { stem: 'eastron-sdm120', address: 7 },
  { stem: 'dlt645-2007-three-phase', address: '260305510020' },
  { stem: 'dlt645-2007-single-phase', address: '260305510021' },
  { stem: 'dlt645-1997', address: '000000000161' },
  { stem: 'cjt188-water', address: '00201707010069' },
  { stem: 'cjt188-gas', address: '23051606000102', order: 'low' },
  { stem: 'cjt188-heat', address: '00312718241912', order: 'low' },
];

describe('a mixed line', () => {
  it.each([
    ['as it should be', false, false],
    ['with an adapter that echoes', true, false],
    ['with a second master now and then', false, true],
  ])('%s gives every point of every profile as it was said', async (_how, echo, disturbed) => {
    const { clock, wire, ledger, pipe } = lineOf(ALL, { echo });
    if (disturbed) wire.inject(secondMaster({ every: 7000 }));
    const devices = ALL.map(
      ({ stem, address }): DeviceConfig => ({
        ...device(profile(stem), { address }),
        id: stem,
        every: 60_000,
      }),
    );
    const readings: Reading[] = [];
    const port: Port = { name: 'sim', retry: 1000, open: async () => pipe() };
    const handle = openLine({
      line,
      devices,
      driver: driverFor,
      clock,
      log: silent,
      publisher: { readings: (more) => readings.push(...more), event: () => {} },
      port,
      random: () => 0.5,
    });
    for (let passed = 0; passed < 400_000; passed += 500) await clock.advance(500);
    const closing = handle[Symbol.asyncDispose]();
    await clock.advance(3000);
    await closing;
    await wire[Symbol.asyncDispose]();

    // What a device said last of a point before a reading's time is what the reading holds.
    const wrong: unknown[] = [];
    for (const { device: stem, point, value, time, quality } of readings) {
      if (quality === 'bad') continue;
      const said = ledger.entries.findLast(
        (one) => one.device === stem && one.point === point && one.mono <= time,
      );
      const step = 10 ** -(profile(stem).points.find(({ id }) => id === point)?.decimals ?? 9);
      const near = typeof value === 'number' && Math.abs(value - Number(said?.value)) <= step / 2 + 1e-9;
      if (!near && value !== said?.value) wrong.push([stem, point, value, said?.value]);
    }
    expect(wrong).toEqual([]);
    for (const { stem } of ALL) {
      const good = new Map<string, number>();
      for (const { device: of, point, quality } of readings) {
        if (of === stem && quality === 'good') good.set(point, (good.get(point) ?? 0) + 1);
      }
      expect([stem, [...good.keys()].sort()]).toEqual([
        stem,
        profile(stem)
          .points.map(({ id }) => id)
          .sort(),
      ]);
      expect([stem, Math.min(...good.values()) >= (disturbed ? 2 : 5)]).toEqual([stem, true]);
    }
    if (!disturbed) expect(readings.filter(({ quality }) => quality === 'bad')).toEqual([]);
  });
});

describe('a scan', () => {
  /** Runs `search` on the agent's own exchange over the simulated line. */
  async function scan<T>(
    placed: readonly Placed[],
    search: (exchange: ReturnType<BusWire['lend']>['exchange']) => Promise<T>,
  ): Promise<T> {
    const { clock, wire, pipe } = lineOf(placed);
    using bus = new BusWire({ pipe: pipe(), timing: lineTiming(line), timeout: 300, cut: 40, clock });
    let over = false;
    const running = search(bus.lend('scan').exchange).finally(() => {
      over = true;
    });
    running.catch(() => {});
    while (!over) await clock.advance(500);
    await wire[Symbol.asyncDispose]();
    return running;
  }
  const never = new AbortController().signal;
  const options = { character: CHARACTER };
  const modbus: Placed = { stem: 'eastron-sdm120', address: 7 };

  it.each([
    ['dlt645-2007-three-phase', '2007'],
    ['dlt645-2007-single-phase', '2007'],
    ['dlt645-1997', '1997'],
  ] as const)('finds %s and says what it is', async (stem, version) => {
    const placed = [modbus, { stem, address: '260305510020' }];
    expect(await scan(placed, (exchange) => findDlt645(exchange, options, never))).toEqual({
      meters: [{ address: '260305510020', version, profile: stem }],
      noisy: false,
    });
  });

  it.each([
    ['cjt188-water', '10', 'high'],
    ['cjt188-gas', '30', 'low'],
    ['cjt188-heat', '25', 'low'],
  ] as const)('finds %s and says what it is', async (stem, type, order) => {
    const placed = [modbus, { stem, address: '00312718241912', order }];
    expect(await scan(placed, (exchange) => findCjt188(exchange, options, never))).toEqual({
      meters: [{ address: '00312718241912', type, order, profile: stem }],
      noisy: false,
    });
  });

  it('finds nothing where there is nothing, and no meter of the other protocol', async () => {
    const none = { meters: [], noisy: false };
    expect(await scan([modbus], (exchange) => findDlt645(exchange, options, never))).toEqual(none);
    expect(await scan([modbus], (exchange) => findCjt188(exchange, options, never))).toEqual(none);
    const water = [{ stem: 'cjt188-water', address: '00312718241912' }];
    expect(await scan(water, (exchange) => findDlt645(exchange, options, never))).toEqual(none);
    const power = [{ stem: 'dlt645-2007-three-phase', address: '260305510020' }];
    expect(await scan(power, (exchange) => findCjt188(exchange, options, never))).toEqual(none);
  });

  it('hears that several meters answer at once, and tells them apart when it is told to', async () => {
    const placed = [
      { stem: 'dlt645-2007-three-phase', address: '260305510020' },
      { stem: 'dlt645-2007-single-phase', address: '260305510021' },
      { stem: 'dlt645-2007-single-phase', address: '260305519921' },
    ];
    expect(await scan(placed, (exchange) => findDlt645(exchange, options, never))).toEqual({
      meters: [],
      noisy: true,
    });
    const { meters } = await scan(placed, (exchange) =>
      findDlt645(exchange, { ...options, delay: 100, pairs: 2 }, never),
    );
    expect(meters.map(({ address, profile }) => [address, profile])).toEqual([
      ['260305510020', 'dlt645-2007-three-phase'],
      ['260305510021', 'dlt645-2007-single-phase'],
      ['260305519921', 'dlt645-2007-single-phase'],
    ]);
  });
});
