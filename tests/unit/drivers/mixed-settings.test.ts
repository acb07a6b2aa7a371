/**
 * Modbus, DL/T 645, CJ/T 188 and M-Bus on one simulated RS-485 line, each at the settings it left the factory with: a scan
 * finds them, what it writes runs as it is, and the port is set from device to device. Byte by byte, in virtual time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import { siteDeps } from '../../../agent/cli/site.ts';
import type { Found } from '../../../agent/compose/scan/found.ts';
import { fragment } from '../../../agent/compose/scan/fragment.ts';
import { quickPlan, settingText } from '../../../agent/compose/scan/plan.ts';
import { search } from '../../../agent/compose/scan/search.ts';
import { loadSite } from '../../../agent/config/load.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig, SerialSettings } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { createMeter } from '../../../hw-sim/devices/meters.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { tuned } from '../../../hw-sim/lines/tuned.ts';
import type { UartSettings } from '../../../hw-sim/lines/uart.ts';
import { Wire } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { MINIMAL, SiteFolder } from '../config/site-folder.ts';
import { profile, profileFiles } from './load.ts';

const START = Date.UTC(2026, 10, 22, 4);
const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

interface Placed {
  readonly stem: string;
  readonly address: string | number;
  readonly primary?: number;
  readonly at: string;
}
const ALL: readonly Placed[] = [
  { stem: 'eastron-sdm120', address: 7, at: '9600 8N1' },
  { stem: 'dlt645-2007-three-phase', address: '260305510020', at: '2400 8E1' },
  { stem: 'cjt188-water', address: '00201707010069', at: '2400 8E1' },
  { stem: 'mbus-heat', address: '11490378', primary: 0, at: '2400 8E1' },
  { stem: 'mbus-water', address: '11580378', primary: 0, at: '2400 8E1' },
];

const uartOf = (text: string): UartSettings => {
  const [baud, format = '8N1'] = text.split(' ');
  return { baud: Number(baud), format };
};
const textOf = (serial: SerialSettings) => settingText({ ...LINE, serial });
const LINE: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyUSB0',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

/** The line and a port on it whose settings can be changed while it is open. */
function street() {
  const clock = new VirtualClock();
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: START });
  const time = worldClock(START, 1, () => clock.mono());
  const ledger = new Ledger({ mono: () => clock.mono() });
  let host = uartOf('9600 8N1');
  let changes = 0;
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  const wire = new Wire({
    id: 'line',
    ...host,
    time: clock,
    ledger,
    host: () => host,
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  for (const { stem, address, primary, at } of ALL) {
    const modbus = MODBUS_MODELS.get(stem);
    const device =
      modbus === undefined
        ? createMeter(stem, {
            address: String(address),
            world,
            clock: time,
            ...(primary === undefined ? {} : { primary }),
          })
        : new ModbusDevice({ model: modbus, unit: Number(address), world, clock: time });
    if (device === undefined) throw new Error(`no simulated ${stem}`);
    wire.attach(tuned(device, uartOf(at), () => host));
  }
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
      },
      async configure(serial) {
        host = uartOf(textOf(serial));
        changes += 1;
      },
      async [Symbol.asyncDispose]() {
        resolve();
      },
    };
  };
  const port = (line: LineConfig): Port => ({
    name: 'sim',
    retry: 1000,
    async open() {
      if (line.serial !== undefined) host = uartOf(textOf(line.serial));
      return pipe();
    },
  });
  return { clock, wire, ledger, port, changes: () => changes };
}

const never = new AbortController().signal;

async function scanned(): Promise<{
  readonly found: readonly Found[];
  readonly took: number;
  readonly noise: readonly string[];
}> {
  const { clock, wire, port } = street();
  const found: Found[] = [];
  const noise: string[] = [];
  const before = clock.mono();
  let over = false;
  const running = search({
    stages: quickPlan({ kind: 'serial', port: '/dev/ttyUSB0', host: '', tcpPort: 0 }),
    profiles: profileFiles().map((file) => file.profile),
    clock,
    signal: never,
    known: [],
    onFound: (one) => found.push(one),
    onStage: () => {},
    onNoise: (setting) => noise.push(setting),
    port,
  }).finally(() => {
    over = true;
  });
  running.catch(() => {});
  while (!over) await clock.advance(250);
  await running;
  await wire[Symbol.asyncDispose]();
  return { found, took: clock.mono() - before, noise };
}

describe('a line of four protocols at their own settings', () => {
  it('is found by the quick plan, and what the scan writes reads every point as it was said', async () => {
    const { found, took } = await scanned();
    const told = found.map(({ line, unit, address, profiles }) => [
      profiles[0],
      String(unit ?? address),
      settingText(line),
    ]);
    expect(told.sort()).toEqual(ALL.map(({ stem, address, at }) => [stem, String(address), at]).sort());
    for (const { profiles, points } of found) {
      expect([profiles[0], points]).toEqual([profiles[0], profile(profiles[0] ?? '').points.length]);
    }
    // Telling two M-Bus meters apart takes its time; a silent line takes less than a minute.
    expect(took).toBeLessThan(90_000);

    const yaml = `${MINIMAL}${fragment(found)}`;
    writeFileSync(join(folder.dir, 'site.yaml'), yaml);
    const loaded = await loadSite(join(folder.dir, 'site.yaml'), siteDeps());
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { lines, devices } = loaded.site;
    const [line] = lines;
    if (line === undefined) throw new Error('no line');
    expect(lines).toHaveLength(1);
    expect(devices.filter(({ serial }) => serial !== undefined).map(({ profile: { id } }) => id)).toEqual([
      'eastron-sdm120',
    ]);

    const { clock, wire, ledger, port, changes } = street();
    const readings: Reading[] = [];
    const handle = openLine({
      line,
      devices: devices.map((device) => ({ ...device, every: 60_000 })),
      driver: driverFor,
      clock,
      log: silent,
      publisher: { readings: (more) => readings.push(...more), event: () => {} },
      port: port(line),
      random: () => 0.5,
    });
    for (let passed = 0; passed < 200_000; passed += 500) await clock.advance(500);
    const closing = handle[Symbol.asyncDispose]();
    await clock.advance(3000);
    await closing;
    await wire[Symbol.asyncDispose]();

    expect(readings.filter(({ quality }) => quality === 'bad')).toEqual([]);
    const wrong: unknown[] = [];
    for (const { device, point, value, time } of readings) {
      const { id } = devices.find((one) => one.id === device)?.profile ?? { id: '' };
      const said = ledger.entries.findLast(
        (one) => one.device === id && one.point === point && one.mono <= time,
      );
      const step = 10 ** -(profile(id).points.find((one) => one.id === point)?.decimals ?? 9);
      const near = typeof value === 'number' && Math.abs(value - Number(said?.value)) <= step / 2 + 1e-9;
      if (!near && value !== said?.value) wrong.push([id, point, value, said?.value]);
    }
    expect(wrong).toEqual([]);
    for (const device of devices) {
      const read = new Set(readings.filter((one) => one.device === device.id).map(({ point }) => point));
      expect([device.id, read.size]).toEqual([device.id, device.profile.points.length]);
    }
    // To the Modbus device and back, round after round.
    expect(changes()).toBeGreaterThan(4);
  }, 60_000);
});
