/** Six short stretches of the simulated day, as `npm run bench:day` plays them at full length. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import { dayPlan, playStretch, total } from '../../../bench/stretch.ts';
import { createRenderer, type Renderer } from '../../../hw-sim/camera/renderer.ts';
import { readPack } from '../../../models/pack.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

let detector: Detector;
let renderer: Renderer;
beforeAll(async () => {
  detector = await loadDetector(await readPack(join(import.meta.dirname, '../../../models/centernet')));
  renderer = await createRenderer();
});
afterAll(() => detector[Symbol.asyncDispose]());

/** Sparse night, night with rain, dense rush, day with rain, dense rush with a restart, rain after dusk. */
const HOURS = [0, 4, 8, 10, 17, 20];

test('six stretches of a day: passes within 3 %, nothing twice, over restarts too', async () => {
  const plans = dayPlan(14, 6).filter(({ hour }) => HOURS.includes(hour));
  const results = [];
  for (const plan of plans) results.push(await playStretch({ ...plan, bays: false }, { detector, renderer }));
  const { passes, misses, doubles, wrong_direction } = total(results);
  expect(plans.some(({ restart }) => restart !== undefined)).toBe(true);
  expect(passes).toBeGreaterThanOrEqual(15);
  // One pass is more than 3 % of so few.
  expect(misses + doubles, JSON.stringify(results)).toBeLessThanOrEqual(Math.max(1, 0.03 * passes));
  expect(doubles).toBe(0);
  expect(wrong_direction).toBe(0);
});

test('every change of two bays is told within a minute, and nothing else, over a restart too', async () => {
  const [plan] = dayPlan(120, 1).filter(({ hour }) => hour === 7);
  if (plan === undefined) throw new Error('no plan');
  const { bayChanges, bayFound, bayFalse } = await playStretch(
    { ...plan, restart: 65 },
    { detector, renderer },
  );
  expect(bayChanges).toBe(4);
  expect([bayFound, bayFalse]).toEqual([4, 0]);
});
