/**
 * `npm run bench:vision -- --data <folder>`: counts on photos with hand counts, as they are and made worse from a seed,
 * and the pipeline's speed beside bare inference. One JSON line each; settings are those of models/.
 *
 * The folder holds `index.json` with `images[] = { file, groundTruth: { vehicles?: [min, max], faces?: [min, max] } }`.
 * Error is the distance of the count from the range, summed, over the sum of the ranges' middles.
 */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import type { VisionTask } from '../agent/core/model.ts';
import { type Detector, loadDetector } from '../agent/vision/detector.ts';
import { decode, keepSharpSmall, measure } from '../agent/vision/picture.ts';
import { detectStill } from '../agent/vision/still.ts';
import { readPack } from '../models/pack.ts';

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
const say = (facts: object) => console.log(JSON.stringify(facts));

const folders = MODELS.map((name) => join(import.meta.dirname, '../models', name));
for (const folder of [...folders, ...options.model]) {
  const pack = await readPack(folder);
  await using detector = await loadDetector(pack);
  for (const condition of CONDITIONS) {
    say({
      bench: 'vision.count',
      model: pack.name,
      task: pack.task,
      condition,
      ...(await score(detector, condition)),
    });
  }
  say({ bench: 'vision.speed', model: pack.name, cores: cpus().length, ...(await speed(detector)) });
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

/** Standard normal numbers (Box-Muller over mulberry32). */
function gaussian(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return (((x ^ (x >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Frames per second from 1080p JPEG, decode of the next frame under way while this one is looked at; then inference alone. */
async function speed(detector: Detector) {
  const { pack } = detector;
  const frames = await Promise.all([0, 1, 2, 3].map(fullHd));
  const sizes = await Promise.all(frames.map(measure));
  // Frames of one camera have one size; with it the decode starts before the network blocks the thread.
  const prepare = (i: number) => {
    const at = i % frames.length;
    return decode(frames[at] ?? Buffer.alloc(0), sizes[at] ?? { width: 1920, height: 1080 }, pack.input);
  };
  const pipeline = async (count: number) => {
    let next = prepare(0);
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const picture = await next;
      next = prepare(i + 1);
      await detector.detect(picture);
    }
    await next;
    return (count * 1000) / (performance.now() - started);
  };
  const session = await InferenceSession.create(pack.onnx, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const { rgb, letterbox } = await prepare(0);
  const { width, height } = letterbox.input;
  const feeds = { [pack.input.tensor]: new Tensor('uint8', rgb, [1, height, width, 3]) };
  const bare = async (count: number) => {
    const started = performance.now();
    for (let i = 0; i < count; i++) await session.run(feeds);
    return (count * 1000) / (performance.now() - started);
  };
  const decoding = async (count: number) => {
    const started = performance.now();
    for (let i = 0; i < count; i++) await prepare(i);
    return (performance.now() - started) / count;
  };
  await pipeline(5);
  await bare(5);
  // Turn by turn, so that what else the machine does strikes all alike.
  const turns: { pipeline: number; bare: number; decode: number }[] = [];
  for (let turn = 0; turn < 7; turn++) {
    turns.push({ pipeline: await pipeline(12), bare: await bare(12), decode: await decoding(6) });
  }
  await session.release();
  const middle = (values: readonly number[]) =>
    Math.round(([...values].sort((x, y) => x - y)[values.length >> 1] ?? 0) * 100) / 100;
  return {
    frame: '1920x1080 JPEG',
    input: `${width}x${height}`,
    pipeline_fps: middle(turns.map((turn) => turn.pipeline)),
    bare_fps: middle(turns.map((turn) => turn.bare)),
    ratio: middle(turns.map((turn) => turn.pipeline / turn.bare)),
    decode_ms: middle(turns.map((turn) => turn.decode)),
    load: loadavg()[0],
  };
}

/** A picture with as much detail as a street: smooth noise in several sizes. */
async function fullHd(seed: number): Promise<Buffer> {
  const normal = gaussian(seed + 1);
  const [width, height] = [480, 270];
  const data = Uint8ClampedArray.from({ length: width * height * 3 }, () => 120 + 40 * normal());
  return await sharp(Buffer.from(data.buffer), { raw: { width, height, channels: 3 } })
    .resize(1920, 1080, { kernel: 'cubic' })
    .jpeg({ quality: 80 })
    .toBuffer();
}
