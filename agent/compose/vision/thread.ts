/** The vision thread: loads the models of the cameras and watches until it is told to stop. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { DEFAULT_MODELS, findPack, SHIPPED } from '../../../models/folders.ts';
import { readPack } from '../../../models/pack.ts';
import type { CameraConfig } from '../../core/camera.ts';
import { type CrashMark, openCrashMark } from '../../core/crash-mark.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { VisionTask } from '../../core/model.ts';
import { serve } from '../../core/rpc.ts';
import { SystemClock } from '../../core/time/system-clock.ts';
import { cameraPoints } from '../../vision/description.ts';
import type { Detector } from '../../vision/detector.ts';
import { withFallback } from '../../vision/fallback.ts';
import type { VisionCalls, VisionMessage, VisionOrders } from '../../vision/messages.ts';
import { keepSharpSmall } from '../../vision/picture.ts';
import { Shadow } from '../../vision/shadow.ts';
import { type Watch, watchCamera } from '../../vision/watch.ts';
import { TotalsFile } from './camera-totals.ts';
import { newestLogged } from './logged-sums.ts';

if (parentPort === null) throw new AgentError('internal', 'the vision thread runs as a worker only');
const port = parentPort;
const tell = (message: VisionMessage) => port.postMessage(message);

async function main({ cameras, state, logFile, crashMark, mapping }: VisionOrders): Promise<void> {
  keepSharpSmall();
  const stop = new AbortController();
  port.on('message', (message: { readonly kind?: string }) => {
    if (message.kind === 'stop') stop.abort();
  });
  await using loaded = new AsyncDisposableStack();
  const mark = loaded.use(openCrashMark(crashMark, 'vision'));
  // Loading the library runs its native code already.
  const { loadDetector } = await mark.around(() => import('../../vision/detector.ts'));
  const clock = new SystemClock();
  const detectors = new Map<string, Promise<Detector>>();
  /** One network serves all cameras that name it. */
  const load = (folder: string): Promise<Detector> => {
    const known = detectors.get(folder);
    if (known !== undefined) return known;
    const made = readPack(folder)
      .then((pack) => mark.around(() => loadDetector(pack)))
      .then((ready) => marked(loaded.use(ready), mark));
    detectors.set(folder, made);
    return made;
  };
  const named = async (name: string, task: VisionTask): Promise<Detector> => {
    const folder = await findPack(name, state);
    if (folder === undefined) {
      throw new AgentError('model-invalid', `model ${name} cannot be used: there is no such pack`, {
        fix: `kerbside models add <folder of ${name}>`,
      });
    }
    const detector = await load(folder);
    if (detector.pack.task === task) return detector;
    throw new AgentError('model-invalid', `model ${name} cannot be used: it is for ${detector.pack.task}`, {
      fix: `name another model for ${task}`,
    });
  };
  const shipped = (task: VisionTask) => load(join(SHIPPED, DEFAULT_MODELS[task]));
  /** The model a camera names for a task; the default one where that fails, now or later, and the city is told. */
  const counting = (camera: CameraConfig, task: VisionTask): Promise<Detector> => {
    const name = camera.models?.[task];
    if (name === undefined) return shipped(task);
    return withFallback({
      wanted: () => named(name, task),
      fallback: () => shipped(task),
      onFallback: ({ message, fix }) =>
        tell({
          kind: 'event',
          event: {
            event: 'camera',
            severity: 'warning',
            device: camera.id,
            time: clock.mono(),
            body: { model: name, task, state: 'rolled-back', message, ...(fix === undefined ? {} : { fix }) },
          },
        }),
    });
  };

  const watches = new Map<string, Watch>();
  const calls = {
    preview: async (camera: string, blur: boolean) => watches.get(camera)?.preview(blur),
    boxes: async (camera: string) => watches.get(camera)?.boxes(),
  } satisfies VisionCalls;
  for (const camera of cameras) {
    const own: Partial<Record<VisionTask, Detector>> = {};
    for (const task of camera.tasks) own[task] = await counting(camera, task);
    const beside: Partial<Record<VisionTask, Detector>> = {};
    for (const [task, name] of Object.entries(camera.shadow ?? {}) as [VisionTask, string][]) {
      // A shadow that cannot be loaded takes nothing down; it is told and left out.
      const detector = await named(name, task).catch((thrown) => {
        const { message } = asAgentError(thrown);
        const body = { model: name, task, state: 'shadow-failed', message };
        const event = {
          event: 'camera',
          severity: 'warning',
          device: camera.id,
          time: clock.mono(),
          body,
        } as const;
        tell({ kind: 'event', event });
        return undefined;
      });
      if (detector !== undefined) beside[task] = detector;
    }
    const sums = new Set(
      cameraPoints(camera).flatMap(({ id, aggregation }) => (aggregation === 'sum' ? [id] : [])),
    );
    const totals = new TotalsFile({
      folder: join(state, 'vision'),
      camera: camera.id,
      mapping,
      newestLogged: () => newestLogged(logFile, camera.id, sums),
    });
    watches.set(
      camera.id,
      watchCamera({
        camera,
        detectors: own,
        faces: () => counting(camera, 'faces'),
        clock,
        signal: stop.signal,
        tell,
        totals,
        ...(Object.keys(beside).length === 0 ? {} : { shadow: new Shadow(beside) }),
      }),
    );
  }
  serve(port, calls);
  tell({ kind: 'ready' });
  await Promise.all(Array.from(watches.values(), (watch) => watch.ended));
}

/** The same detector, under the mark while its network runs. */
function marked(detector: Detector, mark: CrashMark): Detector {
  const detect: Detector['detect'] = (...asked) => mark.around(() => detector.detect(...asked));
  return { ...detector, detect };
}

try {
  const orders: VisionOrders = workerData;
  await main(orders);
  port.close();
} catch (thrown) {
  const { message, fix } = asAgentError(thrown);
  tell({ kind: 'fault', message, fix });
  throw thrown;
}
