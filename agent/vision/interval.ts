/** Collects what the frames of one interval show of the whole picture and makes readings of it; sums are the tally's. */
import type { CameraConfig } from '../core/camera.ts';
import { bad, good, type Mono, type Place, type Reading, type Reason, uncertain } from '../core/reading.ts';
import type { Unit } from '../core/unit.ts';
import type { Detection } from '../core/view.ts';
import { PASS_RATE } from './counting.ts';
import { cameraPoints } from './description.ts';
import { median } from './median.ts';
import { Tally } from './tally.ts';

/** A face count is the median of so many frames: one frame in ten has a face too many or too few. */
const SETTLED_FRAMES = 5;
/** A street is empty when no frame of this time shows a vehicle, ms: one may be missed in a single frame. */
const EMPTY_AFTER = 1000;
/** Sums that are no vehicles' depend on frames that come twice a second. */
const FACE_SUM = 'faces-passed';

interface Count {
  readonly value: number;
  readonly time: Mono;
}

export class Interval {
  readonly #camera: CameraConfig;
  readonly #units: ReadonlyMap<string, Unit>;
  readonly #sums: readonly string[];
  readonly #tally: Tally;
  #since: Mono;
  #vehicles: (Count & { readonly bus: boolean }) | undefined;
  #faces: readonly Count[] = [];
  /** Whether the last reading told of vehicles; undefined before the first. */
  #occupied: boolean | undefined;
  #emptySince: Mono | undefined;
  #toldAt: Mono | undefined;

  constructor(camera: CameraConfig, since: Mono, tally: Tally = Tally.empty(since)) {
    this.#camera = camera;
    const points = cameraPoints(camera);
    this.#units = new Map(points.map(({ id, unit }) => [id, unit]));
    this.#sums = points.filter(({ aggregation }) => aggregation === 'sum').map(({ id }) => id);
    this.#tally = tally;
    this.#since = since;
  }

  /**
   * Takes what a frame shows. Gives the readings that cannot wait for the end of the interval: the first vehicle in an
   * empty street (a lamp shall be up before it has passed), and, after a moment without any, the empty street.
   */
  vehicles(detections: readonly Detection[], passed: number, time: Mono): readonly Reading[] {
    this.#tally.frame();
    this.#tally.add('vehicles-passed', passed);
    const bus = detections.some((detection) => detection.class === 'bus');
    const seen = { value: detections.length, time, bus };
    this.#vehicles = seen;
    if (seen.value > 0) this.#emptySince = undefined;
    else this.#emptySince ??= time;
    const empty = this.#emptySince !== undefined && time - this.#emptySince >= EMPTY_AFTER;
    const news = this.#occupied !== true ? seen.value > 0 : empty;
    return news ? this.#inSight(seen) : [];
  }

  /** `came`: faces that have just been seen for long enough to be one more. */
  faces(count: number, time: Mono, came = 0): void {
    this.#tally.add(FACE_SUM, came);
    this.#faces = [...this.#faces, { value: count, time }].slice(-SETTLED_FRAMES);
  }

  /** Forgets faces seen before: after a break the median must not mix two scenes. */
  interrupted(): void {
    this.#faces = [];
  }

  /**
   * The readings of the interval that ends at `now`, and the start of the next one. `trouble`: why the camera shows
   * nothing that counts; then all is bad, for a count of zero would be a lie, and what was summed goes into the next
   * interval.
   */
  close(now: Mono, trouble: Reason | undefined): readonly Reading[] {
    if (trouble !== undefined) {
      this.#forgetSight(now);
      const own = [
        ...(this.#has('vehicles') ? ['vehicles', 'bus-present'] : []),
        ...(this.#has('faces') ? ['faces'] : []),
      ];
      return [...own, ...this.#sums].map((point) => bad(this.#at(point), trouble, now));
    }
    const readings = [...this.#sight(), ...this.#sumReadings(now), ...this.#faceReadings()];
    this.#tally.restart(now);
    this.#forgetSight(now);
    return readings;
  }

  #forgetSight(now: Mono): void {
    this.#since = now;
    this.#vehicles = undefined;
  }

  #has(point: string): boolean {
    return this.#units.has(point);
  }

  /** What is in sight is said when a frame was seen. */
  #sight(): readonly Reading[] {
    const seen = this.#vehicles;
    // The frame that ends the interval may have been told of already, as news.
    return seen === undefined || seen.time === this.#toldAt ? [] : this.#inSight(seen);
  }

  /** Of passes nothing is known without a frame. */
  #sumReadings(now: Mono): readonly Reading[] {
    const slow = this.#tally.rate(now) < PASS_RATE;
    return this.#sums.map((point) => {
      const value = this.#tally.get(point);
      if (point === FACE_SUM) {
        const seen = this.#faces.some(({ time }) => time > this.#since);
        if (seen) return good(this.#at(point), value, now);
        return value > 0
          ? uncertain(this.#at(point), value, 'low-rate', now)
          : bad(this.#at(point), 'not-available', now);
      }
      if (this.#tally.frames === 0) return bad(this.#at(point), 'not-available', now);
      return slow ? uncertain(this.#at(point), value, 'low-rate', now) : good(this.#at(point), value, now);
    });
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
    return { device: this.#camera.id, point, unit: this.#units.get(point) ?? '1' };
  }
}
