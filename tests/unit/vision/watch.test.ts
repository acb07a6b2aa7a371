/** One camera from HTTP to readings, with the real networks, against the simulated camera. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { CameraConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import type { CameraHealth, VisionMessage } from '../../../agent/vision/messages.ts';
import { detectStill } from '../../../agent/vision/still.ts';
import { watchCamera } from '../../../agent/vision/watch.ts';
import { readPack } from '../../../models/pack.ts';
import { bus, car, type HandStreet, handStreet, people, until } from './street-camera.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const MODELS = join(import.meta.dirname, '../../../models');
let vehicles: Detector;
let faces: Detector;
beforeAll(async () => {
  vehicles = await loadDetector(await readPack(join(MODELS, 'centernet')));
  faces = await loadDetector(await readPack(join(MODELS, 'faceboxes')));
});
afterAll(async () => {
  await vehicles[Symbol.asyncDispose]();
  await faces[Symbol.asyncDispose]();
});

interface Watched extends AsyncDisposable {
  readonly street: HandStreet;
  readonly readings: Reading[];
  readonly events: AgentEvent[];
  health: CameraHealth | undefined;
  readonly watch: ReturnType<typeof watchCamera>;
  /** Resolves with the next reading of a point that fits. */
  next(point: string, fits: Partial<Reading>): Promise<Reading>;
}

async function watched(more: Partial<CameraConfig> = {}): Promise<Watched> {
  const street = await handStreet();
  const stop = new AbortController();
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  const camera: CameraConfig = {
    id: 'cam-1',
    title: { en: 'Street' },
    source: street.camera.url,
    rate: 8,
    tasks: ['vehicles', 'faces'],
    preview: true,
    every: 500,
    ...more,
  };
  const made: Watched = {
    street,
    readings,
    events,
    health: undefined,
    watch: watchCamera({
      camera,
      detectors: { vehicles, faces },
      faces: async () => faces,
      clock: new SystemClock(),
      signal: stop.signal,
      tell: (message: VisionMessage) => {
        if (message.kind === 'readings') readings.push(...message.readings);
        if (message.kind === 'event') events.push(message.event);
        if (message.kind === 'health') made.health = message.health;
      },
    }),
    next: (point, fits) => {
      const from = readings.length;
      return until(`${point} ${JSON.stringify(fits)}`, () =>
        readings
          .slice(from)
          .find(
            (reading) =>
              reading.point === point &&
              Object.entries(fits).every(([key, value]) => reading[key as keyof Reading] === value),
          ),
      );
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await made.watch.ended;
      await street[Symbol.asyncDispose]();
    },
  };
  return made;
}

let at: Watched | undefined;
beforeEach(() => async () => {
  await at?.[Symbol.asyncDispose]();
  at = undefined;
});

test('counts what is in the street, and follows it', async () => {
  at = await watched();
  at.street.street = { vehicles: [car(-6), car(4), bus(-3)], faces: people(3) };
  await at.next('vehicles', { value: 3, quality: 'good' });
  await at.next('bus-present', { value: true, quality: 'good' });
  await at.next('faces', { value: 3, quality: 'good' });
  at.street.street = { vehicles: [], faces: [] };
  await at.next('vehicles', { value: 0, quality: 'good' });
  await at.next('bus-present', { value: false });
  await at.next('faces', { value: 0, quality: 'good' });
  await until('health', () => (at?.health?.state === 'ok' ? at.health : undefined));
  expect(at.health?.facts.frames).toBeGreaterThan(0);
});

describe('what cannot be counted is never zero', () => {
  test.each([
    ['cover', 'source-dark', 'dark'],
    ['bag', 'source-covered', 'covered'],
    ['freeze', 'source-frozen', 'frozen'],
    ['refuse', 'communication-failure', 'failed'],
    ['garbage', 'communication-failure', 'failed'],
    ['truncate', 'communication-failure', 'failed'],
  ] as const)('%s', async (fault, reason, state) => {
    at = await watched({ tasks: ['vehicles'] });
    at.street.street = { vehicles: [car(2)], faces: [] };
    await at.next('vehicles', { value: 1, quality: 'good' });
    const injected = at.street.camera.inject(fault);
    const bad = await at.next('vehicles', { quality: 'bad' });
    expect(bad).toMatchObject({ value: null, reason });
    expect(at.events.at(-1)).toMatchObject({
      event: 'camera',
      severity: 'warning',
      device: 'cam-1',
      body: { state },
    });
    expect(await at.watch.preview()).toBeUndefined();
    injected[Symbol.dispose]();
    await at.next('vehicles', { value: 1, quality: 'good' });
    expect(at.events.at(-1)).toMatchObject({ severity: 'info', body: { state: 'ok' } });
    expect(at.readings.some((reading) => reading.point === 'vehicles' && reading.value === 0)).toBe(false);
  });
});

describe('preview', () => {
  test('shows the boxes and blurs the faces, also where faces are not counted', async () => {
    at = await watched({ tasks: ['vehicles'] });
    at.street.street = { vehicles: [car(-4)], faces: people(3) };
    await at.next('vehicles', { value: 1 });
    const shot = await at.watch.preview();
    if (shot === undefined) throw new Error('no preview');
    expect(shot).toMatchObject({ width: 1280, height: 720, detections: [{ class: 'car' }] });
    expect((await detectStill(vehicles, shot.jpeg)).detections).toHaveLength(1);
    expect((await detectStill(faces, shot.jpeg)).detections).toHaveLength(0);
  });

  test('is forbidden by the site file', async () => {
    at = await watched({ preview: false });
    at.street.street = { vehicles: [car(0)], faces: [] };
    await at.next('vehicles', { value: 1 });
    expect(await at.watch.preview()).toBeUndefined();
  });
});
