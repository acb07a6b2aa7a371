/** The simulated camera: an HTTP server on loopback whose snapshots show the world's own traffic. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lightAt } from './light.ts';
import { createRenderer, type Renderer } from './renderer.ts';
import { type StreetMoment, type Truth, truthOf } from './scene.ts';

/** What the camera sees of the world; hw-sim/world gives it. */
export interface CameraWorld {
  /** `time`: epoch ms of the world. */
  trafficAt(time: number): StreetMoment;
  /** Degrees above the horizon. */
  sun(time: number): number;
  /** Level of the street lamp, 0…1. */
  lampLevel(time: number): number;
}

/**
 * `cover`: something lies over the lens. `freeze`: the same frame again and again. `truncate`: half of each picture.
 * `stall`: the answer begins and never ends. `garbage`: bytes that are no picture. `refuse`: status 503.
 */
export type CameraFault = 'cover' | 'freeze' | 'truncate' | 'stall' | 'garbage' | 'refuse';

export interface CameraOptions {
  readonly world: CameraWorld;
  /** World time, epoch ms. */
  readonly clock: { now(): number };
  /** 0, the default, takes a free one. */
  readonly port?: number;
}

export interface Camera extends AsyncDisposable {
  /** Of the snapshot: `http://127.0.0.1:<port>/snapshot.jpg`. Header `x-world-time` says which moment it shows. */
  readonly url: string;
  /** What is to be counted in the frame of a moment. */
  truthAt(time: number): Truth;
  /** Makes the camera fail until disposed. */
  inject(fault: CameraFault): Disposable;
}

/** Resolves when it listens. Disposing ends open answers too. */
export async function startCamera({ world, clock, port = 0 }: CameraOptions): Promise<Camera> {
  const renderer = await createRenderer();
  const faults = new Set<{ readonly kind: CameraFault }>();
  let frozen: Promise<Buffer> | undefined;
  let answers = 0;

  const struck = (kind: CameraFault) => [...faults].some((fault) => fault.kind === kind);

  const snapshot = (time: number): Promise<Buffer> => {
    if (!struck('freeze')) frozen = undefined;
    if (frozen !== undefined) return frozen;
    // Two requests in one millisecond of world time are two frames: the noise differs.
    const moment = time + answers++ / 1000;
    const frame = draw(renderer, world, time, moment, struck('cover'));
    if (struck('freeze')) frozen = frame;
    return frame;
  };

  const answer = async (response: ServerResponse): Promise<void> => {
    if (struck('refuse')) {
      response.writeHead(503).end();
      return;
    }
    const time = clock.now();
    const jpeg = await snapshot(time);
    response.writeHead(200, {
      'content-type': 'image/jpeg',
      'cache-control': 'no-store',
      'x-world-time': String(time),
      'content-length': jpeg.length,
    });
    if (struck('garbage')) response.end(Buffer.alloc(jpeg.length, 0x5a));
    else if (struck('stall')) response.write(jpeg.subarray(0, jpeg.length >> 1));
    else if (struck('truncate')) {
      // Padded to the promised length, so that the fault is in the picture and not in HTTP.
      response.end(
        Buffer.concat([jpeg.subarray(0, jpeg.length >> 1), Buffer.alloc(jpeg.length - (jpeg.length >> 1))]),
      );
    } else response.end(jpeg);
  };

  const server = createServer((request, response) => {
    response.on('error', () => {});
    const path = new URL(request.url ?? '/', 'http://camera').pathname;
    if (request.method !== 'GET' || path !== '/snapshot.jpg') {
      response.writeHead(404).end();
      return;
    }
    answer(response).catch((error) => {
      console.error(`camera: snapshot failed: ${error}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${bound}/snapshot.jpg`,
    truthAt: (time) => truthOf(world.trafficAt(time)),
    inject(kind) {
      const fault = { kind };
      faults.add(fault);
      return { [Symbol.dispose]: () => void faults.delete(fault) };
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function draw(
  renderer: Renderer,
  world: CameraWorld,
  time: number,
  moment: number,
  covered: boolean,
): Promise<Buffer> {
  if (covered) return renderer.renderCovered(moment);
  return renderer.render(world.trafficAt(time), lightAt(world.sun(time), world.lampLevel(time)), moment);
}
