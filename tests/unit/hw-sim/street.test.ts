import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import modbusSerial from 'modbus-serial';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../hw-sim/free-port.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { parseScenario } from '../../../hw-sim/scenario.ts';
import { siteFile } from '../../../hw-sim/site-file.ts';
import { startStreet } from '../../../hw-sim/street-parts.ts';

const ModbusRTU = modbusSerial.default;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hw-sim-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await pause(10);
  expect(done()).toBe(true);
}

async function voltage(path: string): Promise<number> {
  const client = new ModbusRTU();
  await client.connectRTUBuffered(path, { baudRate: 9600 });
  try {
    client.setID(1);
    client.setTimeout(400);
    return (await client.readInputRegisters(0, 2)).buffer.readFloatBE(0);
  } finally {
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
}

describe('the ledger', () => {
  test('is in the file before the value is out, in order, and stays when the simulator is killed', async () => {
    const file = join(folder, 'sub', 'ledger.jsonl');
    using ledger = new Ledger({ file, keep: 10, mono: () => 7 });
    const served = { device: 'd', point: 'p', raw: '00', value: 1, uom: 'W' };
    ledger.write('line', [served, { ...served, value: null }]);
    ledger.write('line', [served], false);
    ledger.write('line', []);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { seq: 1, mono: 7, line: 'line', ...served, intact: true },
      { seq: 2, mono: 7, line: 'line', ...served, value: null, intact: true },
      { seq: 3, mono: 7, line: 'line', ...served, intact: false },
    ]);
    for (let i = 0; i < 100; i++) ledger.write('line', [served]);
    expect(ledger.entries.length).toBeLessThanOrEqual(11);
    expect(ledger.entries.at(-1)?.seq).toBe(103);
    expect(ledger.count).toBe(103);
  });
});

describe('the street', () => {
  test('opens all its ports, plays its faults, and leaves nothing', async () => {
    const scenario = parseScenario(`
title: small
seed: 2
site: { id: s, title: { en: s }, timezone: Asia/Shanghai, position: { lat: 31, lon: 121 } }
agent: a
lines:
  - id: bus
    devices:
      - { id: meter, model: eastron-sdm120, unit: 1, every: 500ms }
  - id: net
    tcp: true
    devices:
      - { id: charger, model: keba-p30, unit: 255 }
  - id: uart
    baud: 57600
    duplex: full
    devices:
      - { id: board, model: arduino-firmata }
cameras:
  - { id: cam, title: { en: cam } }
faults:
  - { at: 0ms, for: 700ms, fault: silence, line: bus }
  - { at: 0ms, for: 500ms, fault: city-away }
  - { at: 0ms, for: 300ms, fault: unplugged, line: uart }
  - { at: 0ms, fault: door-open }
`);
    const ports = join(folder, 'ports');
    const ledger = join(folder, 'ledger.jsonl');
    const said: string[] = [];
    const street = await startStreet({ scenario, ports, ledger, say: (line) => said.push(line) });
    const bus = join(ports, 'bus');
    await until(() => said.length >= 4);
    expect(existsSync(join(ports, 'uart'))).toBe(false);
    expect(street.broker?.up).toBe(false);
    expect(street.world.hands.doorOpen).toBe(true);
    await expect(voltage(bus)).rejects.toThrow(/[Tt]imed? ?out/);
    await until(() => said.length >= 7);
    expect(said).toContain('fault over: silence on bus');
    await until(() => existsSync(join(ports, 'uart')) && street.broker?.up === true);
    expect(await voltage(bus)).toBeCloseTo(228, -1);
    expect(JSON.parse(readFileSync(ledger, 'utf8').split('\n')[0] ?? '')).toMatchObject({ line: 'bus' });

    const camera = street.camera?.url ?? '';
    const picture = await fetch(camera);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(5000);
    const broker = street.broker?.port ?? 0;

    await street[Symbol.asyncDispose]();
    expect(readdirSync(ports)).toEqual([]);
    expect(await freePort(broker)).toBe(broker);
    await expect(fetch(camera)).rejects.toThrow();
    expect(street.world.hands.doorOpen).toBe(false);
  });

  test('what it began is ended where it cannot start', async () => {
    const scenario = parseScenario(`
title: doomed
seed: 2
site: { id: s, title: { en: s }, timezone: UTC, position: { lat: 31, lon: 121 } }
agent: a
lines:
  - { id: bus, devices: [{ id: meter, model: eastron-sdm120 }] }
`);
    const taken = await startStreet({ scenario, camera: false });
    const port = taken.broker?.port ?? 0;
    const ports = join(folder, 'ports');
    await expect(startStreet({ scenario, ports, camera: false, broker: 70_000 })).rejects.toThrow();
    expect(readdirSync(ports)).toEqual([]);
    await taken[Symbol.asyncDispose]();
    expect(await freePort(port)).toBe(port);
  });

  test('devices that are asked by datagrams have lines of their own, and leave nothing', async () => {
    const scenario = parseScenario(`
title: datagrams
seed: 2
site: { id: s, title: { en: s }, timezone: UTC, position: { lat: 31, lon: 121 } }
agent: a
lines:
  - { id: cabinet, devices: [{ id: ups, model: apc-smart-ups }] }
  - { id: building, devices: [{ id: bms, model: generic-bacnet-controller }] }
`);
    const street = await startStreet({ scenario, camera: false, broker: false });
    const text = siteFile(street, { broker: 'mqtt://h:1', console: 8081, nodeRed: 1881, state: './agent' });
    expect([...text.matchAll(/udp: 127\.0\.0\.1:\d+/g)]).toHaveLength(2);
    const line = street.lines.get('cabinet');
    if (line?.kind !== 'udp') throw new Error('no line of datagrams');
    const socket = createSocket('udp4');
    const answered = once(socket, 'message');
    const request = '302902010004067075626c6963a01c0204036a5f43020100020100300e300c06082b060102010101000500';
    socket.send(Buffer.from(request, 'hex'), line.port.port, line.port.host);
    await answered;
    socket.close();
    await street[Symbol.asyncDispose]();
    await expect(freePort(line.port.port)).resolves.toBe(line.port.port);
  });

  test('its site file tells the agent the ports and, in a demonstration, the time', async () => {
    await using street = await startStreet({ scenario: 'street', speed: 60, camera: false, ports: folder });
    const text = siteFile(street, { broker: 'mqtt://h:1', console: 8081, nodeRed: 1881, state: './agent' });
    expect(text).toContain(`port: ${join(folder, 'rs485-1')}`);
    expect(text).toContain('rate: 60');
    expect(text).toContain(`wall: ${street.clock.origin.wall}`);
    expect(text).toContain('listen: 127.0.0.1:8081');
  });
});

describe('the command hw-sim', () => {
  test('plays the devices in a process of its own and goes at SIGINT', async () => {
    const main = join(import.meta.dirname, '../../../hw-sim/main.ts');
    const child = spawn(process.execPath, [main, '--ports', folder, '--no-camera', '--no-broker'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const told = JSON.parse(String(line));
    expect(told.lines).toHaveLength(3);
    expect(existsSync(told.site)).toBe(true);
    expect(await voltage(told.lines[0].port)).toBeCloseTo(228, -1);
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(readdirSync(folder)).toEqual(['site.yaml']);
  });

  test('says what is wrong with a scenario and ends', async () => {
    const main = join(import.meta.dirname, '../../../hw-sim/main.ts');
    const child = spawn(process.execPath, [main, '--scenario', 'nowhere'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toMatch(/scenario "nowhere" cannot be read/);
  });
});
