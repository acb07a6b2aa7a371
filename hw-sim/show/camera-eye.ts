/**
 * What the agent's camera makes of the street: how many have passed, and the boxes of the newest frame. Boxes are asked for
 * as a logged-in technician's preview asks for them, only while somebody looks at the show; no picture comes with them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentEye, Refused, type SeenReading } from './agent-eye.ts';

export interface SeenBox {
  readonly kind: string;
  readonly score: number;
  /** Left, top, width and height as parts of the picture, 0…1. */
  readonly place: readonly [number, number, number, number];
}

export interface SeenBoxes {
  /** When the agent had the frame, Unix epoch ms of its clock. */
  readonly time: number;
  readonly boxes: readonly SeenBox[];
}

interface Detections {
  readonly time: number;
  readonly width: number;
  readonly height: number;
  readonly detections: readonly {
    readonly class: string;
    readonly score: number;
    readonly box: readonly [number, number, number, number];
  }[];
}

/** Between two questions, and after a refusal, ms. */
const ASK_MS = 300;
const PAUSE_MS = 2000;

export class CameraEye implements AsyncDisposable {
  readonly camera: string;
  /** Vehicles since the show opened: the camera tells how many in each interval. */
  passed = 0;
  /** Of the newest frame; undefined where there is none, or nobody may look. */
  seen: SeenBoxes | undefined;
  readonly #eye: AgentEye;
  readonly #watched: () => boolean;
  readonly #stop = new AbortController();
  readonly #counting: Disposable;
  readonly #asking: Promise<void>;
  #last: SeenReading | undefined;

  /** `watched`: whether anybody looks at the show now. */
  constructor(eye: AgentEye, camera: string, watched: () => boolean) {
    this.camera = camera;
    this.#eye = eye;
    this.#watched = watched;
    this.#counting = eye.onChange(() => this.#count());
    this.#asking = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#counting[Symbol.dispose]();
    await this.#asking;
  }

  #count(): void {
    const reading = this.#eye.readings.get(`${this.camera}/vehicles-passed`);
    if (reading === undefined || reading === this.#last) return;
    this.#last = reading;
    if (typeof reading.value === 'number') this.passed += reading.value;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pause = this.#watched() && this.#eye.up ? await this.#ask() : ASK_MS;
      if (!this.#eye.up) this.seen = undefined;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Gives the wait before the next question, ms. */
  async #ask(): Promise<number> {
    const path = `/cameras/${this.camera}`;
    try {
      const { time, width, height, detections } = await this.#eye.ask<Detections>(
        'GET',
        `${path}/detections`,
      );
      const boxes = detections.map(({ class: kind, score, box: [left, top, right, bottom] }): SeenBox => {
        const place = [left / width, top / height, (right - left) / width, (bottom - top) / height].map(
          (part) => Math.round(part * 1e4) / 1e4,
        );
        return { kind, score, place: place as unknown as SeenBox['place'] };
      });
      this.seen = { time, boxes };
      return ASK_MS;
    } catch (error) {
      this.seen = undefined;
      // A viewing ends by itself after a while; whoever still looks begins it anew.
      if (error instanceof Refused && error.code === 'viewing-over') {
        await this.#eye.ask('POST', `${path}/viewing`, { faces: 'blurred' }).catch(() => undefined);
        return ASK_MS;
      }
      return PAUSE_MS;
    }
  }
}
