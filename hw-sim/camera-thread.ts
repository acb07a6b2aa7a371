/** Entry of the camera's thread: drawing a frame takes tens of ms, in which no simulated line may stand still. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Camera, type CameraFault, startCamera } from './camera/index.ts';
import { createWorld, type WorldOptions } from './world/world.ts';
import { monotonic } from './world/world-clock.ts';

export interface CameraThreadData {
  readonly world: WorldOptions;
  readonly rate: number;
  readonly origin: { readonly mono: number; readonly wall: number };
  readonly port: number;
}

/** What the thread says once it listens. */
export type CameraAddresses = Pick<Camera, 'url' | 'servedUrl' | 'streamUrl'>;

export type ToCamera =
  | { readonly kind: 'lamp'; readonly level: number; readonly time: number }
  | { readonly kind: 'inject'; readonly id: number; readonly fault: CameraFault }
  | { readonly kind: 'lift'; readonly id: number }
  | ({ readonly kind: 'turn' } & Pick<CameraThreadData, 'rate' | 'origin'>)
  | { readonly kind: 'stop' };

const port = parentPort;
if (port === null) throw new Error('camera-thread.ts runs as a worker thread only');
const { world: options, port: listen, ...begun } = workerData as CameraThreadData;
let pace: Pick<CameraThreadData, 'rate' | 'origin'> = begun;

const world = createWorld(options);
const clock = { now: () => pace.origin.wall + (monotonic() - pace.origin.mono) * pace.rate };
const camera = await startCamera({ world, clock, port: listen });
const faults = new Map<number, Disposable>();

port.on('message', (message: ToCamera) => {
  switch (message.kind) {
    case 'lamp':
      world.setLamp(message.level, message.time);
      break;
    case 'inject':
      faults.set(message.id, camera.inject(message.fault));
      break;
    case 'lift':
      faults.get(message.id)?.[Symbol.dispose]();
      faults.delete(message.id);
      break;
    case 'turn':
      pace = message;
      break;
    case 'stop':
      Promise.resolve(camera[Symbol.asyncDispose]()).finally(() => port.close());
      break;
  }
});
const { url, servedUrl, streamUrl } = camera;
port.postMessage({ url, servedUrl, streamUrl } satisfies CameraAddresses);
