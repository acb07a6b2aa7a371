/**
 * The one frame a technician may look at. It is kept only while somebody looks, for seconds, in memory; when nobody has
 * asked for a while, no frame outlives its counting.
 */

import type { PictureSize } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Detection } from '../core/view.ts';
import { blurFaces, plainFrame } from './blur.ts';
import type { Detector } from './detector.ts';
import type { Boxes, Shot } from './messages.ts';
import { decode } from './picture.ts';
import type { Frame } from './source/frame.ts';

/** Nobody has asked for so long: frames are not kept any more, ms. */
export const LOOKING = 15_000;
/** An older frame is not shown, ms; of a slow camera not one older than its period and a half. */
const FRESH = 3000;
const PERIODS = 1.5;
/** Longest wait for a frame where none is kept, ms. */
const WAIT = 3000;
/** Scores of faces to blur may be lower than of faces to count: better one too many. */
const BLUR_THRESHOLD = 0.2;

interface Kept {
  readonly frame: Frame;
  readonly size: PictureSize;
  readonly detections: readonly Detection[];
}

export interface ShownOptions {
  readonly clock: Clock;
  /** False: nothing is ever kept or shown. */
  readonly allowed: boolean;
  /** Frames per second of the camera. */
  readonly rate: number;
  readonly faces: () => Promise<Detector>;
}

export class Shown {
  readonly #options: ShownOptions;
  #until: Mono = Number.NEGATIVE_INFINITY;
  #kept: Kept | undefined;
  #expiry: Disposable | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: ShownOptions) {
    this.#options = options;
  }

  /** Whether a frame is kept right now. */
  get keeps(): boolean {
    return this.#kept !== undefined;
  }

  /** Takes a frame that was looked at; undefined where there is none to show. */
  offer(kept: Kept | undefined): void {
    const { allowed, clock } = this.#options;
    this.#kept = allowed && clock.mono() < this.#until ? kept : undefined;
    if (this.#kept !== undefined) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** What was found in the newest frame, in its pixels; no picture is made. Undefined where there is none. */
  async boxes(): Promise<Boxes | undefined> {
    const kept = await this.#newest();
    if (kept === undefined) return undefined;
    const { frame, size, detections } = kept;
    return { width: size.width, height: size.height, time: frame.time, detections };
  }

  /** The newest frame with its boxes, faces blurred unless `blur` is false; undefined where there is none. */
  async take(blur = true): Promise<Shot | undefined> {
    const { faces } = this.#options;
    const kept = await this.#newest();
    if (kept === undefined) return undefined;
    const { frame, size } = kept;
    let shown = blur ? undefined : await plainFrame(frame.bytes, size);
    if (shown === undefined) {
      const finder = await faces();
      const picture = await decode(frame.bytes, size, finder.pack.input);
      const found = await finder.detect(picture, { threshold: BLUR_THRESHOLD });
      shown = await blurFaces(frame.bytes, size, found.detections);
    }
    const { jpeg, width, height, scale } = shown;
    const detections = kept.detections.map((detection) => ({
      ...detection,
      box: scaled(detection.box, scale),
    }));
    return { jpeg, width, height, time: frame.time, detections };
  }

  /** Somebody looks: the frame that is kept, or else the next one. */
  async #newest(): Promise<Kept | undefined> {
    const { allowed, clock } = this.#options;
    if (!allowed) return undefined;
    this.#until = clock.mono() + LOOKING;
    this.#expiry?.[Symbol.dispose]();
    this.#expiry = clock.after(LOOKING, () => {
      this.#kept = undefined;
    });
    if (this.#fresh() === undefined) await this.#frame();
    return this.#fresh();
  }

  #fresh(): Kept | undefined {
    const age = this.#options.clock.mono() - (this.#kept?.frame.time ?? Number.NEGATIVE_INFINITY);
    const period = 1000 / this.#options.rate;
    return age <= Math.min(LOOKING, Math.max(FRESH, PERIODS * period)) ? this.#kept : undefined;
  }

  #frame(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(WAIT, resolve);
      this.#waiting.push(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
  }

  /** Drops everything. */
  [Symbol.dispose](): void {
    this.#expiry?.[Symbol.dispose]();
    this.#kept = undefined;
    this.#until = Number.NEGATIVE_INFINITY;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function scaled([x1, y1, x2, y2]: Detection['box'], scale: number): Detection['box'] {
  return [x1 * scale, y1 * scale, x2 * scale, y2 * scale];
}
