/** Films with known truth through the pipeline: frames come from ffmpeg, their times from their numbers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CameraConfig } from '../agent/core/camera.ts';
import type { Detector } from '../agent/vision/detector.ts';
import { Observer } from '../agent/vision/observer.ts';
import { decode, measure } from '../agent/vision/picture.ts';
import { JpegSplitter } from '../agent/vision/source/jpeg-splitter.ts';
import { detectStill } from '../agent/vision/still.ts';

const camera = (tasks: CameraConfig['tasks']): CameraConfig => ({
  id: 'clip',
  title: { en: 'Clip' },
  source: 'folder:/',
  rate: 6,
  tasks,
  preview: false,
  every: 10_000,
});

/** Frames of a film, `rate` of each second; all of them where there is none. */
async function frames(file: string, rate: number | undefined): Promise<readonly Buffer[]> {
  const shape = rate === undefined ? [] : ['-vf', `fps=${rate}`];
  const output = ['-an', ...shape, '-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p', '-f', 'image2pipe'];
  const child = spawn('ffmpeg', ['-loglevel', 'error', '-nostdin', '-i', file, ...output, 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const splitter = new JpegSplitter();
  const found: Buffer[] = [];
  for await (const chunk of child.stdout) found.push(...splitter.push(chunk));
  if (child.exitCode === null) await once(child, 'exit');
  return found;
}

/** Vehicles that pass a line across the middle at `rate` frames a second. */
export async function passesOf(file: string, rate: number, detector: Detector): Promise<number> {
  const observer = new Observer({
    camera: camera(['vehicles']),
    detectors: { vehicles: detector },
    now: 0,
    line: { from: [0, 0.5], to: [1, 0.5] },
  });
  for (const [i, bytes] of (await frames(file, rate)).entries()) {
    const size = await measure(bytes);
    const pictures = { vehicles: await decode(bytes, size, detector.pack.input) };
    await observer.look({ frame: { bytes, time: (i * 1000) / rate }, size, pictures });
  }
  return observer.tally.get('vehicles-passed');
}

/** Face counts of every settled reading, one after each frame, two frames a second. */
export async function faceClip(file: string, detector: Detector): Promise<readonly number[]> {
  const observer = new Observer({ camera: camera(['faces']), detectors: { faces: detector }, now: 0 });
  const settled: number[] = [];
  for (const [i, bytes] of (await frames(file, undefined)).entries()) {
    const time = i * 500;
    const size = await measure(bytes);
    const pictures = { faces: await decode(bytes, size, detector.pack.input) };
    await observer.look({ frame: { bytes, time }, size, pictures });
    const reading = observer.close(time + 1).find(({ point }) => point === 'faces');
    if (reading?.quality === 'good') settled.push(Number(reading.value));
  }
  return settled;
}

/** What is found at all, in how many frames. */
export async function lookedAt(file: string, rate: number, detector: Detector) {
  const all = await frames(file, rate);
  const classes: Record<string, number> = {};
  for (const bytes of all) {
    const { detections } = await detectStill(detector, bytes);
    for (const { class: kind } of detections) classes[kind] = (classes[kind] ?? 0) + 1;
  }
  return { frames: all.length, found: classes };
}
