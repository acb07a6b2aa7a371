/** The eight example flows, as they are in the Examples menu, in a real Node-RED against the agent's API: each does what it says. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Command } from '../../../agent/core/command.ts';
import { silent } from '../../../agent/core/log.ts';
import { bad, good, type Value } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { Unit } from '../../../agent/core/unit.ts';
import { startNodeRed } from '../../../agent/node-red/node-red.ts';
import { type Admin, nodeRedAdmin } from '../../support/node-red-admin.ts';
import { openConsole, type TestConsole } from '../console/open-console.ts';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly info?: string;
  readonly label?: string;
}

const EXAMPLES = new URL('../../../flows/examples/', import.meta.url);
const FILES = readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(new URL(file, EXAMPLES), 'utf8')) as FlowNode[];

const dir = mkdtempSync(join(tmpdir(), 'kerbside-examples-'));
const stack = new AsyncDisposableStack();
let console_: TestConsole;
let admin: Admin;
let since = 0;

beforeAll(async () => {
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  console_ = stack.use(await openConsole());
  const { authorization } = await console_.token('technician', 'node-red');
  const nodeRed = stack.use(
    startNodeRed({
      config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6 },
      entry: new URL('../../../flows/runtime/main.js', import.meta.url),
      nodesDir: new URL('../../../flows/', import.meta.url),
      example: new URL('dim-by-traffic.json', EXAMPLES),
      userDir: join(dir, 'state', 'node-red'),
      agent: { url: console_.console.url, token: authorization.replace('Bearer ', '') },
      clock: new SystemClock(),
      log: silent,
      onHealth: () => {},
      onEvent: () => {},
    }),
  );
  admin = await nodeRedAdmin(await vi.waitUntil(() => nodeRed.ticket(), { timeout: 60_000 }));
  const all = FILES.flatMap(read).map((node) => ({
    ...node,
    // It is always night in the test.
    ...(node.env === undefined
      ? {}
      : { env: node.env.map((one) => ({ ...one, value: NIGHT[one.name] ?? one.value })) }),
    ...(node.id === 'kb-hold' ? { duration: `${HOLD}` } : {}),
  }));
  await admin.deploy(all);
  // Once an answer to a measurement comes, the nodes are there and connected.
  for (let taken = true; console_.agent.submitted.length === 0; taken = !taken) {
    await measured('camera-1', { 'bay-1-occupied': taken, 'bay-2-occupied': taken });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await measured('camera-1', { 'bay-1-occupied': true, 'bay-2-occupied': true });
}, 120_000);
afterAll(() => stack.disposeAsync());
beforeEach(() => {
  since = console_.agent.submitted.length;
});

/** Dim by traffic holds full light so long after a vehicle instead of a minute, s. */
const HOLD = 1;
const NIGHT: Record<string, string> = { NIGHT_FROM: '0', NIGHT_TO: '24' };

/** Something is measured, and leaves over the stream. */
async function measured(
  device: string,
  values: Record<string, Value | null>,
  unit: Unit = '1',
): Promise<void> {
  const now = console_.clock.mono();
  console_.agent.publish(
    Object.entries(values).map(([point, value]) =>
      value === null
        ? bad({ device, point, unit }, 'timeout', now)
        : good({ device, point, unit }, value, now),
    ),
  );
  await console_.clock.advance(300);
}

/** A command that a flow has sent since the test began. */
function sent(is: (command: Command) => boolean): Promise<Command> {
  return vi.waitUntil(() => console_.agent.submitted.slice(since).find(is), {
    timeout: 20_000,
    interval: 10,
  });
}
const message = (template: string, seconds?: number) =>
  sent(({ point, value }) => {
    if (point !== 'message') return false;
    const wish = JSON.parse(String(value));
    return wish.template === template && (seconds === undefined || wish.seconds === seconds);
  }).then(({ value, device }) => ({ device, ...JSON.parse(String(value)) }));

