/** From drawn frames to counts with the real network and no waiting: time is what the frames say it is. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { CameraConfig } from '../../../agent/core/camera.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import { Observer } from '../../../agent/vision/observer.ts';
import { decode, measure } from '../../../agent/vision/picture.ts';
import { createRenderer, type Renderer } from '../../../hw-sim/camera/renderer.ts';
import type { StreetMoment } from '../../../hw-sim/camera/scene.ts';
import { readPack } from '../../../models/pack.ts';
import { bus, car, people } from './street-camera.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let vehicles: Detector;
let renderer: Renderer;
beforeAll(async () => {
  vehicles = await loadDetector(await readPack(join(import.meta.dirname, '../../../models/centernet')));
  renderer = await createRenderer();
});
afterAll(() => vehicles[Symbol.asyncDispose]());

const CAMERA: CameraConfig = {
  id: 'cam-1',
  title: { en: 'Street' },
  source: 'http://127.0.0.1:1/',
  rate: 6,
  tasks: ['vehicles'],
  preview: false,
  every: 10_000,
};

/** Frames every `step` ms, drawn by `frame`; gives all readings by point. */
async function observe(
  camera: CameraConfig,
  seconds: number,
  step: number,
  frame: (time: number) => Promise<Buffer>,
): Promise<readonly Reading[]> {
  const observer = new Observer({ camera, detectors: { vehicles }, now: 0 });
  const readings: Reading[] = [];
  let close = camera.every;
  for (let time = step; time <= seconds * 1000; time += step) {
    const bytes = await frame(time);
    const size = await measure(bytes);
    const pictures = { vehicles: await decode(bytes, size, vehicles.pack.input) };
    const { news } = await observer.look({ frame: { bytes, time }, size, pictures });
    readings.push(...news);
    if (time < close) continue;
    readings.push(...observer.close(close));
    close += camera.every;
  }
  return readings;
}

test('a camera that is tilted away tells no zero, and counts again when it is turned back', async () => {
  const street: StreetMoment = { vehicles: [car(-6), car(4), bus(-3)], faces: [] };
  const tiltedAt = (time: number) => time > 12_000 && time <= 40_000;
  // A vehicle that stands is in every frame; when the camera looks at the pavement, none is.
  const readings = await observe({ ...CAMERA, every: 5000 }, 50, 1000, (time) =>
    renderer.render(street, 1, time, { tilt: tiltedAt(time) ? 0.6 : 0 }),
  );
  const seen = readings.filter(({ point }) => point === 'vehicles');
  expect(seen.every(({ value }) => value === 3 || value === null)).toBe(true);
  const at = (time: number) => seen.filter((one) => one.time > time - 5000 && one.time <= time).at(-1);
  expect(at(10_000)).toMatchObject({ value: 3, quality: 'good' });
  for (const time of [15_000, 20_000, 30_000, 40_000]) {
    expect(at(time)).toMatchObject({ value: null, reason: 'source-moved' });
  }
  expect(at(50_000)).toMatchObject({ value: 3, quality: 'good' });
});

test('a lamp that comes on, dusk and a bus before the lens are no tilt', async () => {
  const readings = await observe({ ...CAMERA, every: 5000 }, 40, 1000, (time) => {
    const light = time < 15_000 ? 1 : time < 25_000 ? 1 - 0.07 * ((time - 15_000) / 1000) : 0.55;
    const near = time > 30_000 && time < 34_000 ? [{ ...bus(0), lane: 2 }] : [];
    return renderer.render({ vehicles: [car(-6), ...near], faces: [] }, light, time);
  });
  expect(readings.filter(({ reason }) => reason === 'source-moved' || reason === 'source-covered')).toEqual(
    [],
  );
});

test('people waiting are counted where they wait, and do not count as vehicles', async () => {
  const camera: CameraConfig = {
    ...CAMERA,
    every: 2000,
    zones: [
      {
        id: 'stop',
        title: { en: 'Stop' },
        polygon: [
          [0.2, 0.7],
          [1, 0.7],
          [1, 1],
          [0.2, 1],
        ],
        counts: 'people',
        area: 10,
      },
    ],
  };
  const readings = await observe(camera, 4, 250, (time) =>
    renderer.render({ vehicles: [car(-5)], faces: people(3) }, 1, time),
  );
  const last = (point: string) => readings.filter((one) => one.point === point).at(-1);
  expect(last('stop-occupancy')).toMatchObject({ value: 3, quality: 'good' });
  expect(last('stop-density')).toMatchObject({ value: 0.3 });
  expect(last('stop-queue')).toMatchObject({ value: 3 });
  expect(last('vehicles')).toMatchObject({ value: 1 });
});

test('zones, bays and lines see the drawn street where it is', async () => {
  // The near lane runs at 410 of 720 pixels; a car parks in the cycle lane at 540.
  const camera: CameraConfig = {
    ...CAMERA,
    lines: [{ id: 'gate', title: { en: 'Gate' }, from: [0.5, 0.45], to: [0.5, 0.62], classes: ['car'] }],
    zones: [
      {
        id: 'road',
        title: { en: 'Road' },
        polygon: [
          [0, 0.5],
          [1, 0.5],
          [1, 0.62],
          [0, 0.62],
        ],
        counts: 'vehicles',
      },
    ],
    bays: [
      {
        id: 'one',
        title: { en: 'One' },
        polygon: [
          [0.3, 0.62],
          [0.55, 0.62],
          [0.55, 0.8],
          [0.3, 0.8],
        ],
      },
      {
        id: 'two',
        title: { en: 'Two' },
        polygon: [
          [0.6, 0.62],
          [0.9, 0.62],
          [0.9, 0.8],
          [0.6, 0.8],
        ],
      },
    ],
  };
  const readings = await observe(camera, 10, 1000 / 6, (time) => {
    const passing = { ...car(-14 + time / 400), id: 'passing' };
    return renderer.render({ vehicles: [passing, car(-1, 2)], faces: [] }, 1, time);
  });
  const last = (point: string) => readings.filter((one) => one.point === point).at(-1);
  expect(last('gate-left')).toMatchObject({ value: 1, quality: 'good' });
  expect(last('gate-left-car')).toMatchObject({ value: 1 });
  expect(last('gate-right')).toMatchObject({ value: 0 });
  expect(last('vehicles-passed')).toMatchObject({ value: 1 });
  expect(last('one-occupied')).toMatchObject({ value: true });
  expect(last('two-occupied')).toMatchObject({ value: false });
  expect(last('road-occupancy')).toMatchObject({ value: 1 });
});
