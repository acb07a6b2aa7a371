/** What a camera's frames show, from decoded picture to counts: detect, track, count. Knows no source and no time of its own. */
import type { CameraConfig } from '../core/camera.ts';
import type { PictureSize, VisionTask } from '../core/model.ts';
import type { Mono, Reading } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';
import { ConditionWatch, type FrameFault } from './condition.ts';
import { Counting } from './counting.ts';
import type { Detector } from './detector.ts';
import { FacesPassed } from './faces-passed.ts';
import { Interval } from './interval.ts';
import { type CountingLine, LineCounter, MIDDLE } from './line.ts';
import type { Picture } from './picture.ts';
import type { Frame } from './source/frame.ts';
import { Tally } from './tally.ts';
import { Tracker } from './tracker.ts';
import { ViewWatch } from './view-watch.ts';
import { withhold } from './withhold.ts';

export interface ObserverOptions {
  readonly camera: CameraConfig;
  readonly detectors: Readonly<Partial<Record<VisionTask, Detector>>>;
  readonly now: Mono;
  /** Sums that an earlier run left behind. */
  readonly tally?: Tally;
  /** The same frame for longer is a frozen source, ms. */
  readonly frozenAfter?: number;
  /** Of `vehicles-passed`. Default: down the middle. */
  readonly line?: CountingLine;
}

/** A frame with what of it is needed, decoded. */
export interface Decoded {
  readonly frame: Frame;
  readonly size: PictureSize;
  readonly pictures: Readonly<Partial<Record<VisionTask, Picture>>>;
}

export interface Observation {
  /** False: nothing was counted on the frame. */
  readonly usable: boolean;
  /** The sure ones, of all tasks; faces of the last look at them. */
  readonly detections: readonly Detection[];
  /** Readings that cannot wait for the end of the interval. */
  readonly news: readonly Reading[];
  /** Mean of the samples, 0…255. */
  readonly brightness: number;
}

/** Faces change slowly and cost more than vehicles: looked for this often, ms. */
const FACE_PERIOD = 500;
/** Scores from this part of the threshold on carry tracks on. */
const UNSURE = 0.5;
/** A vehicle behind a tree or a bus is expected to come out again, ms. */
const VEHICLE_LIFE = { life: 700, longLife: 1200 };
const PEOPLE_LIFE = { life: 1000, longLife: 3000 };
const PERSON = 'person';

export class Observer {
  readonly condition: ConditionWatch;
  readonly tally: Tally;
  readonly #camera: CameraConfig;
  readonly #detectors: ObserverOptions['detectors'];
  readonly #view = new ViewWatch();
  readonly #vehicles = new Tracker(VEHICLE_LIFE);
  readonly #people = new Tracker(PEOPLE_LIFE);
  readonly #facesPassed = new FacesPassed();
  readonly #passes: LineCounter;
  readonly #counting: Counting;
  readonly #interval: Interval;
  readonly #also: readonly string[];
  #facesDue: Mono = Number.NEGATIVE_INFINITY;
  #faces: readonly Detection[] = [];

  constructor({ camera, detectors, now, tally = Tally.empty(now), frozenAfter, line }: ObserverOptions) {
    this.#camera = camera;
    this.#detectors = detectors;
    this.tally = tally;
    this.condition = new ConditionWatch(now, frozenAfter);
    this.#passes = new LineCounter(line ?? MIDDLE);
    this.#counting = new Counting(camera, tally);
    this.#interval = new Interval(camera, now, tally);
    const people = (camera.zones ?? []).some(({ counts }) => counts === 'people');
    this.#also = people ? [PERSON] : [];
  }

  /** Whether a frame of `time` is to be decoded for the task. */
  wants(task: VisionTask, time: Mono): boolean {
    return this.#detectors[task] !== undefined && (task === 'vehicles' || time >= this.#facesDue);
  }

  async look({ frame, size, pictures }: Decoded): Promise<Observation> {
    const { vehicles, faces } = pictures;
    const news: Reading[] = [];
    let sure: readonly Detection[] = [];
    let brightness = 0;
    let judged: boolean | undefined;
    /** The first picture of a frame tells whether the camera sees at all. */
    const judge = (picture: Picture, dark: boolean): boolean => {
      if (judged !== undefined) return judged;
      const fault: FrameFault | undefined = dark ? 'dark' : this.#view.look(picture, frame.time);
      judged = this.condition.frame(frame.bytes, fault, frame.time);
      if (!judged) this.interrupted();
      return judged;
    };
    if (vehicles !== undefined && this.#detectors.vehicles !== undefined) {
      const surely = this.#detectors.vehicles.pack.settings.threshold;
      const found = await this.#detectors.vehicles.detect(vehicles, {
        threshold: surely * UNSURE,
        also: this.#also,
      });
      brightness = found.brightness.mean;
      if (!judge(vehicles, found.dark)) return { usable: false, detections: [], news, brightness };
      const people = found.detections.filter((one) => one.class === PERSON);
      const others = found.detections.filter((one) => one.class !== PERSON);
      sure = found.detections.filter(({ score }) => score >= surely);
      const tracks = this.#vehicles.update(others, frame.time, surely);
      const passed = this.#passes.update(tracks, size).length;
      const seen = sure.filter((one) => one.class !== PERSON);
      // A network that knows no people finds none, which is no zero.
      const knows = this.#detectors.vehicles.pack.settings.classes.includes(PERSON);
      news.push(
        ...this.#interval.vehicles(seen, passed, frame.time),
        ...this.#counting.update(
          { vehicles: tracks, ...(knows ? { people: this.#people.update(people, frame.time, surely) } : {}) },
          size,
          frame.time,
        ),
      );
    }
    if (faces !== undefined && this.#detectors.faces !== undefined) {
      this.#facesDue = frame.time + FACE_PERIOD;
      const found = await this.#detectors.faces.detect(faces);
      if (vehicles === undefined) brightness = found.brightness.mean;
      if (!judge(faces, found.dark)) return { usable: false, detections: [], news, brightness };
      this.#faces = found.detections;
      const { threshold } = this.#detectors.faces.pack.settings;
      const { tracks, count, came } = this.#facesPassed.update(found.detections, frame.time, threshold);
      this.#interval.faces(count, frame.time, came);
      news.push(...this.#counting.update({ faces: tracks }, size, frame.time));
    }
    return {
      usable: judged !== false,
      detections: [...sure, ...this.#faces],
      // While it is in doubt what the camera looks at, nothing is said at once.
      news: this.condition.trouble === undefined ? withhold(this.#camera, news) : [],
      brightness,
    };
  }

  /** No frame, or none that counts: what was followed is lost. */
  interrupted(): void {
    this.#faces = [];
    this.#interval.interrupted();
    this.#counting.interrupted();
  }

  /** The readings of the interval that ends now. */
  close(now: Mono): readonly Reading[] {
    const { trouble } = this.condition;
    const states = trouble === undefined ? this.#counting.states(now) : this.#counting.unknown(trouble, now);
    return withhold(this.#camera, [...states, ...this.#interval.close(now, trouble)]);
  }
}
