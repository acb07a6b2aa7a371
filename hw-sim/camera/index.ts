/** The simulated camera: snapshots and MJPEG over HTTP, RTSP where wanted, all showing the world's own traffic, on loopback. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lightAt } from './light.ts';
import { createRenderer, type Renderer } from './renderer.ts';
import { admitted, CHALLENGE, openRtsp } from './rtsp.ts';
import { type StreetMoment, type Truth, truthOf } from './scene.ts';
import { ServedPictures } from './served.ts';

/** What the camera sees of the world; hw-sim/world gives it. */
export interface CameraWorld {
  /** `time`: epoch ms of the world. */
  trafficAt(time: number): StreetMoment;
  /** Degrees above the horizon. */
  sun(time: number): number;
  /** Level of the street lamp, 0…1. */
  lampLight(time: number): number;
  /** Absent: clear. */
  murk?(time: number): { readonly rain: number; readonly fog: number };
}

/**
 * `cover`: something lies over the lens. `freeze`: the same frame again and again. `truncate`: half of each picture.
 * `stall`: the answer begins and never ends. `garbage`: bytes that are no picture. `refuse`: status 503. `bag`: one
 * colour. `tilt`: it looks far too low.
 */
export type CameraFault =
  | 'cover'
  | 'freeze'
  | 'truncate'
  | 'stall'
  | 'garbage'
  | 'refuse'
  | 'bag'
  | 'tilt'
  | 'fog';

export interface CameraOptions {
  readonly world: CameraWorld;
  /** World time, epoch ms. */
  readonly clock: { now(): number };
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Asked for by digest (RFC 2617) over HTTP and RTSP; absent: anybody may look. */
  readonly login?: { readonly username: string; readonly password: string };
  /** With it there is an RTSP door too. */
  readonly rtsp?: boolean;
}

export interface Camera extends AsyncDisposable {
  /** Of the snapshot: `http://127.0.0.1:<port>/snapshot.jpg`. Header `x-world-time` says which moment it shows. */
  readonly url: string;
  /** Of a picture given out before: `http://127.0.0.1:<port>/served.jpg`, with `?time=` of the moment it was had, epoch ms. */
  readonly servedUrl: string;
  /** Of the MJPEG stream: `http://127.0.0.1:<port>/stream.mjpg`. */
  readonly streamUrl: string;
  /** Of the RTSP stream, where there is one. */
  readonly rtspUrl: string | undefined;
  /** What is to be counted in the frame of a moment. */
  truthAt(time: number): Truth;
  /** Makes the camera fail until disposed. */
  inject(fault: CameraFault): Disposable;
}

/** Resolves when it listens. Disposing ends open answers too. */
export async function startCamera({
  world,
  clock,
  port = 0,
  login,
  rtsp = false,
}: CameraOptions): Promise<Camera> {
  const renderer = await createRenderer();
  const faults = new Set<{ readonly kind: CameraFault }>();
  let frozen: Promise<Buffer> | undefined;
  let answers = 0;
  const served = new ServedPictures();

  const struck = (kind: CameraFault) => [...faults].some((fault) => fault.kind === kind);

  const snapshot = (time: number): Promise<Buffer> => {
    if (!struck('freeze')) frozen = undefined;
    if (frozen !== undefined) return frozen;
    // Two requests in one millisecond of world time are two frames: the noise differs.
    const moment = time + answers++ / 1000;
    const frame = draw(renderer, world, time, moment, struck);
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
    served.keep({ time, jpeg });
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

  /** What was given out before. */
  const again = async (response: ServerResponse, asked: URLSearchParams): Promise<void> => {
    const picture = served.before(Number(asked.get('time') ?? Number.NaN) || clock.now());
    if (picture === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': 'image/jpeg',
      'cache-control': 'no-store',
      'x-world-time': String(picture.time),
    });
    response.end(picture.jpeg);
  };

  /** Parts of multipart/x-mixed-replace, one after the other, until the reader goes. */
  const stream = async (response: ServerResponse): Promise<void> => {
    if (struck('refuse')) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, {
      'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      'cache-control': 'no-store',
    });
    while (!response.destroyed) {
      const began = performance.now();
      const jpeg = await snapshot(clock.now());
      if (struck('stall')) {
        response.write(`--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`);
        response.write(jpeg.subarray(0, jpeg.length >> 1));
        while (!response.destroyed && struck('stall')) await rest(STREAM_MS);
        return void response.destroy();
      }
      if (struck('refuse')) return void response.destroy();
      const half = jpeg.subarray(0, jpeg.length >> 1);
      const body = struck('garbage') ? Buffer.alloc(jpeg.length, 0x5a) : struck('truncate') ? half : jpeg;
      const head = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${body.length}\r\n\r\n`;
      const free = response.write(Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]));
      if (!free) await drained(response);
      await rest(Math.max(1, STREAM_MS - (performance.now() - began)));
    }
  };

  const ways = new Map([
    ['/snapshot.jpg', answer],
    ['/stream.mjpg', stream],
    ['/served.jpg', again],
  ]);
  const server = createServer((request, response) => {
    response.on('error', () => {});
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://camera');
    const give = ways.get(pathname);
    if (request.method !== 'GET' || give === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (login !== undefined && !admitted(request.headers.authorization ?? '', 'GET', login)) {
      response.writeHead(401, { 'www-authenticate': CHALLENGE }).end();
      return;
    }
    give(response, searchParams).catch((error) => {
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
  const door = rtsp
    ? await openRtsp({
        frame: () => snapshot(clock.now()),
        rate: 1000 / STREAM_MS,
        stalled: () => struck('stall'),
        ...(login === undefined ? {} : { login }),
      })
    : undefined;

  return {
    url: `http://127.0.0.1:${bound}/snapshot.jpg`,
    servedUrl: `http://127.0.0.1:${bound}/served.jpg`,
    streamUrl: `http://127.0.0.1:${bound}/stream.mjpg`,
    rtspUrl: door?.url,
    truthAt: (time) => truthOf(world.trafficAt(time)),
    inject(kind) {
      const fault = { kind };
      faults.add(fault);
      return { [Symbol.dispose]: () => void faults.delete(fault) };
    },
    async [Symbol.asyncDispose]() {
      await door?.[Symbol.asyncDispose]();
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
  struck: (kind: CameraFault) => boolean,
): Promise<Buffer> {
  if (struck('cover')) return renderer.renderCovered(moment);
  if (struck('bag')) return renderer.renderBagged(moment);
  const light = lightAt(world.sun(time), world.lampLight(time));
  const tilt = struck('tilt') ? TILT : 0;
  const murk = world.murk?.(time) ?? { rain: 0, fog: 0 };
  const fog = struck('fog') ? FOG : murk.fog;
  return renderer.render(world.trafficAt(time), light, moment, { tilt, fog, rain: murk.rain });
}

const BOUNDARY = 'kerbside-street';
/** Between two frames of a stream, ms. */
const STREAM_MS = 100;
/** Part of the contrast that a dense fog takes. */
const FOG = 0.97;
/** Part of the picture's height. */
const TILT = 0.6;

const rest = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves when more can be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}