test('there are eight, each with words about what it does and needs', () => {
  expect(FILES).toHaveLength(8);
  const ids = FILES.flatMap((file) => read(file).map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  for (const file of FILES) {
    const tab = read(file).find(({ type }) => type === 'tab');
    expect(tab?.info?.length, file).toBeGreaterThan(100);
    expect(
      read(file).some(({ type }) => type === 'kerbside agent'),
      file,
    ).toBe(true);
    const page = readFileSync(new URL('../../../docs/node-red.md', import.meta.url), 'utf8');
    expect(page).toContain(file);
  }
});

describe('the flow', { timeout: 30_000 }, () => {
  const level = (value: number) => sent((one) => one.point === 'lamp-level' && one.value === value);
  /** Commands to the lamp since the test began, once the flows have worked on all that was measured until now. */
  async function lampCommands(free: number): Promise<Command[]> {
    const before = console_.agent.submitted.length;
    await measured('camera-1', { 'bay-1-occupied': free === 0, 'bay-2-occupied': free < 2 });
    await vi.waitUntil(
      () =>
        console_.agent.submitted
          .slice(before)
          .some(({ point, value }) => point === 'message' && JSON.parse(String(value)).fields?.free === free),
      { timeout: 20_000, interval: 10 },
    );
    return console_.agent.submitted.slice(since).filter(({ point }) => point === 'lamp-level');
  }

  test('dim by traffic leaves the lamp alone by day, whoever passes', async () => {
    expect(await lampCommands(2)).toEqual([]);
    await measured('lamp-1', { night: false });
    await measured('camera-1', { vehicles: 3, 'vehicles-passed': 3 });
    await measured('camera-1', { vehicles: null });
    expect(await lampCommands(1)).toEqual([]);
  });

  test('dim by traffic begins at dusk, dims, and raises for a vehicle, also where nothing can be seen', async () => {
    await measured('lamp-1', { night: true });
    expect(await level(100)).toMatchObject({ device: 'board', lease: 900_000 });
    expect(await level(30)).toMatchObject({ device: 'board', lease: 900_000 });
    since = console_.agent.submitted.length;
    await measured('camera-1', { vehicles: 1 });
    await level(100);
    await level(30);
    since = console_.agent.submitted.length;
    await measured('camera-1', { vehicles: null });
    await level(100);
    await level(30);
  });

  test('dim by traffic gives the lamp back at dawn and commands it no more', async () => {
    await measured('lamp-1', { night: true });
    await measured('camera-1', { vehicles: 1 });
    await level(100);
    since = console_.agent.submitted.length;
    await measured('lamp-1', { night: false });
    // A lease of a second: the programme has it then.
    const back = await sent((one) => one.point === 'lamp-level');
    expect(back).toMatchObject({ device: 'board', lease: 1000 });
    since = console_.agent.submitted.length;
    await measured('camera-1', { vehicles: 2 });
    await new Promise((resolve) => setTimeout(resolve, HOLD * 1500));
    expect(await lampCommands(2)).toEqual([]);
  });

  test('flood warning shows the depth on the sign, and takes it away when the water has gone', async () => {
    await measured('flood-1', { level: 217 }, 'mm');
    expect(await message('flood', 900)).toMatchObject({
      device: 'sign-1',
      fields: { depth: 220 },
      priority: 9,
    });
    await measured('flood-1', { level: 90 }, 'mm');
    await measured('flood-1', { level: 20 }, 'mm');
    expect(await message('flood', 0)).toMatchObject({ device: 'sign-1' });
    expect(console_.agent.submitted.slice(since).filter(({ point }) => point === 'message')).toHaveLength(2);
  });

  test('noise at night asks for quiet, by the mean of the energy', async () => {
    console_.agent.buckets = (device) =>
      device === 'station'
        ? [40, 40, 65].map((mean, time) => ({
            time,
            count: 60,
            min: mean,
            mean,
            max: mean,
            last: mean,
            noise: NOISE,
          }))
        : [];
    await admin.inject('noise-clock');
    // The mean of the figures would be 48 dB and no reason.
    expect(await message('quiet')).toMatchObject({ device: 'sign-1', seconds: 600 });
  });

  test('peak limit gives the charger what the feeder leaves', async () => {
    await measured('charger-1', { 'power-active-total': 4000 }, 'W');
    await measured('meter-feeder', { 'power-active-total': 9 }, 'kW');
    const half = await sent(({ point }) => point === 'current-limit');
    // 11 kW less 5 kW of the others, at 230 V.
    expect(half).toMatchObject({ device: 'charger-1', value: 26, lease: 180_000 });
    since = console_.agent.submitted.length;
    await measured('meter-feeder', { 'power-active-total': 14.5 }, 'kW');
    expect(await sent(({ point }) => point === 'current-limit')).toMatchObject({ value: 0 });
    since = console_.agent.submitted.length;
    await measured('meter-feeder', { 'power-active-total': null }, 'kW');
    expect(await sent(({ point }) => point === 'current-limit')).toMatchObject({ value: 6 });
  });

  test('bay occupancy counts what is free, and what cannot be seen as taken', async () => {
    await measured('camera-1', { 'bay-1-occupied': false, 'bay-2-occupied': null });
    expect(await message('bays-free')).toMatchObject({ device: 'led-1', fields: { free: 1 } });
    since = console_.agent.submitted.length;
    await measured('camera-1', { 'bay-1-occupied': false, 'bay-2-occupied': false });
    expect(await message('bays-free')).toMatchObject({ fields: { free: 2 } });
  });

  test('sensor maths publishes the heat index', async () => {
    await measured('station', { temperature: 33 }, 'Cel');
    await measured('station', { humidity: 70 }, '%');
    const reading = await vi.waitUntil(() => console_.agent.hub.latest('street-climate', 'heat-index'), {
      timeout: 20_000,
    });
    // NWS table: 91.4 °F at 70 % is 110 °F.
    expect(reading).toMatchObject({ unit: 'Cel', quality: 'good' });
    expect(Number(reading.value)).toBeGreaterThan(42.5);
    expect(Number(reading.value)).toBeLessThan(44);
    expect(console_.agent.virtual.rows()[0]?.source).toBe(
      'flow:node-red Sensor maths to a virtual point / heat index',
    );
  });

  test('smoke turns on beacon and lamp for ten minutes, once', async () => {
    await measured('smoke-1', { 'smoke-alarm': false });
    await measured('smoke-1', { 'smoke-alarm': true });
    expect(await sent(({ point }) => point === 'sos-beacon')).toMatchObject({ value: true, lease: 600_000 });
    expect(await sent(({ point, lease }) => point === 'lamp-level' && lease === 600_000)).toMatchObject({
      value: 100,
    });
    expect(console_.agent.submitted.slice(since).filter(({ point }) => point === 'sos-beacon')).toHaveLength(
      1,
    );
  });

  test('the daily report is a figure in history', async () => {
    console_.agent.buckets = (device, point) =>
      device === 'meter-feeder' && point === 'energy-import'
        ? [1200, 1203.5, 1205].map((min, i) => ({
            time: i * 3_600_000,
            count: 60,
            min,
            mean: null,
            max: min + 1,
            last: min + 1,
          }))
        : [];
    await admin.inject('report-clock');
    const reading = await vi.waitUntil(() => console_.agent.hub.latest('report', 'energy-yesterday'), {
      timeout: 20_000,
    });
    expect(reading).toMatchObject({ value: 6, unit: 'kW.h' });
  });
});

const NOISE = { l10: null, l50: null, l90: null };
