/** Other models that look at the same frames for a while: how far their counts are from those that count. */
import type { VisionTask } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';
import type { Detector } from './detector.ts';
import type { Decoded } from './observer.ts';
import { decode } from './picture.ts';

/** One frame of each task this often: a shadow is there for comparison and must not slow the counting, ms. */
const PERIOD = 2000;
/** Failures in a row after which it is left alone. */
const GIVEN_UP = 3;

interface Compared {
  frames: number;
  equal: number;
  /** Sums of the counts. */
  own: number;
  other: number;
  /** Sum of the distances frame by frame. */
  apart: number;
  failures: number;
}

export class Shadow {
  readonly #detectors: Readonly<Partial<Record<VisionTask, Detector>>>;
  readonly #compared = new Map<VisionTask, Compared>();
  #due: Mono = Number.NEGATIVE_INFINITY;

  constructor(detectors: Readonly<Partial<Record<VisionTask, Detector>>>) {
    this.#detectors = detectors;
  }

  /** Takes a frame and what the counting models found in it. Never rejects. */
  async look({ frame, size, pictures }: Decoded, found: readonly Detection[]): Promise<void> {
    if (frame.time < this.#due) return;
    this.#due = frame.time + PERIOD;
    for (const task of ['vehicles', 'faces'] as const) {
      const detector = this.#detectors[task];
      if (detector === undefined || pictures[task] === undefined) continue;
      const sums = this.#of(task);
      if (sums.failures >= GIVEN_UP) continue;
      try {
        const picture = await decode(frame.bytes, size, detector.pack.input);
        const { detections } = await detector.detect(picture);
        const own = found.filter((one) => counts(one, task)).length;
        sums.frames += 1;
        sums.own += own;
        sums.other += detections.length;
        sums.apart += Math.abs(own - detections.length);
        if (own === detections.length) sums.equal += 1;
        sums.failures = 0;
      } catch {
        sums.failures += 1;
      }
    }
  }

  /** For the health board: frames compared, part of them with equal counts, sums of both, mean distance. */
  get facts(): Readonly<Record<string, number | string>> {
    const facts: Record<string, number | string> = {};
    for (const [task, { frames, equal, own, other, apart, failures }] of this.#compared) {
      const name = this.#detectors[task]?.pack.name ?? '';
      facts[`shadow_${task}`] = failures >= GIVEN_UP ? `${name} (given up: it fails)` : name;
      facts[`shadow_${task}_frames`] = frames;
      facts[`shadow_${task}_equal`] = frames === 0 ? 0 : Math.round((equal / frames) * 1000) / 1000;
      facts[`shadow_${task}_counted`] = other;
      facts[`shadow_${task}_counted_by_own`] = own;
      facts[`shadow_${task}_apart`] = frames === 0 ? 0 : Math.round((apart / frames) * 100) / 100;
    }
    return facts;
  }

  #of(task: VisionTask): Compared {
    const known = this.#compared.get(task);
    if (known !== undefined) return known;
    const made = { frames: 0, equal: 0, own: 0, other: 0, apart: 0, failures: 0 };
    this.#compared.set(task, made);
    return made;
  }
}

function counts({ class: kind }: Detection, task: VisionTask): boolean {
  return task === 'faces' ? kind === 'face' : kind !== 'face' && kind !== 'person';
}
