/** Collects what the frames of one interval show and makes readings of it. */
import { bad, good, type Mono, type Place, type Reading, type Reason, uncertain } from '../core/reading.ts';
import type { CameraConfig } from '../core/site.ts';
import type { Detection } from '../core/view.ts';
import { cameraPoints } from './description.ts';

/** Frames per second below which a vehicle can pass unseen; a tenth is left for jitter. */
const PASS_RATE = 6 * 0.9;
/** A face count is the median of so many frames: one frame in ten has a face too many or too few. */
const SETTLED_FRAMES = 5;
/** A street is empty when no frame of this time shows a vehicle, ms: one may be missed in a single frame. */
const EMPTY_AFTER = 1000;

interface Count {
  readonly value: number;
  readonly time: Mono;
}

export class Interval {
  readonly #camera: CameraConfig;
  readonly #points: ReadonlySet<string>;
  #since: Mono;
  #frames = 0;
  #passed = 0;
  #vehicles: (Count & { readonly bus: boolean }) | undefined;
  #faces: readonly Count[] = [];
  /** Whether the last reading told of vehicles; undefined before the first. */
  #occupied: boolean | undefined;
  #emptySince: Mono | undefined;
  #toldAt: Mono | undefined;

  constructor(camera: CameraConfig, since: Mono) {
    this.#camera = camera;
    this.#points = new Set(cameraPoints(camera.tasks).map((point) => point.id));
    this.#since = since;
  }

  /**
   * Takes what a frame shows. Gives the readings that cannot wait for the end of the interval: the first vehicle in an
   * empty street (a lamp shall be up before it has passed), and, after a moment without any, the empty street.
   */
  vehicles(detections: readonly Detection[], passed: number, time: Mono): readonly Reading[] {
    this.#frames += 1;
    this.#passed += passed;
    const bus = detections.some((detection) => detection.class === 'bus');
    const seen = { value: detections.length, time, bus };
    this.#vehicles = seen;
    if (seen.value > 0) this.#emptySince = undefined;
    else this.#emptySince ??= time;
    const empty = this.#emptySince !== undefined && time - this.#emptySince >= EMPTY_AFTER;
    const news = this.#occupied !== true ? seen.value > 0 : empty;
    return news ? this.#inSight(seen) : [];
  }

  faces(count: number, time: Mono): void {
    this.#faces = [...this.#faces, { value: count, time }].slice(-SETTLED_FRAMES);
  }

  /** Forgets faces seen before: after a break the median must not mix two scenes. */
  interrupted(): void {
    this.#faces = [];
  }

  /**
   * The readings of the interval that ends at `now`, and the start of the next one. `trouble`: why the camera shows
   * nothing that counts; then all is bad, for a count of zero would be a lie.
   */
  close(now: Mono, trouble: Reason | undefined): readonly Reading[] {
    const readings =
      trouble === undefined
        ? [...this.#vehicleReadings(now), ...this.#faceReadings()]
        : Array.from(this.#points, (point) => bad(this.#at(point), trouble, now));
    this.#since = now;
    this.#frames = 0;
    this.#passed = 0;
    this.#vehicles = undefined;
    return readings.filter((reading) => this.#points.has(reading.point));
  }

  /** What is in sight is said when a frame was seen; of passes nothing is known without one. */
  #vehicleReadings(now: Mono): readonly Reading[] {
    const seen = this.#vehicles;
    if (seen === undefined) return [bad(this.#at('vehicles-passed'), 'not-available', now)];
    const slow = (this.#frames * 1000) / Math.max(1, now - this.#since) < PASS_RATE;
    const passed = this.#at('vehicles-passed');
    return [
      // The frame that ends the interval may have been told of already, as news.
      ...(seen.time === this.#toldAt ? [] : this.#inSight(seen)),
      slow ? uncertain(passed, this.#passed, 'low-rate', now) : good(passed, this.#passed, now),
    ];
  }

  #inSight(seen: Count & { readonly bus: boolean }): readonly Reading[] {
    this.#occupied = seen.value > 0;
    const { time } = seen;
    this.#toldAt = time;
    return [good(this.#at('vehicles'), seen.value, time), good(this.#at('bus-present'), seen.bus, time)];
  }

  #faceReadings(): readonly Reading[] {
    const last = this.#faces.at(-1);
    if (last === undefined || last.time <= this.#since) return [];
    const value = median(this.#faces.map((count) => count.value));
    return this.#faces.length < SETTLED_FRAMES
      ? [uncertain(this.#at('faces'), value, 'warming-up', last.time)]
      : [good(this.#at('faces'), value, last.time)];
  }

  #at(point: string): Place {
    return { device: this.#camera.id, point, unit: '1' };
  }
}

/** The middle value; of two middles the lower one, for a count is a whole number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
