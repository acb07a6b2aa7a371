/** How fast the pipeline is beside the bare network, and what each stage costs. */
import { loadavg } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import type { Detection } from '../agent/core/view.ts';
import type { Detector } from '../agent/vision/detector.ts';
import { decode, measure, type Picture } from '../agent/vision/picture.ts';
import { Tracker } from '../agent/vision/tracker.ts';
import { gaussian } from './gaussian.ts';

/**
 * Frames per second from 1080p JPEG through decode, network and decoder, the decode of the next frame under way while
 * this one is looked at, beside inference alone on the same input; both with one inference thread. Then what a frame costs by stage,
 * ms of one core. `side`: another longer side of the input than the pack's.
 */
export async function speed(detector: Detector, side?: number) {
  const { fit } = detector.pack.input;
  const input = { ...detector.pack.input, fit: side === undefined || 'size' in fit ? fit : { ...fit, side } };
  const pack = { ...detector.pack, input };
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
  const stages = await costs(detector, prepare);
  const middle = (values: readonly number[]) =>
    Math.round(([...values].sort((x, y) => x - y)[values.length >> 1] ?? 0) * 100) / 100;
  return {
    frame: '1920x1080 JPEG',
    input: `${width}x${height}`,
    pipeline_fps: middle(turns.map((turn) => turn.pipeline)),
    bare_fps: middle(turns.map((turn) => turn.bare)),
    ratio: middle(turns.map((turn) => turn.pipeline / turn.bare)),
    decode_ms: middle(turns.map((turn) => turn.decode)),
    core_ms: stages,
    load: loadavg()[0],
  };
}

/** CPU time of the whole process by stage, each alone, ms a frame. */
async function costs(detector: Detector, prepare: (i: number) => Promise<Picture>) {
  const spent = async (count: number, run: (i: number) => unknown): Promise<number> => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) await run(i);
    const { user, system } = process.cpuUsage(before);
    return Math.round((user + system) / count / 10) / 100;
  };
  const pictures = [await prepare(0), await prepare(1)];
  const boxes = Array.from({ length: 12 }, (_, i): Detection => {
    const x = 60 * i;
    return { class: 'car', score: 0.5, box: [x, 100, x + 90, 160] };
  });
  const tracker = new Tracker();
  return {
    decode_and_resize: await spent(40, prepare),
    // In place: a copy, so that a picture is not brightened twice.
    detect: await spent(40, (i) => {
      const { rgb, letterbox } = pictures[i % 2] ?? { rgb: new Uint8Array(), letterbox: undefined };
      return letterbox && detector.detect({ rgb: rgb.slice(), letterbox });
    }),
    track: await spent(400, (i) => tracker.update(boxes, i * 166)),
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
