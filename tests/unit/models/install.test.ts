/** Adding a model pack: refused with a reason where it could not count, and then nothing has changed. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadDetector } from '../../../agent/vision/detector.ts';
import { withFallback } from '../../../agent/vision/fallback.ts';
import { decode, measure } from '../../../agent/vision/picture.ts';
import { Shadow } from '../../../agent/vision/shadow.ts';
import { tryOut } from '../../../agent/vision/try-out.ts';
import { createRenderer } from '../../../hw-sim/camera/renderer.ts';
import { findPack, modelNames } from '../../../models/folders.ts';
import { installPack, rollBack } from '../../../models/install.ts';
import { readPack } from '../../../models/pack.ts';
import { car } from '../vision/street-camera.ts';

vi.setConfig({ testTimeout: 120_000 });

const MODELS = join(import.meta.dirname, '../../../models');
let scratch = '';
let state = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kerbside-install-'));
  state = join(scratch, 'state');
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

async function pack(name: string, change = (yaml: string) => yaml): Promise<string> {
  const to = join(scratch, name);
  await cp(join(MODELS, 'faceboxes'), to, { recursive: true });
  const file = join(to, 'model.yaml');
  await writeFile(file, change(await readFile(file, 'utf8')));
  return to;
}
const check = async (folder: string) => void (await tryOut(await readPack(folder)));

test('only what belongs to a pack is copied; the one before comes back', async () => {
  const folder = await pack('mine');
  await writeFile(join(folder, 'stray.txt'), 'not of the pack');
  expect(await installPack(folder, state, check)).toBe('mine');
  expect((await readdir(join(state, 'models/mine'))).sort()).toEqual([
    'NOTICE',
    'faceboxes.onnx',
    'model.yaml',
  ]);
  expect(await modelNames(state)).toContain('mine');
  expect(await findPack('mine', state)).toBe(join(state, 'models/mine'));
  await installPack(await pack('mine'), state, check);
  expect((await modelNames(state)).filter((name) => name.startsWith('mine'))).toEqual(['mine']);
  expect(await rollBack('mine', state)).toBe('restored');
  expect(await rollBack('mine', state)).toBe('removed');
  await expect(rollBack('mine', state)).rejects.toMatchObject({ code: 'not-found' });
});

test.each([
  ['another-hash', (yaml: string) => yaml.replace(/sha256: ./, 'sha256: 0'), /is damaged or another file/],
  [
    'another-kind',
    (yaml: string) => yaml.replace('kind: faceboxes', 'kind: yunet'),
    /it has no output cls_8/,
  ],
  [
    'unknown-kind',
    (yaml: string) => yaml.replace('kind: faceboxes', 'kind: magic'),
    /kind magic is not known/,
  ],
  ['another-layout', (yaml: string) => yaml.replace('layout: nhwc', 'layout: nchw'), /a first look failed/],
  [
    'no-threshold',
    (yaml: string) => yaml.replace('threshold: 0.55', 'threshold: 0.000001'),
    /things in an empty/,
  ],
])('%s is refused, and nothing has changed', async (name, change, message) => {
  const folder = await pack(name, change);
  await expect(installPack(folder, state, check)).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringMatching(message),
    fix: expect.any(String),
  });
  expect(await modelNames(state)).not.toContain(name);
  expect(await readdir(join(state, 'models')).catch(() => [])).toEqual([]);
});

test('no licence text, the name of a shipped one, a name that no site file can write', async () => {
  const bare = await pack('bare');
  await writeFile(join(bare, 'NOTICE'), ' \n');
  await expect(installPack(bare, state, check)).rejects.toThrow(/NOTICE is empty/);
  await expect(installPack(await pack('centernet'), state, check)).rejects.toThrow(/ships with the agent/);
  await expect(installPack(await pack('my pack'), state, check)).rejects.toThrow(/its folder is its name/);
});

test('a model that fails is rolled back to the one before, at the start and later, and it is told once', async () => {
  await using good = await loadDetector(await readPack(join(MODELS, 'centernet')));
  const renderer = await createRenderer();
  const jpeg = await renderer.render({ vehicles: [car(0)], faces: [] }, 1, 1);
  const picture = async () => decode(jpeg, await measure(jpeg), good.pack.input);
  const told: string[] = [];
  const onFallback = ({ message }: Error) => void told.push(message);

  const missing = await withFallback({
    wanted: () => Promise.reject(new Error('no such pack')),
    fallback: async () => good,
    onFallback,
  });
  expect((await missing.detect(await picture())).detections).toHaveLength(1);
  expect(told).toEqual(['no such pack']);

  const dying = { ...good, detect: () => Promise.reject(new Error('out of memory')) };
  const later = await withFallback({ wanted: async () => dying, fallback: async () => good, onFallback });
  for (let look = 0; look < 3; look++) await expect(later.detect(await picture())).rejects.toThrow('memory');
  expect((await later.detect(await picture())).detections).toHaveLength(1);
  expect(told).toEqual(['no such pack', 'out of memory']);
});

test('a shadow is compared and never counts; one that fails is left alone', async () => {
  await using detector = await loadDetector(await readPack(join(MODELS, 'centernet')));
  const renderer = await createRenderer();
  const shadow = new Shadow({ vehicles: detector });
  const failing = new Shadow({
    vehicles: { ...detector, detect: () => Promise.reject(new Error('broken')) },
  });
  for (let i = 0; i < 4; i++) {
    const bytes = await renderer.render({ vehicles: [car(0)], faces: [] }, 1, i);
    const size = await measure(bytes);
    const vehicles = await decode(bytes, size, detector.pack.input);
    const own = i < 3 ? [{ class: 'car', score: 1, box: [0, 0, 1, 1] as const }] : [];
    const decoded = { frame: { bytes, time: i * 2500 }, size, pictures: { vehicles } };
    await shadow.look(decoded, own);
    await failing.look(decoded, own);
  }
  expect(shadow.facts).toEqual({
    shadow_vehicles: 'centernet',
    shadow_vehicles_frames: 4,
    shadow_vehicles_equal: 0.75,
    shadow_vehicles_counted: 4,
    shadow_vehicles_counted_by_own: 3,
    shadow_vehicles_apart: 0.25,
  });
  expect(failing.facts.shadow_vehicles).toMatch(/given up/);
});
