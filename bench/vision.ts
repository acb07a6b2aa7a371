/**
 * `npm run bench:vision -- --data <folder>`: counts on photos with hand counts, as they are and made worse from a seed,
 * on clips (`clips/` beside the photos, through ffmpeg), and the pipeline's speed beside bare inference. One JSON line
 * each, the last one with all aims; settings are those of models/.
 *
 * The folder holds `index.json` with `images[] = { file, groundTruth: { vehicles?: [min, max], faces?: [min, max] } }`.
 * Error is the distance of the count from the range, summed, over the sum of the ranges' middles.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import sharp from 'sharp';
import type { VisionTask } from '../agent/core/model.ts';
import { type Detector, loadDetector } from '../agent/vision/detector.ts';
import { keepSharpSmall } from '../agent/vision/picture.ts';
import { detectStill } from '../agent/vision/still.ts';
import { readPack } from '../models/pack.ts';
import { gaussian } from './gaussian.ts';
import { classesOfChina } from './vision-classes.ts';
import { faceClip, lookedAt, passesOf } from './vision-clips.ts';
import { speed } from './vision-speed.ts';

type Range = readonly [number, number];

interface Photo {
  readonly file: string;
  readonly groundTruth: Readonly<Partial<Record<VisionTask, Range>>>;
}

const CONDITIONS = ['normal', 'dimmed', 'blurred', 'half'] as const;
type Condition = (typeof CONDITIONS)[number];

const MODELS = ['centernet', 'nanodet', 'faceboxes'];

/** Brightness of a dimmed copy, and its noise (Gaussian, levels of 255). */
const DIM = 0.25;
const SIGMA = 4;

const options = new Command()
  .requiredOption('--data <folder>', 'photos with index.json')
  .option('--model <folder...>', 'other model packs to measure as well', [])
  .parse()
  .opts<{ data: string; model: string[] }>();

keepSharpSmall();
const index: { images: Photo[] } = JSON.parse(await readFile(join(options.data, 'index.json'), 'utf8'));
/** Side at which the vehicle model's speed is judged. */
const SPEED_SIDE = 512;
const summary: Record<string, number | boolean> = {};
const say = (facts: object) => console.log(JSON.stringify(facts));

const folders = MODELS.map((name) => join(import.meta.dirname, '../models', name));
for (const folder of [...folders, ...options.model]) {
  const pack = await readPack(folder);
  await using detector = await loadDetector(pack);
  for (const condition of CONDITIONS) {
    const result = await score(detector, condition);
    say({ bench: 'vision.count', model: pack.name, task: pack.task, condition, ...result });
    if (pack.name !== 'nanodet') summary[`${pack.task}_${condition}`] ??= result.percent;
  }
  say({ bench: 'vision.speed', model: pack.name, cores: cpus().length, ...(await speed(detector)) });
  if (pack.task === 'vehicles') {
    say({ bench: 'vision.classes-of-china', model: pack.name, ...(await classesOfChina(detector)) });
  }
  if (pack.name !== 'centernet') continue;
  const at512 = await speed(detector, SPEED_SIDE);
  say({ bench: 'vision.speed', model: pack.name, cores: cpus().length, ...at512 });
  summary.speed_ratio_at_512 = at512.ratio;
}
await clips();
say({
  bench: 'vision',
  ...summary,
  aims: {
    vehicles_normal: 10,
    faces_normal: 2,
    vehicles_dimmed: 26,
    faces_dimmed: 4,
    speed_ratio_at_512: 0.9,
    road_clip: '8 at 6 and more, 7 to 9 at 4',
    face_clips: '4 and 2 on every settled reading',
  },
  load: loadavg()[0],
});

async function clips(): Promise<void> {
  const folder = join(options.data, 'clips');
  if (!existsSync(folder)) return;
  await using vehicles = await loadDetector(await readPack(join(import.meta.dirname, '../models/centernet')));
  await using faces = await loadDetector(await readPack(join(import.meta.dirname, '../models/faceboxes')));
  const road = join(folder, 'ahm.mp4');
  if (existsSync(road)) {
    for (const rate of [4, 6, 8, 10]) {
      const passes = await passesOf(road, rate, vehicles);
      say({ bench: 'vision.road', clip: 'ahm.mp4', truth: 8, rate, passes, load: loadavg()[0] });
      summary[`road_clip_at_${rate}`] = passes;
    }
  }
  for (const [name, truth] of [
    ['classroom.gif', 4],
    ['face-walking.gif', 2],
  ] as const) {
    if (!existsSync(join(folder, name))) continue;
    const settled = await faceClip(join(folder, name), faces);
    say({ bench: 'vision.faces-clip', clip: name, truth, settled });
    summary[`face_clip_${truth}`] = settled.every((count) => count === truth);
  }
  for (const name of ['car-detection.mp4', 'person-bicycle-car.gif', 'people-detection.gif']) {
    if (existsSync(join(folder, name))) {
      say({ bench: 'vision.top-down', clip: name, ...(await lookedAt(join(folder, name), 1, vehicles)) });
    }
  }
}

async function score(detector: Detector, condition: Condition) {
  let [photos, right, missed, false_, truth] = [0, 0, 0, 0, 0];
  for (const photo of index.images) {
    const range = photo.groundTruth[detector.pack.task];
    if (range === undefined) continue;
    const bytes = await worsened(await readFile(join(options.data, photo.file)), condition, photos + 1);
    const count = (await detectStill(detector, bytes)).detections.length;
    photos += 1;
    truth += (range[0] + range[1]) / 2;
    missed += Math.max(0, range[0] - count);
    false_ += Math.max(0, count - range[1]);
    if (count >= range[0] && count <= range[1]) right += 1;
  }
  const percent = Math.round(((missed + false_) / truth) * 1000) / 10;
  return { photos, right, truth, missed, false: false_, percent };
}

async function worsened(bytes: Buffer, condition: Condition, seed: number): Promise<Buffer> {
  if (condition === 'normal') return bytes;
  const upright = sharp(bytes).autoOrient().flatten().toColourspace('srgb');
  if (condition === 'blurred') return await upright.blur(1.8).png().toBuffer();
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const raw = { width, height, channels };
  if (condition === 'half') {
    return await sharp(data, { raw })
      .resize(Math.round(width / 2))
      .png()
      .toBuffer();
  }
  const normal = gaussian(seed);
  const dimmed = Uint8ClampedArray.from(data, (level) => level * DIM + SIGMA * normal());
  return await sharp(Buffer.from(dimmed.buffer), { raw }).png().toBuffer();
}
