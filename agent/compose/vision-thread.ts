/** The vision thread: loads the default models and watches the cameras until it is told to stop. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { readPack } from '../../models/pack.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { VisionTask } from '../core/model.ts';
import { serve } from '../core/rpc.ts';
import { SystemClock } from '../core/system-clock.ts';
import { type Detector, loadDetector } from '../vision/detector.ts';
import type { VisionCalls, VisionMessage, VisionOrders } from '../vision/messages.ts';
import { keepSharpSmall } from '../vision/picture.ts';
import { type Watch, watchCamera } from '../vision/watch.ts';

const MODELS = join(import.meta.dirname, '../../models');
const DEFAULTS: Readonly<Record<VisionTask, string>> = { vehicles: 'centernet', faces: 'faceboxes' };

if (parentPort === null) throw new AgentError('internal', 'the vision thread runs as a worker only');
const port = parentPort;
const tell = (message: VisionMessage) => port.postMessage(message);

async function main({ cameras }: VisionOrders): Promise<void> {
  keepSharpSmall();
  const stop = new AbortController();
  port.on('message', (message: { readonly kind?: string }) => {
    if (message.kind === 'stop') stop.abort();
  });
  await using loaded = new AsyncDisposableStack();
  const detectors = new Map<string, Promise<Detector>>();
  /** One network serves all cameras that name it. */
  const detector = (model: string): Promise<Detector> => {
    const known = detectors.get(model);
    if (known !== undefined) return known;
    const made = readPack(join(MODELS, model))
      .then((pack) => loadDetector(pack))
      .then((ready) => loaded.use(ready));
    detectors.set(model, made);
    return made;
  };

  const watches = new Map<string, Watch>();
  const calls = {
    preview: async (camera: string) => watches.get(camera)?.preview(),
  } satisfies VisionCalls;
  const clock = new SystemClock();
  for (const camera of cameras) {
    const own: Partial<Record<VisionTask, Detector>> = {};
    for (const task of camera.tasks) own[task] = await detector(camera.models?.[task] ?? DEFAULTS[task]);
    watches.set(
      camera.id,
      watchCamera({
        camera,
        detectors: own,
        faces: () => detector(camera.models?.faces ?? DEFAULTS.faces),
        clock,
        signal: stop.signal,
        tell,
      }),
    );
  }
  serve(port, calls);
  tell({ kind: 'ready' });
  await Promise.all(Array.from(watches.values(), (watch) => watch.ended));
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
