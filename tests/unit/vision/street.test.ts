/** The drawn street and the default models agree: every sprite is found as what it is, and the counts match the plan. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import { LineCounter, MIDDLE } from '../../../agent/vision/line.ts';
import { detectStill } from '../../../agent/vision/still.ts';
import { Tracker } from '../../../agent/vision/tracker.ts';
import { lightAt } from '../../../hw-sim/camera/light.ts';
import { createRenderer, type Renderer } from '../../../hw-sim/camera/renderer.ts';
import { type SeenVehicle, type StreetMoment, truthOf } from '../../../hw-sim/camera/scene.ts';
import { VEHICLE_METRES } from '../../../hw-sim/world/traffic.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { readPack } from '../../../models/pack.ts';

// Inference on a loaded gateway-sized machine takes its time; nothing here measures it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const MODELS = join(import.meta.dirname, '../../../models');
let vehicles: Detector;
let faces: Detector;
let renderer: Renderer;
beforeAll(async () => {
  vehicles = await loadDetector(await readPack(join(MODELS, 'centernet')), { threads: 2 });
  faces = await loadDetector(await readPack(join(MODELS, 'faceboxes')), { threads: 2 });
  renderer = await createRenderer();
});
afterAll(async () => {
  await vehicles[Symbol.asyncDispose]();
  await faces[Symbol.asyncDispose]();
});

const one = (kind: SeenVehicle['class'], lane: number, position: number, colour: number): StreetMoment => ({
  vehicles: [
    {
      id: 'v',
      class: kind,
      lane,
      direction: lane === 1 ? -1 : 1,
      position,
      length: VEHICLE_METRES[kind],
      colour,
    },
  ],
  faces: [],
});
const DAY = 1;

describe('sprites', () => {
  /** Lanes as the world uses them: 1 is the far one, 0 the near one, 2 the cycle lane before the camera. */
  test.each([
    ['car', [0, 1, 2]],
    ['bus', [0, 1, 2]],
    ['truck', [0, 1]],
    ['motorcycle', [0, 1, 2]],
    ['bicycle', [2]],
  ] as const)('%s', async (kind, lanes) => {
    const wrong: string[] = [];
    for (const lane of lanes) {
      for (const position of [-3.3, 0.3, 3.7]) {
        for (const look of [0.05, 0.6]) {
          const jpeg = await renderer.render(one(kind, lane, position, look), DAY, position * 100 + look);
          const found = (await detectStill(vehicles, jpeg)).detections.map((detection) => detection.class);
          if (found.join() !== kind)
            wrong.push(`lane ${lane} at ${position} m, look ${look}: ${found.join() || 'nothing'}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('faces, near, middling and far', async () => {
    for (const size of [0.12, 0.17, 0.22]) {
      for (let look = 0.04; look < 1; look += 0.32) {
        const people = [-3.2, 0, 3.2].map((position, i) => ({
          id: `f${i}`,
          position,
          size,
          look: (look + i * 0.3) % 1,
        }));
        const jpeg = await renderer.render({ vehicles: [], faces: people }, DAY, size + look);
        expect((await detectStill(faces, jpeg)).detections.length, `size ${size}, look ${look}`).toBe(3);
      }
    }
  });
});

describe('the street counts as planned', () => {
  /** Moments spread over a day of a seeded world; those in which a vehicle is cut by the edge prove nothing. */
  async function compare(hours: readonly number[], each: number) {
    const start = Date.UTC(2027, 2, 12, -8);
    const world = createWorld({ seed: 11, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8, start });
    let [moments, right, faceMoments, facesRight] = [0, 0, 0, 0];
    const wrong: string[] = [];
    for (const hour of hours) {
      for (let i = 0; i < each; i++) {
        const time = start + hour * 3_600_000 + i * 97_000;
        const street = world.trafficAt(time);
        const truth = truthOf(street);
        const light = lightAt(world.sun(time), 0.8);
        const jpeg = await renderer.render(street, light, time);
        const faceCount = (await detectStill(faces, jpeg)).detections.length;
        faceMoments += 1;
        if (faceCount === truth.faces) facesRight += 1;
        else wrong.push(`${hour} h ${i}: ${faceCount} faces for ${truth.faces}`);
        if (!truth.settled) continue;
        const found = (await detectStill(vehicles, jpeg)).detections;
        moments += 1;
        if (found.length === truth.vehicleCount) right += 1;
        else
          wrong.push(
            `${hour} h ${i}: ${found.map((f) => f.class).join()} for ${JSON.stringify(truth.vehicles)}`,
          );
      }
    }
    return { moments, share: right / moments, faceShare: facesRight / faceMoments, wrong };
  }

  test('by day', async () => {
    const { moments, share, faceShare, wrong } = await compare([8, 13, 17], 12);
    expect(moments).toBeGreaterThan(20);
    expect(share, wrong.join('\n')).toBeGreaterThanOrEqual(0.95);
    expect(faceShare, wrong.join('\n')).toBe(1);
  });

  test('by night, under the lamp', async () => {
    const { moments, share, faceShare, wrong } = await compare([20], 14);
    expect(moments).toBeGreaterThan(7);
    expect(share, wrong.join('\n')).toBeGreaterThanOrEqual(0.9);
    expect(faceShare, wrong.join('\n')).toBeGreaterThanOrEqual(0.95);
  });
});

test('at six frames a second every vehicle passes once, in its direction and class', async () => {
  const start = Date.UTC(2027, 2, 12, 0);
  const world = createWorld({ seed: 13, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8, start });
  const tracker = new Tracker();
  const line = new LineCounter(MIDDLE);
  const counted: string[] = [];
  const length = 18_000;
  for (let at = 0; at < length; at += 1000 / 6) {
    const jpeg = await renderer.render(world.trafficAt(start + at), DAY, start + at);
    const { detections, frame } = await detectStill(vehicles, jpeg);
    for (const passage of line.update(tracker.update(detections, at), frame)) {
      // The line runs from the top down: its left is the right of the picture.
      counted.push(`${passage.class} ${passage.direction === 'left' ? 1 : -1}`);
    }
  }
  const planned = world
    .passages(start, start + length)
    .map((passage) => `${passage.class} ${passage.direction}`);
  expect(planned.length).toBeGreaterThan(3);
  expect(counted).toEqual(planned);
});

test('the same moment is the same frame, another one is another', async () => {
  const street = one('car', 0, 1, 0.3);
  const frame = await renderer.render(street, DAY, 1000);
  expect(frame.equals(await renderer.render(street, DAY, 1000))).toBe(true);
  expect(frame.equals(await renderer.render(street, DAY, 1001))).toBe(false);
});

test('truth says which vehicles are in the picture and when it is settled', () => {
  const at = (position: number) => truthOf(one('car', 0, position, 0.5));
  expect(at(0)).toEqual({ vehicles: { car: 1 }, vehicleCount: 1, faces: 0, settled: true });
  // Half the picture is 640 / 54 = 11.85 m; the car is 4.5 m long.
  expect(at(11.5)).toMatchObject({ vehicleCount: 1, settled: false });
  expect(at(12.5)).toMatchObject({ vehicleCount: 0, settled: false });
  expect(at(15)).toMatchObject({ vehicleCount: 0, settled: true });
});
