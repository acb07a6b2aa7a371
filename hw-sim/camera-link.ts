/** The camera in a thread of its own, seen from the street. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Camera } from './camera/index.ts';
import { truthOf } from './camera/scene.ts';
import type { CameraAddresses, CameraThreadData, ToCamera } from './camera-thread.ts';
import type { World } from './world/world.ts';
import type { StreetClock } from './world/world-clock.ts';

/** Longest wait for the thread to go by itself, ms. */
const STOP_MS = 500;

/** Resolves when it listens on 127.0.0.1; rejects with what the thread failed with. `port` 0: any. */
export async function startCameraThread(world: World, clock: StreetClock, port: number): Promise<Camera> {
  const data: CameraThreadData = { world: world.options, rate: clock.rate, origin: clock.origin, port };
  const thread = new Worker(new URL('./camera-thread.ts', import.meta.url), { workerData: data });
  const exited = once(thread, 'exit');
  exited.catch(() => undefined);
  const [addresses] = (await once(thread, 'message')) as [CameraAddresses];
  // From here on a failure of drawing darkens the camera, which is what the agent is there to report.
  thread.on('error', (error) => process.stderr.write(`simulated camera ended: ${String(error)}\n`));
  const tell = (message: ToCamera): void => thread.postMessage(message);
  const lamp = world.onLamp((level, time) => tell({ kind: 'lamp', level, time }));
  const turns = clock.onTurn(() => tell({ kind: 'turn', rate: clock.rate, origin: clock.origin }));
  let count = 0;
  return {
    ...addresses,
    rtspUrl: undefined,
    truthAt: (time) => truthOf(world.trafficAt(time)),
    inject(fault) {
      count += 1;
      const id = count;
      tell({ kind: 'inject', id, fault });
      return { [Symbol.dispose]: () => tell({ kind: 'lift', id }) };
    },
    async [Symbol.asyncDispose]() {
      lamp[Symbol.dispose]();
      turns[Symbol.dispose]();
      tell({ kind: 'stop' });
      const late = setTimeout(() => void thread.terminate(), STOP_MS);
      await exited.catch(() => undefined);
      clearTimeout(late);
    },
  };
}
