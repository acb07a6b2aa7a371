/** Vision as the agent sees it: cameras in, readings, health and previews out; the work is done in a thread of its own. */
import './telemetry-off.ts';
import { AgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import { bad } from '../core/reading.ts';
import { caller, type Remote } from '../core/rpc.ts';
import type { CameraConfig } from '../core/site.ts';
import { runThread } from '../core/thread.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { FoundInFrame, PartHealth, Preview } from '../core/view.ts';
import { cameraPoints } from './description.ts';
import type { Boxes, VisionCalls, VisionMessage, VisionOrders } from './messages.ts';

export interface VisionOptions {
  readonly cameras: readonly CameraConfig[];
  /** The thread's file, agent/compose/vision/thread.ts. */
  readonly entry: URL;
  /** Absolute path of the state folder. */
  readonly state: string;
  readonly logFile: string;
  /** Where the thread marks that native code of vision runs. */
  readonly crashMark: string;
  /** Whether the agent does without vision because it crashed again and again while vision ran. */
  readonly leftOut: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly signal: AbortSignal;
}

export interface Vision extends AsyncDisposable {
  /** Of `vision` and of each `camera:<id>`. */
  health(): readonly PartHealth[];
  /** The newest frame with its boxes, faces blurred unless `blur` is false. Undefined where it is forbidden or there is none to show. */
  preview(camera: string, blur?: boolean): Promise<Preview | undefined>;
  /** What was found in the newest frame; undefined as above. No picture is made. */
  boxes(camera: string): Promise<FoundInFrame | undefined>;
}

/** Longest wait for a preview, ms: the first one loads the face network. */
const PREVIEW_DEADLINE = 5000;

const LEFT_OUT = new AgentError(
  'thread-died',
  'vision is left out: the agent crashed three times within ten minutes while it ran',
  {
    fix: 'restart the agent ten minutes later to try again; kerbside doctor tells whether the network library runs here',
  },
);

/** Starts the thread and returns at once. Disposing, or aborting `signal`, ends the thread within 2 s. */
export function startVision(options: VisionOptions): Vision {
  const { cameras, entry, state, logFile, crashMark, leftOut, clock, log, publisher, signal } = options;
  const stop = new AbortController();
  const parts = new Map<string, PartHealth>();
  let calls: (Remote<VisionCalls> & Disposable) | undefined;
  let fault: { readonly message: string; readonly fix: string | undefined } | undefined;

  const note = (
    part: string,
    state: PartHealth['state'],
    facts: PartHealth['facts'] = {},
    message?: string,
    fix?: string,
  ): void => {
    const before = parts.get(part);
    const since =
      before?.state === state ? before.since : Math.round(wallAt(clock.mapping(), clock.mono()).time);
    parts.set(part, {
      part,
      state,
      since,
      facts,
      ...(message === undefined ? {} : { message }),
      ...(fix === undefined ? {} : { fix }),
    });
  };

  const take = (message: VisionMessage, healthy: () => void): void => {
    switch (message.kind) {
      case 'ready':
        fault = undefined;
        note('vision', 'ok');
        healthy();
        break;
      case 'fault':
        fault = message;
        break;
      case 'readings':
        publisher.readings(message.readings);
        break;
      case 'event':
        log.info('camera.state', { camera: message.event.device, ...message.event.body });
        publisher.event(message.event);
        break;
      case 'health': {
        const { camera, state, facts, message: text, fix } = message.health;
        note(`camera:${camera}`, state, facts, text, fix);
        break;
      }
    }
  };

  /** While the thread is away nothing is known of any camera. */
  const down = (error: AgentError | undefined): void => {
    note('vision', 'down', {}, fault?.message ?? error?.message, fault?.fix ?? error?.fix);
    const now = clock.mono();
    for (const camera of cameras) {
      note(`camera:${camera.id}`, 'down', {}, 'vision is not running');
      const points = cameraPoints(camera);
      publisher.readings(
        points.map(({ id, unit }) => bad({ device: camera.id, point: id, unit }, 'device-failure', now)),
      );
    }
  };

  note('vision', cameras.length === 0 ? 'off' : 'starting');
  for (const camera of cameras) note(`camera:${camera.id}`, 'starting');
  const orders = (): VisionOrders => ({
    cameras,
    state,
    logFile,
    crashMark,
    mapping: clock.mapping(),
  });
  if (leftOut) {
    down(LEFT_OUT);
    log.error('vision.left-out', { error: LEFT_OUT.message });
    publisher.event({
      event: 'agent',
      severity: 'alarm',
      time: clock.mono(),
      body: { part: 'vision', state: 'down', message: LEFT_OUT.message, fix: LEFT_OUT.fix ?? '' },
    });
  }
  const ended =
    cameras.length === 0 || leftOut
      ? Promise.resolve()
      : runThread({
          name: 'vision',
          entry,
          data: orders,
          clock,
          log,
          signal: AbortSignal.any([signal, stop.signal]),
          stop: (worker) => worker.postMessage({ kind: 'stop' }),
          start: (worker, healthy) => {
            worker.on('message', (message: VisionMessage) => take(message, healthy));
            const generation = caller<VisionCalls>(worker, {
              deadline: PREVIEW_DEADLINE,
              peer: 'vision thread',
            });
            calls = generation;
            return {
              [Symbol.dispose]: () => {
                generation[Symbol.dispose]();
                if (calls === generation) calls = undefined;
              },
            };
          },
          onState: (state, error) => {
            if (state === 'down') down(error);
          },
        });

  /** What the thread has of a camera that may be looked through, its time made a true one. */
  async function look<T extends Boxes>(
    camera: string,
    ask: (open: VisionCalls) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const allowed = cameras.find((one) => one.id === camera)?.preview === true;
    if (!allowed || calls === undefined) return undefined;
    const seen = await ask(calls).catch(() => undefined);
    return seen && { ...seen, time: Math.round(wallAt(clock.mapping(), seen.time).time) };
  }

  return {
    health: () => [...parts.values()],
    preview: (camera, blur = true) => look(camera, (open) => open.preview(camera, blur)),
    boxes: (camera) => look(camera, (open) => open.boxes(camera)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}
