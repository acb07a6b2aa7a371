/** The facade with its real thread: readings reach the publisher, threads are restarted, nothing is left behind. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { CameraConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { cameraDescription } from '../../../agent/vision/description.ts';
import { startVision, type Vision } from '../../../agent/vision/vision.ts';
import { car, type HandStreet, handStreet, people, until } from './street-camera.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const THREAD = new URL('../../../agent/compose/vision/thread.ts', import.meta.url);
const DYING = new URL('./dying-thread.ts', import.meta.url);

const state = await mkdtemp(join(tmpdir(), 'kerbside-vision-state-'));
afterAll(() => rm(state, { recursive: true, force: true }));

let street: HandStreet | undefined;
let vision: Vision | undefined;
afterEach(async () => {
  await vision?.[Symbol.asyncDispose]();
  await street?.[Symbol.asyncDispose]();
  vision = undefined;
  street = undefined;
});

function start(entry: URL, source: string, more: Partial<CameraConfig> = {}) {
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  const stop = new AbortController();
  const camera: CameraConfig = {
    id: 'cam-1',
    title: { en: 'Street' },
    source,
    rate: 6,
    tasks: ['vehicles', 'faces'],
    preview: true,
    every: 500,
    ...more,
  };
  const started = startVision({
    cameras: [camera],
    entry,
    state,
    logFile: join(state, 'log.db'),
    crashMark: join(state, 'crash-mark'),
    leftOut: false,
    clock: new SystemClock(),
    log: silent,
    publisher: {
      readings: (batch) => void readings.push(...batch),
      event: (event) => void events.push(event),
    },
    signal: stop.signal,
  });
  vision = started;
  return { vision: started, readings, events, stop, camera };
}

const part = (of: Vision, name: string) => of.health().find((one) => one.part === name);

describe('the real thread', () => {
  test('counts, shows its health and a blurred preview, writes nothing, and ends', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'vision-'));
    for (const name of ['TMPDIR', 'HOME', 'XDG_CACHE_HOME']) vi.stubEnv(name, scratch);
    street = await handStreet();
    street.street = { vehicles: [car(-3), car(5)], faces: people(2) };
    const { vision: running, readings, camera } = start(THREAD, street.camera.url);
    expect(part(running, 'vision')?.state).toBe('starting');
    await until('two vehicles', () =>
      readings.find((r) => r.point === 'vehicles' && r.value === 2 && r.quality === 'good'),
    );
    await until('two faces', () =>
      readings.find((r) => r.point === 'faces' && r.value === 2 && r.quality === 'good'),
    );
    const points = new Set(cameraDescription(camera).points.map((point) => point.id));
    for (const reading of readings) {
      expect(points.has(reading.point)).toBe(true);
      expect(reading.value === null).toBe(reading.quality === 'bad');
    }
    await until('health', () => (part(running, 'camera:cam-1')?.state === 'ok' ? true : undefined));
    expect(part(running, 'vision')?.state).toBe('ok');

    const preview = await running.preview('cam-1');
    expect(preview?.detections.filter((detection) => detection.class === 'car')).toHaveLength(2);
    expect(Math.abs((preview?.time ?? 0) - Date.now())).toBeLessThan(120_000);
    expect(await running.preview('cam-2')).toBeUndefined();

    await running[Symbol.asyncDispose]();
    const after = readings.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(readings.length).toBe(after);
    expect(await running.preview('cam-1')).toBeUndefined();
    expect(await readdir(scratch)).toEqual([]);
    await rm(scratch, { recursive: true });
    vi.unstubAllEnvs();
  });

  test('a camera that is not there is bad with the reason, and health names the fix', async () => {
    const { vision: running, readings } = start(THREAD, 'http://127.0.0.1:1/snapshot.jpg');
    const reading = await until('a bad reading', () => readings.find((one) => one.point === 'vehicles'));
    expect(reading).toMatchObject({ value: null, quality: 'bad', reason: 'communication-failure' });
    const health = await until('health', () => {
      const found = part(running, 'camera:cam-1');
      return found?.state === 'down' ? found : undefined;
    });
    expect(health.fix).toMatch(/address/);
    await running[Symbol.asyncDispose]();
  });
});

describe('a thread that dies', () => {
  test('is started again; meanwhile its points are bad', async () => {
    const { vision: running, readings } = start(DYING, 'http://127.0.0.1:1/');
    await until('two generations', () =>
      readings.filter((reading) => reading.quality === 'good').length >= 2 ? true : undefined,
    );
    const bad = readings.filter((reading) => reading.quality === 'bad');
    expect(new Set(bad.map((reading) => reading.point))).toEqual(
      new Set(['vehicles', 'vehicles-passed', 'bus-present', 'faces', 'faces-passed']),
    );
    expect(bad.every((reading) => reading.reason === 'device-failure' && reading.value === null)).toBe(true);
    await running[Symbol.asyncDispose]();
  });
});

test('no camera: vision is off and no thread runs', async () => {
  const running = startVision({
    cameras: [],
    entry: DYING,
    state,
    logFile: join(state, 'log.db'),
    crashMark: join(state, 'crash-mark'),
    leftOut: false,
    clock: new SystemClock(),
    log: silent,
    publisher: { readings: () => {}, event: () => {} },
    signal: new AbortController().signal,
  });
  expect(running.health()).toMatchObject([{ part: 'vision', state: 'off' }]);
  await running[Symbol.asyncDispose]();
});

test('nothing of vision can write a file, and nothing in it recognises anybody', async () => {
  const folder = join(import.meta.dirname, '../../../agent/vision');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const files = [...names.map((name) => join(folder, name)), THREAD.pathname];
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    expect(text, file).not.toMatch(
      /[wW]rite(File|Stream|Sync)|toFile|appendFile|mkdir|rename|openSync|copyFile/,
    );
    expect(text, file).not.toMatch(/embedding|descriptor|identify/i);
  }
});
