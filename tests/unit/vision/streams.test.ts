/** Streams of the simulated camera: MJPEG with login, RTSP and a clip through the real ffmpeg, folders; and their failures. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { ffmpegCall, ffmpegSource } from '../../../agent/vision/source/ffmpeg.ts';
import { folderSource } from '../../../agent/vision/source/folder.ts';
import { type Frame, MAX_FRAME_BYTES, type Source } from '../../../agent/vision/source/frame.ts';
import { httpSource } from '../../../agent/vision/source/http.ts';
import { Newest } from '../../../agent/vision/source/newest.ts';
import { type Camera, startCamera } from '../../../hw-sim/camera/index.ts';
import { program } from '../../support/programs.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { NOON, until } from './street-camera.ts';

vi.setConfig({ testTimeout: 120_000 });

const clock = new SystemClock();
const { signal } = new AbortController();
const LOGIN = { username: 'viewer', password: "p@ss'w/rd" };
const jpeg = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'teal' } })
  .jpeg()
  .toBuffer();
const folder = mkdtempSync(join(tmpdir(), 'kerbside-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const camera = (login = false, rtsp = false): Promise<Camera> =>
  startCamera({
    world: { trafficAt: () => ({ vehicles: [], faces: [] }), sun: () => 60, lampLight: () => 0 },
    clock: { now: () => NOON },
    rtsp,
    ...(login ? { login: LOGIN } : {}),
  });

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});
async function serve(listener: RequestListener): Promise<string> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/`;
}

const failure = async (run: Promise<unknown>): Promise<AgentError> => {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AgentError) return error;
  throw new Error(`no AgentError: ${String(error)}`);
};

const frames = async (source: Source, count: number): Promise<Frame[]> => {
  const taken: Frame[] = [];
  while (taken.length < count) taken.push(await source.next(signal));
  return taken;
};

async function looksLike(bytes: Uint8Array, width: number, height: number): Promise<void> {
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width, height });
}

describe('MJPEG', () => {
  test('gives frames in order of time, after a digest login', async () => {
    await using street = await camera(true);
    await using source = httpSource(street.streamUrl, { clock, credentials: LOGIN });
    const taken = await frames(source, 4);
    for (const [i, frame] of taken.entries()) {
      await looksLike(frame.bytes, 1280, 720);
      if (i > 0) expect(frame.time).toBeGreaterThan(taken[i - 1]?.time ?? 0);
    }
    expect(Buffer.from(taken[0]?.bytes ?? []).equals(Buffer.from(taken[1]?.bytes ?? []))).toBe(false);
    await using wrong = httpSource(street.streamUrl, { clock, credentials: { ...LOGIN, password: 'x' } });
    expect((await failure(wrong.next(signal))).code).toBe('auth-failed');
  });

  test('snapshots take the digest login too', async () => {
    await using street = await camera(true);
    await using source = httpSource(street.url, { clock, credentials: LOGIN });
    for (const frame of await frames(source, 2)) await looksLike(frame.bytes, 1280, 720);
  });

  test('a stall within a frame meets the deadline, and the next call begins anew', async () => {
    await using street = await camera();
    await using source = httpSource(street.streamUrl, { clock, deadline: 700 });
    await frames(source, 2);
    const stalled = street.inject('stall');
    const error = await until('the stall', async () => {
      const found = await source.next(signal).catch((thrown) => thrown);
      return found instanceof AgentError ? found : undefined;
    });
    expect(error.code).toBe('timeout');
    stalled[Symbol.dispose]();
    await until('frames again', async () => source.next(signal).catch(() => undefined));
  });

  test('a stream is ended also after the garbage collector went over its request', async () => {
    let open = 0;
    const url = await serve((_, response) => {
      open += 1;
      response.on('close', () => {
        open -= 1;
      });
      response.on('error', () => {});
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=b' });
      response.write(jpeg);
    });
    const source = httpSource(url, { clock, deadline: 60_000 });
    await source.next(signal);
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await source[Symbol.asyncDispose]();
    await until('the connection to be closed', () => (open === 0 ? true : undefined));
  });

  test.each([
    ['garbage', 'source-failed'],
    ['truncate', 'timeout'],
  ] as const)('%s gives no frame and ends in an error', async (fault, code) => {
    await using street = await camera();
    using _ = street.inject(fault);
    await using source = httpSource(street.streamUrl, { clock, deadline: 700 });
    expect(['timeout', code]).toContain((await failure(source.next(signal))).code);
  });

  test('an endless part costs no more than the limit', async () => {
    let sent = 0;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=b' });
      response.write('--b\r\nContent-Type: image/jpeg\r\n\r\n');
      response.write(jpeg.subarray(0, jpeg.length - 2));
      response.on('error', () => {});
      const part = Buffer.alloc(256 * 1024, 0x22);
      const more = (): void => {
        while (!response.destroyed && sent < 64 * 1024 * 1024) {
          sent += part.length;
          if (!response.write(part)) return void response.once('drain', more);
        }
      };
      more();
    });
    await using source = httpSource(url, { clock, deadline: 60_000 });
    expect((await failure(source.next(signal))).message).toMatch(/a part larger than/);
    expect(sent).toBeLessThan(MAX_FRAME_BYTES + 16 * 1024 * 1024);
  });

  test('a page is no picture; the end of the stream is told', async () => {
    const page = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('hi'),
    );
    await using source = httpSource(page, { clock });
    expect((await failure(source.next(signal))).message).toMatch(
      /it is text\/html, not image\/jpeg or multipart/,
    );
    server?.closeAllConnections();
    server?.close();
    const short = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=b' });
      response.end(jpeg);
    });
    await using ending = httpSource(short, { clock });
    expect(Buffer.from((await ending.next(signal)).bytes).equals(jpeg)).toBe(true);
    expect((await failure(ending.next(signal))).message).toMatch(/ended the stream/);
  });
});

describe('the newest frame', () => {
  const frame = (time: number): Frame => ({ bytes: Uint8Array.of(time), time });

  test('wins, and each is given once', async () => {
    const virtual = new VirtualClock();
    const newest = new Newest(virtual, 'it');
    for (const time of [1, 2, 3]) newest.put(frame(time));
    expect((await newest.take(1000, signal)).time).toBe(3);
    expect(newest.dropped).toBe(2);
    const waiting = newest.take(1000, signal);
    newest.put(frame(4));
    newest.put(frame(5));
    expect((await waiting).time).toBe(4);
    expect((await newest.take(1000, signal)).time).toBe(5);
    const late = failure(newest.take(1000, signal));
    await virtual.advance(1000);
    expect((await late).code).toBe('timeout');
  });

  test('that is there goes before the error that ended the stream', async () => {
    const newest = new Newest(new VirtualClock(), 'it');
    newest.put(frame(1));
    newest.fail(new AgentError('source-failed', 'gone'));
    expect((await newest.take(1000, signal)).time).toBe(1);
    expect((await failure(newest.take(1000, signal))).message).toBe('gone');
  });
});

describe('how ffmpeg is called', () => {
  test('the login is never an argument', () => {
    const { args, input } = ffmpegCall('rtsp://10.0.0.5/live', { rate: 6, credentials: LOGIN });
    expect(args.join(' ')).not.toMatch(/viewer|p%40ss|p@ss/);
    expect(input).toContain("file 'rtsp://viewer:p%40ss%27w%2Frd@10.0.0.5/live'");
    expect(input).toContain('option rtsp_transport tcp');
  });

  test('a device, a clip, a stream over UDP', () => {
    expect(ffmpegCall('v4l2:/dev/video0', { rate: 6 }).args.join(' ')).toContain(
      '-f v4l2 -framerate 6 -i /dev/video0',
    );
    expect(ffmpegCall('clip:/film/-a.mp4', { rate: 6 }).args.join(' ')).toContain(
      '-re -stream_loop -1 -i file:/film/-a.mp4',
    );
    const udp = ffmpegCall('rtsp://10.0.0.5/live', { rate: 6, transport: 'udp' });
    expect(udp.args.join(' ')).toContain('-rtsp_transport udp');
    expect(udp.args).toContain('-nostdin');
  });

  test('where there is none, the error says what to do', async () => {
    vi.stubEnv('PATH', '/nowhere');
    await using source = ffmpegSource('rtsp://127.0.0.1:1/live', { clock, rate: 6 });
    const error = await failure(source.next(signal));
    vi.unstubAllEnvs();
    expect(error.message).toMatch(/ffmpeg is not installed/);
    expect(error.fix).toMatch(/apt-get install ffmpeg/);
  });
});

const ffmpeg = program('ffmpeg');

describe.skipIf(ffmpeg === undefined)('through ffmpeg', () => {
  const options = { clock, rate: 6, ...(ffmpeg === undefined ? {} : { program: ffmpeg }) };
  const patience = { first: 60_000, next: 60_000 };

  /** Children of this process that are ffmpeg. */
  const children = () =>
    readdirSync('/proc').filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return stat.includes('(ffmpeg)') && stat.split(') ')[1]?.split(' ')[1] === String(process.pid);
      } catch {
        return false;
      }
    });

  test('RTSP with a login gives frames, shows the login to nobody, and ends with its child', async () => {
    await using street = await camera(true, true);
    {
      await using source = ffmpegSource(street.rtspUrl ?? '', { ...options, credentials: LOGIN, patience });
      for (const frame of await frames(source, 3)) await looksLike(frame.bytes, 1280, 720);
      const [child = ''] = children();
      expect(readFileSync(`/proc/${child}/cmdline`, 'utf8')).not.toMatch(/viewer|p%40ss/);
    }
    expect(children()).toEqual([]);
    await using wrong = ffmpegSource(street.rtspUrl ?? '', {
      ...options,
      patience,
      credentials: { ...LOGIN, password: 'wrong-one' },
    });
    const error = await failure(wrong.next(signal));
    expect(error.code).toBe('auth-failed');
    expect(error.message).not.toMatch(/wrong-one|viewer/);
  });

  test('a stream that stands still meets the deadline and begins anew', async () => {
    await using street = await camera(false, true);
    await using source = ffmpegSource(street.rtspUrl ?? '', {
      ...options,
      patience: { first: 60_000, next: 1500 },
    });
    await frames(source, 2);
    const stalled = street.inject('stall');
    const error = await until('the stall', async () => {
      const found = await source.next(signal).catch((thrown) => thrown);
      return found instanceof AgentError ? found : undefined;
    });
    expect(error.code).toBe('timeout');
    stalled[Symbol.dispose]();
    await frames(source, 1);
  });

  test('a child that is killed is told and replaced', async () => {
    await using street = await camera(false, true);
    await using source = ffmpegSource(street.rtspUrl ?? '', { ...options, patience });
    await frames(source, 1);
    const [child = ''] = children();
    process.kill(Number(child), 'SIGKILL');
    const error = await until('its end', async () => {
      const found = await source.next(signal).catch((thrown) => thrown);
      return found instanceof AgentError ? found : undefined;
    });
    expect(error.message).toMatch(/ffmpeg ended \(SIGKILL\)/);
    await frames(source, 1);
    expect(children()).toHaveLength(1);
    expect(children()).not.toEqual([child]);
  });

  test('nobody there is told in ffmpeg words, with the fix', async () => {
    await using source = ffmpegSource('rtsp://127.0.0.1:1/live', { ...options, patience });
    const error = await failure(source.next(signal));
    expect(error.message).toMatch(/ffmpeg ended .*refused/i);
    expect(error.fix).toMatch(/address/);
  });

  test('a clip plays, over and over', async () => {
    const clip = join(folder, 'film.mp4');
    const made = [
      '-f',
      'lavfi',
      '-i',
      'testsrc=duration=1:size=320x240:rate=12',
      '-pix_fmt',
      'yuv420p',
      clip,
    ];
    execFileSync(ffmpeg ?? '', ['-loglevel', 'error', ...made]);
    await using source = ffmpegSource(`clip:${clip}`, { ...options, patience });
    for (const frame of await frames(source, 9)) await looksLike(frame.bytes, 320, 240);
  });
});

describe('a folder', () => {
  test('shows its pictures in order, again and again; a broken one costs itself', async () => {
    const pictures = join(folder, 'pictures');
    rmSync(pictures, { recursive: true, force: true });
    await using source = folderSource(pictures, { clock });
    expect((await failure(source.next(signal))).message).toMatch(/pictures of .* failed/);
    execFileSync('mkdir', ['-p', pictures]);
    for (const name of ['b.jpg', 'a.jpg', 'notes.txt']) {
      writeFileSync(join(pictures, name), name === 'a.jpg' ? jpeg : Buffer.from(name));
    }
    const [first, second, third] = await frames(source, 3);
    expect(Buffer.from(first?.bytes ?? []).equals(jpeg)).toBe(true);
    expect(Buffer.from(second?.bytes ?? []).toString()).toBe('b.jpg');
    expect(Buffer.from(third?.bytes ?? []).equals(jpeg)).toBe(true);
  });
});
