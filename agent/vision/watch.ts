/** One camera from frame to reading: takes frames, looks at them, counts, says what it can and cannot see. */
import { Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { PictureSize, VisionTask } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import type { CameraConfig } from '../core/site.ts';
import type { Detection } from '../core/view.ts';
import { blurFaces } from './blur.ts';
import { type Condition, ConditionWatch } from './condition.ts';
import type { Detector } from './detector.ts';
import { Interval } from './interval.ts';
import { type CountingLine, LineCounter, MIDDLE } from './line.ts';
import type { Shot, VisionMessage } from './messages.ts';
import { decode, measure, type Picture } from './picture.ts';
import { type Frame, takeSnapshot } from './snapshot.ts';
import { Tracker } from './tracker.ts';

export interface WatchOptions {
  readonly camera: CameraConfig;
  readonly detectors: Readonly<Partial<Record<VisionTask, Detector>>>;
  /** Finds the faces to blur in a preview; asked only when somebody looks. */
  readonly faces: () => Promise<Detector>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (message: VisionMessage) => void;
  readonly line?: CountingLine;
}

export interface Watch {
  /** Settles when the signal has aborted and nothing is under way. Never rejects. */
  readonly ended: Promise<void>;
  preview(): Promise<Shot | undefined>;
}

/** Faces change slowly and cost more than vehicles: looked for this often, ms. */
const FACE_PERIOD = 500;
/** Scores of faces to blur may be lower than of faces to count: better one too many. */
const BLUR_THRESHOLD = 0.2;
const RECONNECT = { first: 500, max: 10_000 };

const TROUBLE: Readonly<Record<Condition, { readonly message: string; readonly fix: string } | undefined>> = {
  starting: undefined,
  ok: undefined,
  failed: undefined,
  dark: {
    message: 'the camera shows black',
    fix: 'clean or uncover the lens, or check the light at the site',
  },
  frozen: {
    message: 'the camera sends the same frame again and again',
    fix: 'restart the camera',
  },
};

/** A frame with what of it is needed, decoded. */
interface Taken {
  readonly frame: Frame;
  readonly size: PictureSize;
  readonly pictures: Readonly<Partial<Record<VisionTask, Picture>>>;
  /** ms */
  readonly decodeTime: number;
}

interface Newest {
  readonly frame: Frame;
  readonly size: PictureSize;
  readonly detections: readonly Detection[];
}

export function watchCamera(options: WatchOptions): Watch {
  const { camera, detectors, clock, signal, tell } = options;
  const tracker = new Tracker();
  const counter = new LineCounter(options.line ?? MIDDLE);
  const condition = new ConditionWatch(clock.mono());
  const interval = new Interval(camera, clock.mono());
  const backoff = new Backoff(RECONNECT);
  const period = 1000 / camera.rate;
  let newest: Newest | undefined;
  let lastError: AgentError | undefined;
  let told: Condition = 'starting';
  let facesDue: Mono = 0;
  /** Faces are looked for less often than frames come; these are the last ones. */
  let faces: readonly Detection[] = [];
  let frames = 0;
  let looked = { frames: 0, since: clock.mono(), decodeMs: 0, detectMs: 0, brightness: 0 };

  /** One frame, fetched when it is due; a value, so that it can be under way while the last one is looked at. */
  const take = async (due: Mono): Promise<Taken | AgentError> => {
    try {
      await clock.sleep(due - clock.mono(), signal);
      const frame = await takeSnapshot(camera.source, { clock, signal });
      const started = clock.mono();
      const size = await measure(frame.bytes);
      const pictures: Partial<Record<VisionTask, Picture>> = {};
      for (const task of camera.tasks) {
        const detector = detectors[task];
        if (detector === undefined || (task === 'faces' && frame.time < facesDue)) continue;
        pictures[task] = await decode(frame.bytes, size, detector.pack.input);
      }
      if (pictures.faces !== undefined) facesDue = frame.time + FACE_PERIOD;
      return { frame, size, pictures, decodeTime: clock.mono() - started };
    } catch (thrown) {
      return asAgentError(thrown, 'source-failed');
    }
  };

  const look = async ({ frame, size, pictures, decodeTime }: Taken): Promise<void> => {
    const started = clock.mono();
    const found: Detection[] = [];
    let usable = true;
    for (const [task, picture] of Object.entries(pictures) as [VisionTask, Picture][]) {
      const result = await detectors[task]?.detect(picture);
      if (result === undefined) continue;
      looked.brightness = result.brightness.mean;
      usable = condition.frame(frame.bytes, result.dark, frame.time);
      if (!usable) break;
      if (task === 'faces') {
        faces = result.detections;
        interval.faces(faces.length, frame.time);
      } else {
        found.push(...result.detections);
        const tracks = tracker.update(result.detections, frame.time);
        const passed = counter.update(tracks, size).length;
        const news = interval.vehicles(result.detections, passed, frame.time);
        if (news.length > 0) tell({ kind: 'readings', readings: news });
      }
    }
    if (!usable) interval.interrupted();
    newest = camera.preview && usable ? { frame, size, detections: [...found, ...faces] } : undefined;
    frames += 1;
    looked = {
      ...looked,
      frames: looked.frames + 1,
      decodeMs: looked.decodeMs + decodeTime,
      detectMs: looked.detectMs + clock.mono() - started,
    };
  };

  const announce = (): void => {
    const now = condition.condition;
    if (now === told) return;
    const before = told;
    told = now;
    const message = TROUBLE[now]?.message ?? (now === 'failed' ? lastError?.message : undefined);
    if (before !== 'starting' || now !== 'ok') {
      tell({
        kind: 'event',
        event: {
          event: 'camera',
          severity: now === 'ok' ? 'info' : 'warning',
          device: camera.id,
          time: clock.mono(),
          body: { state: now, ...(message === undefined ? {} : { message }) },
        },
      });
    }
    health();
  };

  const health = (): void => {
    const state = condition.condition;
    const message = TROUBLE[state]?.message ?? (state === 'failed' ? lastError?.message : undefined);
    const fix = TROUBLE[state]?.fix ?? (state === 'failed' ? lastError?.fix : undefined);
    const count = Math.max(1, looked.frames);
    tell({
      kind: 'health',
      health: {
        camera: camera.id,
        state: state === 'failed' ? 'down' : state === 'dark' || state === 'frozen' ? 'degraded' : state,
        ...(message === undefined ? {} : { message }),
        ...(fix === undefined ? {} : { fix }),
        facts: {
          frames,
          frames_per_second: round((looked.frames * 1000) / Math.max(1, clock.mono() - looked.since)),
          decode_ms: round(looked.decodeMs / count),
          detect_ms: round(looked.detectMs / count),
          brightness: Math.round(looked.brightness),
        },
      },
    });
  };

  const report = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(camera.every, signal);
      // A camera that never answered has failed by now at the latest.
      if (condition.condition === 'starting') condition.failure(clock.mono());
      announce();
      tell({ kind: 'readings', readings: interval.close(clock.mono(), condition.trouble) });
      health();
      looked = { ...looked, frames: 0, since: clock.mono(), decodeMs: 0, detectMs: 0 };
    }
  };

  const run = async (): Promise<void> => {
    let due = clock.mono();
    let next = take(due);
    while (!signal.aborted) {
      const taken = await next;
      if (signal.aborted) return;
      if ('frame' in taken) {
        backoff.healthy(clock.mono());
        // A late frame does not pull others after it: the newest one is the next one.
        due = Math.max(due + period, clock.mono());
        next = take(due);
        await look(taken).catch((thrown) => fail(asAgentError(thrown)));
      } else {
        fail(taken);
        due = clock.mono() + Math.max(period, backoff.next(clock.mono()));
        next = take(due);
      }
      announce();
    }
  };

  const fail = (error: AgentError): void => {
    lastError = error;
    newest = undefined;
    interval.interrupted();
    condition.failure(clock.mono());
  };

  const quietly = (loop: Promise<void>) =>
    loop.catch((thrown) => {
      if (!signal.aborted) throw thrown;
    });

  return {
    ended: Promise.all([quietly(run()), quietly(report())]).then(() => {}),
    async preview() {
      const shown = newest;
      if (!camera.preview || shown === undefined) return undefined;
      const finder = await options.faces();
      const picture = await decode(shown.frame.bytes, shown.size, finder.pack.input);
      const faces = await finder.detect(picture, BLUR_THRESHOLD);
      const { jpeg, width, height, scale } = await blurFaces(shown.frame.bytes, shown.size, faces.detections);
      const detections = shown.detections.map((detection) => ({
        ...detection,
        box: scaled(detection.box, scale),
      }));
      return { jpeg, width, height, time: shown.frame.time, detections };
    },
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

function scaled([x1, y1, x2, y2]: Detection['box'], scale: number): Detection['box'] {
  return [x1 * scale, y1 * scale, x2 * scale, y2 * scale];
}
