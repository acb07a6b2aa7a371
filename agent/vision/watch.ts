/** One camera from frame to reading: takes frames as fast as the budget allows, has them looked at, reports. */
import { Backoff } from '../core/backoff.ts';
import type { CameraConfig } from '../core/camera.ts';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { VisionTask } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';
import { cameraHealth, FrameFigures, troubleOf } from './camera-health.ts';
import type { Condition } from './condition.ts';
import type { Detector } from './detector.ts';
import { Governor, type Limit } from './governor.ts';
import type { CountingLine } from './line.ts';
import type { Boxes, Shot, VisionMessage } from './messages.ts';
import { type Decoded, Observer } from './observer.ts';
import { decode, measure, type Picture } from './picture.ts';
import type { Shadow } from './shadow.ts';
import { Shown } from './shown.ts';
import { openSource } from './source/open.ts';
import type { KeptSums } from './tally.ts';

export interface WatchOptions {
  readonly camera: CameraConfig;
  readonly detectors: Readonly<Partial<Record<VisionTask, Detector>>>;
  /** Finds the faces to blur in a preview; asked only when somebody looks. */
  readonly faces: () => Promise<Detector>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (message: VisionMessage) => void;
  readonly line?: CountingLine;
  /** Where sums survive a restart; absent: nowhere. */
  readonly totals?: KeptSums;
  /** Models that look at the same frames. */
  readonly shadow?: Shadow;
  /** Absent: of the camera's budget and the machine's thermometers. */
  readonly governor?: Governor;
}

export interface Watch {
  /** Settles when the signal has aborted and nothing is under way. Never rejects. */
  readonly ended: Promise<void>;
  preview(blur?: boolean): Promise<Shot | undefined>;
  boxes(): Promise<Boxes | undefined>;
}

const RECONNECT = { first: 500, max: 10_000 };

interface Taken extends Decoded {
  /** ms */
  readonly decodeTime: number;
}

export function watchCamera(options: WatchOptions): Watch {
  const { camera, detectors, clock, signal, tell, totals, shadow } = options;
  const source = openSource(camera, clock);
  const tally = totals?.open(clock.mono());
  const observer = new Observer({
    camera,
    detectors,
    now: clock.mono(),
    frozenAfter: source.frozenAfter,
    ...(tally === undefined ? {} : { tally }),
    ...(options.line === undefined ? {} : { line: options.line }),
  });
  const { condition } = observer;
  const governor = options.governor ?? new Governor(camera);
  const shown = new Shown({
    clock,
    allowed: camera.preview,
    rate: camera.rate,
    faces: options.faces,
  });
  const figures = new FrameFigures(clock.mono());
  const backoff = new Backoff(RECONNECT);
  let lastError: AgentError | undefined;
  let told: Condition = 'starting';
  let toldLimit: Limit | undefined;

  /** One frame, taken when it is due; a value, so that it can be under way while the last one is looked at. */
  const take = async (due: Mono): Promise<Taken | AgentError> => {
    try {
      await clock.sleep(due - clock.mono(), signal);
      const frame = await source.next(signal);
      const started = clock.mono();
      const size = await measure(frame.bytes);
      const pictures: Partial<Record<VisionTask, Picture>> = {};
      for (const task of camera.tasks) {
        const detector = detectors[task];
        if (detector === undefined || !observer.wants(task, frame.time)) continue;
        pictures[task] = await decode(frame.bytes, size, detector.pack.input);
      }
      return { frame, size, pictures, decodeTime: clock.mono() - started };
    } catch (thrown) {
      return asAgentError(thrown, 'source-failed');
    }
  };

  const look = async (taken: Taken): Promise<void> => {
    const started = clock.mono();
    const cpu = process.threadCpuUsage();
    const { usable, detections, news, brightness } = await observer.look(taken);
    const detectTime = clock.mono() - started;
    const { user, system } = process.threadCpuUsage(cpu);
    if (news.length > 0) tell({ kind: 'readings', readings: news });
    shown.offer(usable ? { frame: taken.frame, size: taken.size, detections } : undefined);
    figures.add(taken.decodeTime, detectTime, brightness);
    governor.spent((user + system) / 1000, taken.decodeTime);
    if (usable) await shadow?.look(taken, detections);
    totals?.changed(observer.tally.state, clock.mono());
  };

  const announce = (): void => {
    const now = condition.condition;
    const { limit } = governor.allowed;
    if (now === told && limit === toldLimit) return;
    const fine = now === 'ok' && limit === undefined;
    if (told !== 'starting' || !fine) {
      const message = troubleOf(now, lastError)?.message;
      tell({
        kind: 'event',
        event: {
          event: 'camera',
          severity: fine ? 'info' : 'warning',
          device: camera.id,
          time: clock.mono(),
          body: {
            state: now,
            ...(message === undefined ? {} : { message }),
            ...(limit === undefined ? {} : { limited_by: limit }),
          },
        },
      });
    }
    told = now;
    toldLimit = limit;
    health();
  };

  const health = (): void => {
    const facts = { ...figures.facts(clock.mono()), ...governor.facts, ...shadow?.facts };
    const { limit } = governor.allowed;
    const state = { camera: camera.id, condition: condition.condition, error: lastError, limit, facts };
    tell({ kind: 'health', health: cameraHealth(state) });
  };

  const report = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(camera.every, signal);
      // A camera that never answered has failed by now at the latest.
      if (condition.condition === 'starting') condition.failure(clock.mono());
      announce();
      const before = observer.tally.state;
      const now = clock.mono();
      const readings = observer.close(now);
      totals?.closed(before, observer.tally.state, now);
      tell({ kind: 'readings', readings });
      health();
      figures.restart(now);
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
        await governor.feel(clock.mono());
        // A late frame does not pull others after it: the newest one is the next one.
        due = Math.max(due + 1000 / governor.allowed.rate, clock.mono());
        next = take(due);
        await look(taken).catch((thrown) => fail(asAgentError(thrown)));
      } else {
        fail(taken);
        due = clock.mono() + Math.max(1000 / camera.rate, backoff.next(clock.mono()));
        next = take(due);
      }
      announce();
    }
  };

  const fail = (error: AgentError): void => {
    lastError = error;
    shown.offer(undefined);
    observer.interrupted();
    condition.failure(clock.mono());
  };

  const quietly = (loop: Promise<void>) =>
    loop.catch((thrown) => {
      if (!signal.aborted) throw thrown;
    });

  const end = async (): Promise<void> => {
    await Promise.all([quietly(run()), quietly(report())]);
    shown[Symbol.dispose]();
    await source[Symbol.asyncDispose]();
    totals?.stop(observer.tally.state);
  };

  return { ended: end(), preview: (blur) => shown.take(blur), boxes: () => shown.boxes() };
}
