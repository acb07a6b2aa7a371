/** `count`, `models` and `label` as somebody types them. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRenderer } from '../../../hw-sim/camera/renderer.ts';
import { MINIMAL } from '../config/site-folder.ts';
import { bus, car, people } from '../vision/street-camera.ts';
import { kerbside } from './kerbside.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const MODELS = join(import.meta.dirname, '../../../models');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerbside-cli-vision-'));
  const renderer = await createRenderer();
  const street = { vehicles: [car(-6), car(4), bus(-3)], faces: people(3) };
  await writeFile(join(folder, 'street.jpg'), await renderer.render(street, 1, 5));
  await writeFile(join(folder, 'broken.jpg'), 'no picture');
  await writeFile(join(folder, 'site.yaml'), MINIMAL);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]) => kerbside(args, { cwd: folder });

describe('count', () => {
  test('says what a picture shows, one line each', async () => {
    const { code, out } = await run('count', '--task', 'vehicles', '--json', 'street.jpg', 'street.jpg');
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(Object.keys(lines[0])).toEqual(['file', 'count', 'detections']);
    expect(lines[0]).toMatchObject({ file: 'street.jpg', count: 3 });
    for (const { score, box } of lines[0].detections) {
      expect(score).toBeGreaterThan(0.29);
      expect(box).toHaveLength(4);
    }
    expect((await run('count', '--task', 'faces', 'street.jpg')).out).toBe('street.jpg: 3 (3 face)\n');
  });

  test('goes on after one that is none, and says so', async () => {
    const { code, out, err } = await run('count', '--json', 'broken.jpg', 'street.jpg');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ count: 3 });
    expect(err).toMatch(/broken\.jpg: .*damaged or no picture/);
  });
});

describe('models', () => {
  const pack = async (name: string, change = (yaml: string) => yaml): Promise<string> => {
    const to = join(folder, name);
    await cp(join(MODELS, 'faceboxes'), to, { recursive: true });
    const file = join(to, 'model.yaml');
    await writeFile(file, change(await readFile(file, 'utf8')));
    return to;
  };

  test('a right pack is added, named, replaced, rolled back and removed', async () => {
    await pack('my-faces');
    const added = await run('models', 'add', './my-faces');
    expect([added.code, added.err]).toEqual([0, '']);
    expect(added.out).toMatch(/^my-faces added: faces, 1280x768, \d+ ms a look here; face\n$/);
    const listed = (await run('models', 'list')).out;
    expect(listed).toMatch(/^centernet: vehicles \(default\), centernet; .*no licence file/m);
    expect(listed).toMatch(/^my-faces: faces, faceboxes; MIT/m);
    const site = `${MINIMAL}cameras:\n  - { id: c, source: "http://10.0.0.5/a.jpg", models: { faces: my-faces } }\n`;
    await writeFile(join(folder, 'named.yaml'), site);
    expect((await run('check', 'named.yaml')).code).toBe(0);

    const count = await run('count', '--task', 'faces', '--model', './state/models/my-faces', 'street.jpg');
    expect(count.out).toBe('street.jpg: 3 (3 face)\n');
    await pack('my-faces', (yaml) => yaml.replace('threshold: 0.55', 'threshold: 0.6'));
    await run('models', 'add', './my-faces');
    const yaml = () => readFile(join(folder, 'state/models/my-faces/model.yaml'), 'utf8');
    expect(await yaml()).toContain('threshold: 0.6');
    expect((await run('models', 'remove', 'my-faces')).out).toMatch(/the one before is back/);
    expect(await yaml()).toContain('threshold: 0.55');
    expect((await run('models', 'remove', 'my-faces')).out).toBe('my-faces removed\n');
    expect((await run('models', 'remove', 'my-faces')).code).toBe(3);
    expect((await run('check', 'named.yaml')).code).toBe(1);
  });
});

describe('label', () => {
  const site = (privacy: string) =>
    `${MINIMAL}cameras:\n  - { id: c, source: "http://10.0.0.5/a.jpg", preview: false }\n${privacy}`;

  test('says who, what and what not, as an SVG that draws', async () => {
    const who = 'operator: { en: "City <of> X & Co", zh: 某市城管局 }, contact: dpo@x.example, hold_below: 5';
    await writeFile(join(folder, 'label.yaml'), site(`privacy: { ${who} }\n`));
    const { code, out, err } = await run('label', 'label.yaml');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('某市城管局 City &#60;of&#62; X &#38; Co');
    expect(out).toContain('dpo@x.example');
    expect(out).toContain('不做人脸识别');
    expect(out).toContain('Nobody can look at a picture.');
    expect(out).toContain('Counts of people below 5 are held back.');
    const { width, height } = await sharp(Buffer.from(out)).metadata();
    expect((width ?? 0) / (height ?? 1)).toBeGreaterThan(1);
  });

  test('asks for the names it misses; a site without a camera has no label', async () => {
    await writeFile(join(folder, 'label.yaml'), site(''));
    expect((await run('label', 'label.yaml')).err).toMatch(/nobody is named/);
    expect((await run('label', 'site.yaml')).err).toMatch(/has no camera/);
  });
});
