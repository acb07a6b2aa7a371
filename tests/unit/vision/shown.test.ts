/** The one frame somebody may look at: kept only while they do, gone by itself, never where it is forbidden. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import { measure } from '../../../agent/vision/picture.ts';
import { LOOKING, Shown } from '../../../agent/vision/shown.ts';
import { detectStill } from '../../../agent/vision/still.ts';
import { createRenderer, type Renderer } from '../../../hw-sim/camera/renderer.ts';
import { readPack } from '../../../models/pack.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { people } from './street-camera.ts';

vi.setConfig({ testTimeout: 60_000 });

let faces: Detector;
let renderer: Renderer;
beforeAll(async () => {
  faces = await loadDetector(await readPack(join(import.meta.dirname, '../../../models/faceboxes')));
  renderer = await createRenderer();
});
afterAll(() => faces[Symbol.asyncDispose]());

async function opened(allowed = true, rate = 6) {
  const clock = new VirtualClock();
  const shown = new Shown({ clock, allowed, rate, faces: async () => faces });
  const bytes = await renderer.render({ vehicles: [], faces: people(3) }, 1, 1);
  const size = await measure(bytes);
  const offer = () => shown.offer({ frame: { bytes, time: clock.mono() }, size, detections: [] });
  return { clock, shown, offer };
}

test('nothing is kept before somebody asks, and nothing after they have gone', async () => {
  const { clock, shown, offer } = await opened();
  offer();
  expect(shown.keeps).toBe(false);
  const asked = shown.take();
  offer();
  expect(shown.keeps).toBe(true);
  expect((await asked)?.width).toBe(1280);
  await clock.advance(LOOKING - 1);
  offer();
  expect(shown.keeps).toBe(true);
  await clock.advance(1);
  expect(shown.keeps).toBe(false);
  offer();
  expect(shown.keeps).toBe(false);
});

test('faces are blurred unless that was turned off', async () => {
  const { shown, offer } = await opened();
  const blurred = shown.take();
  offer();
  const plain = shown.take(false);
  const count = async (shot: { jpeg: Uint8Array } | undefined) =>
    (await detectStill(faces, shot?.jpeg ?? new Uint8Array())).detections.length;
  expect([await count(await blurred), await count(await plain)]).toEqual([0, 3]);
});

test('boxes come without a picture, and keep a frame no longer than a look does', async () => {
  const clock = new VirtualClock();
  const found = [{ class: 'car', score: 0.9, box: [1, 2, 3, 4] as const }];
  const shown = new Shown({
    clock,
    allowed: true,
    rate: 6,
    faces: () => Promise.reject(new Error('no face is looked for')),
  });
  const offer = () =>
    shown.offer({
      frame: { bytes: new Uint8Array(), time: clock.mono() },
      size: { width: 64, height: 36 },
      detections: found,
    });
  const asked = shown.boxes();
  offer();
  expect(await asked).toEqual({ width: 64, height: 36, time: clock.mono(), detections: found });
  await clock.advance(LOOKING);
  offer();
  expect(shown.keeps).toBe(false);
});

test('where it is forbidden nothing is kept and nobody waits', async () => {
  const { shown, offer } = await opened(false);
  const asked = shown.take();
  offer();
  expect(await asked).toBeUndefined();
  expect(await shown.boxes()).toBeUndefined();
  expect(shown.keeps).toBe(false);
});

test('an old frame is not shown; a slow camera is given its time', async () => {
  const fast = await opened();
  const waiting = fast.shown.take();
  await fast.clock.advance(3000);
  expect(await waiting).toBeUndefined();
  fast.offer();
  await fast.clock.advance(4000);
  const stale = fast.shown.take();
  await fast.clock.advance(3000);
  expect(await stale).toBeUndefined();
  const slow = await opened(true, 0.2);
  const first = slow.shown.take();
  slow.offer();
  await first;
  await slow.clock.advance(4000);
  expect(await slow.shown.take()).toBeDefined();
});

test('a frame that does not count any more is dropped at once', async () => {
  const { shown, offer } = await opened();
  const asked = shown.take();
  offer();
  await asked;
  shown.offer(undefined);
  expect(shown.keeps).toBe(false);
  offer();
  shown[Symbol.dispose]();
  expect(shown.keeps).toBe(false);
});
