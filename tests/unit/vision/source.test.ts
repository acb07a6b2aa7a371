/** What a camera may send: pictures of every kind, damaged ones, bombs, and answers that are no pictures at all. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { applyGain, brightness, isDark } from '../../../agent/vision/brightness.ts';
import { type Detector, loadDetector } from '../../../agent/vision/detector.ts';
import { decode, measure } from '../../../agent/vision/picture.ts';
import { MAX_FRAME_BYTES } from '../../../agent/vision/source/frame.ts';
import { type HttpSourceOptions, httpSource } from '../../../agent/vision/source/http.ts';
import { detectStill } from '../../../agent/vision/still.ts';
import { readPack } from '../../../models/pack.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const RED = { r: 200, g: 30, b: 40 };
const plain = (width: number, height: number, background = RED) =>
  sharp({ create: { width, height, channels: 3, background } });
const jpeg = await plain(64, 48).jpeg().toBuffer();

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/snapshot.jpg`;
}

const answer =
  (body: Uint8Array, type = 'image/jpeg', status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

const failure = (run: Promise<unknown>): Promise<AgentError> =>
  run.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => {
      if (error instanceof AgentError) return error;
      throw error;
    },
  );

describe('snapshot', () => {
  const clock = new SystemClock();
  const signal = new AbortController().signal;
  const take = async (url: string, options: Partial<HttpSourceOptions> = {}, stop = signal) => {
    await using source = httpSource(url, { clock, ...options });
    return await source.next(stop);
  };

  test('gives the bytes as they came', async () => {
    const frame = await take(await serve(answer(jpeg, 'image/jpeg; charset=binary')));
    expect(Buffer.from(frame.bytes).equals(jpeg)).toBe(true);
    expect(frame.time).toBeLessThanOrEqual(clock.mono());
  });

  test('refuses another type, no JPEG under the right type, another status', async () => {
    expect((await failure(take(await serve(answer(jpeg, 'text/html'))))).message).toMatch(/it is text\/html/);
    expect((await failure(take(await serve(answer(Buffer.from('<html>')))))).message).toMatch(
      /6 bytes that are no JPEG/,
    );
    expect((await failure(take(await serve(answer(jpeg, 'image/jpeg', 503))))).message).toMatch(/status 503/);
    expect((await failure(take(await serve(answer(new Uint8Array()))))).code).toBe('source-failed');
  });

  test('refuses a picture that is cut short, whatever follows it', async () => {
    const cut = Buffer.concat([jpeg.subarray(0, jpeg.length - 12), Buffer.alloc(4000)]);
    expect((await failure(take(await serve(answer(cut))))).message).toMatch(/cut short/);
  });

  test('a login that is refused is told without it, and is not tried twice', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization ?? '');
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
    });
    const credentials = { username: 'tech', password: 's@cret' };
    const error = await failure(take(url, { credentials }));
    expect(seen).toEqual(['', `Basic ${Buffer.from('tech:s@cret').toString('base64')}`]);
    expect(error.code).toBe('auth-failed');
    expect(`${error.message}${error.fix}`).not.toMatch(/cret|tech/);
    expect((await failure(take(url))).message).toMatch(/asks for a login/);
  });

  test('does not follow the camera elsewhere', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    );
    expect((await failure(take(url))).code).toBe('source-failed');
  });

  test('an endless picture costs no more than the limit', async () => {
    let sent = 0;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg' });
      response.on('error', () => {});
      const part = Buffer.alloc(256 * 1024, 0xff);
      const more = (): void => {
        while (!response.destroyed && sent < 64 * 1024 * 1024) {
          sent += part.length;
          if (!response.write(part)) return void response.once('drain', more);
        }
      };
      more();
    });
    expect((await failure(take(url))).message).toMatch(/larger than/);
    expect(sent).toBeLessThan(MAX_FRAME_BYTES + 16 * 1024 * 1024);
  });

  test('a camera that stalls within a picture meets the deadline', async () => {
    const virtual = new VirtualClock();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg' }).write(jpeg.subarray(0, 40));
    });
    const late = failure(take(url, { clock: virtual, deadline: 5000 }));
    await virtual.advance(5000);
    expect((await late).code).toBe('timeout');
  });

  test('nobody there, and an abort', async () => {
    const url = await serve(answer(jpeg));
    const stop = new AbortController();
    stop.abort();
    expect((await failure(take(url, {}, stop.signal))).code).toBe('aborted');
    server?.close();
    server = undefined;
    expect((await failure(take('http://127.0.0.1:1/'))).code).toBe('source-failed');
  });
});

describe('picture', () => {
  let detector: Detector;
  beforeAll(async () => {
    detector = await loadDetector(await readPack(join(import.meta.dirname, '../../../models/centernet')));
    return () => detector[Symbol.asyncDispose]();
  });
  const look = (bytes: Uint8Array) => detectStill(detector, bytes);

  test('grey, transparent, turned and palette pictures become three channels', async () => {
    const input = { ...detector.pack.input, fit: { side: 512, multiple: 32 } };
    const pictures = [
      await plain(90, 60).greyscale().jpeg().toBuffer(),
      await sharp({ create: { width: 90, height: 60, channels: 4, background: { ...RED, alpha: 0.5 } } })
        .png()
        .toBuffer(),
      await plain(60, 90).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      await plain(90, 60).png({ palette: true }).toBuffer(),
      await plain(90, 60).toColourspace('cmyk').jpeg().toBuffer(),
    ];
    for (const bytes of pictures) {
      const size = await measure(bytes);
      expect(size).toEqual({ width: 90, height: 60 });
      const { rgb, letterbox } = await decode(bytes, size, input);
      expect(letterbox.scaled).toEqual({ width: 512, height: 341 });
      expect(rgb.length).toBe(512 * 352 * 3);
      // The padding below is black.
      expect(rgb.at(-1)).toBe(0);
    }
  });

  test('a 100-megapixel header is refused before anything is decoded', async () => {
    const bomb = await plain(64, 64).png().toBuffer();
    // IHDR: width and height after signature, length and type; the CRC is of no interest to a size check.
    bomb.writeUInt32BE(10_000, 16);
    bomb.writeUInt32BE(10_000, 20);
    const header = Buffer.from(jpeg);
    const sof = header.indexOf(Buffer.from([0xff, 0xc0]));
    header.writeUInt16BE(10_000, sof + 5);
    header.writeUInt16BE(10_000, sof + 7);
    const before = process.memoryUsage().rss;
    for (const bytes of [bomb, header]) {
      expect((await failure(look(bytes))).message).toMatch(/100 megapixels|damaged/);
    }
    expect((await failure(measure(header))).message).toMatch(/100 megapixels, 25 are allowed/);
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });

  test('a truncated JPEG is damaged, not half a street', async () => {
    const noise = seeded(1);
    const raw = Uint8Array.from({ length: 320 * 240 * 3 }, () => noise() * 256);
    const whole = await sharp(raw, { raw: { width: 320, height: 240, channels: 3 } })
      .jpeg()
      .toBuffer();
    expect((await failure(look(whole.subarray(0, whole.length >> 1)))).message).toMatch(
      /damaged or no picture/,
    );
  });

  test('any damage to a picture is a count or a clear failure', async () => {
    const random = seeded(20270103);
    for (let run = 0; run < 60; run++) {
      const bytes = Buffer.from(jpeg);
      for (let hits = 1 + Math.floor(random() * 12); hits > 0; hits--) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const cut = random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
      const result = await look(cut).catch((error) => error);
      if (result instanceof Error) {
        expect(result).toBeInstanceOf(AgentError);
        expect((result as AgentError).code).toBe('source-failed');
      }
    }
  });

  test('random bytes are no picture', async () => {
    const random = seeded(20270104);
    for (let run = 0; run < 40; run++) {
      const bytes = Uint8Array.from({ length: 4 + Math.floor(random() * 600) }, () => random() * 256);
      bytes.set([0xff, 0xd8, 0xff]);
      expect((await failure(look(bytes))).code).toBe('source-failed');
    }
  });
});

describe('brightness', () => {
  const picture = async (level: number) => {
    const bytes = await plain(64, 32, { r: level, g: level, b: level }).png().toBuffer();
    const size = await measure(bytes);
    return await decode(bytes, size, {
      tensor: 'image',
      element: 'uint8',
      layout: 'nhwc',
      channels: 'rgb',
      mean: 0,
      scale: 1,
      pad: 255,
      fit: { size: { width: 96, height: 96 } },
    });
  };

  test('is of the frame, not of the padding', async () => {
    expect(brightness(await picture(40))).toEqual({ mean: 40, high: 40 });
  });

  test('a dim picture is brightened to a mean of 100, at most fourfold; a bright one is left alone', async () => {
    for (const [level, gain] of [
      [40, 2.5],
      [20, 4],
      [80, 1],
    ] as const) {
      const dim = await picture(level);
      expect(applyGain(dim, brightness(dim))).toBe(gain);
      expect(brightness(dim).mean).toBe(level * gain);
    }
  });

  test('next to black is dark, a night street with a lamp is not', async () => {
    expect(isDark({ mean: 3, high: 10 })).toBe(true);
    expect(isDark({ mean: 12, high: 90 })).toBe(false);
  });
});
