/** The screen's listener: what it gives to whom, what it refuses, and what it makes of any bytes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Feedback } from '../../../../agent/core/board.ts';
import { faceOf } from '../../../../agent/sign/screen/face.ts';
import { readFeedback, readPainted } from '../../../../agent/sign/screen/painted-schema.ts';
import { sayings } from '../../../../agent/sign/screen/sayings.ts';
import { KEY, openStage, type Stage } from '../../../browser/support/sign-stage.ts';
import { seeded } from '../../../support/seeded.ts';
import { boardIn } from '../../../support/sign-states.ts';

const stack = new AsyncDisposableStack();
const answers: Feedback[] = [];
let stage: Stage;
let file: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'screen-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  file = join(folder, 'clip.webm');
  await writeFile(file, Buffer.from('0123456789'));
  stage = stack.use(
    await openStage(
      (run, seq) => boardIn({ name: 'live', change: {} }, ['zh-CN', 'en'], undefined, run, seq),
      {
        onFeedback: async (answer) => void answers.push(answer),
        media: (hash) => (hash === 'known' ? { path: file, type: 'video/webm' } : undefined),
        camera: async () => undefined,
      },
    ),
  );
});
afterAll(() => stack.disposeAsync());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(stage.server.url);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        hostname,
        port,
        path,
        agent: false,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
          if (path === '/events') answer.destroy();
        });
        answer.on('close', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

const painted = () => {
  const { board } = stage.showing.current();
  return {
    run: board.run,
    seq: board.seq,
    count: 1,
    elapsed: 0,
    waited: 10,
    visible: true,
    size: [1080, 1920] as const,
    texts: sayings(faceOf(board, 0)),
    hidden: [],
  };
};

describe('the screen', () => {
  test('gives page and files with a policy that lets nothing else in', async () => {
    const page = await ask('/');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(page.headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.text).not.toMatch(/<script>|style="|\son\w+="/);
    const urls = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].flatMap(([, url]) => url ?? []);
    expect(urls.length).toBeGreaterThan(8);
    for (const url of urls) {
      const { status, headers } = await ask(url);
      expect([url, status, headers['cache-control']]).toEqual([
        url,
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
  });

  test('begins the stream with the newest board', async () => {
    const { status, headers, text } = await ask('/events');
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(text).toContain('retry: 1000');
  });

  test('answers to its own names only', async () => {
    const { port } = new URL(stage.server.url);
    expect((await ask('/', { host: `sign.evil.example:${port}` })).status).toBe(421);
    expect((await ask('/events', { host: 'evil.example' })).status).toBe(421);
    expect((await ask('/', { host: `localhost:${port}` })).status).toBe(200);
  });

  test('believes the panel with its key, and nobody else', async () => {
    const body = JSON.stringify(painted());
    expect((await ask('/painted', {}, body)).status).toBe(403);
    expect((await ask('/painted', { 'x-kerbside-key': `${KEY}x` }, body)).status).toBe(403);
    expect(
      (await ask('/painted', { 'x-kerbside-key': KEY, origin: 'http://evil.example' }, body)).status,
    ).toBe(403);
    expect(
      (await ask('/painted', { 'x-kerbside-key': KEY, 'sec-fetch-site': 'cross-site' }, body)).status,
    ).toBe(403);
    const before = stage.painted.length;
    expect((await ask('/painted', { 'x-kerbside-key': KEY }, body)).status).toBe(200);
    expect(stage.painted).toHaveLength(before + 1);
    expect((await ask('/painted', { 'x-kerbside-key': KEY }, '{}')).status).toBe(400);
    expect((await ask('/painted', { 'x-kerbside-key': KEY }, 'no json')).status).toBe(400);
    expect(
      (await ask('/painted', { 'x-kerbside-key': KEY }, JSON.stringify({ x: 'a'.repeat(200_000) }))).status,
    ).toBe(413);
  });

  test('takes one of its own answers, a few a minute', async () => {
    expect((await ask('/feedback', {}, JSON.stringify({ answer: 'late' }))).status).toBe(201);
    expect(answers).toEqual(['late']);
    expect((await ask('/feedback', {}, JSON.stringify({ answer: 'call me' }))).status).toBe(400);
    const many = await Promise.all(
      Array.from({ length: 40 }, () => ask('/feedback', {}, JSON.stringify({ answer: 'dirty' }))),
    );
    expect(many.some(({ status }) => status === 429)).toBe(true);
    expect(answers.length).toBeLessThanOrEqual(40);
  });

  test('gives files of the playlist by hash, whole and in ranges, and nothing beside them', async () => {
    expect(await ask('/media/known')).toMatchObject({ status: 200, text: '0123456789' });
    const part = await ask('/media/known', { range: 'bytes=2-5' });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, '2345', 'bytes 2-5/10']);
    expect((await ask('/media/known', { range: 'bytes=4-' })).text).toBe('456789');
    expect((await ask('/media/known', { range: 'bytes=10-' })).status).toBe(416);
    for (const path of [
      '/media/other',
      '/media/..%2f..%2fetc%2fpasswd',
      '/assets/..%2fserver.ts',
      '/camera',
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
  });

  test('no bytes of a page become anything but a telling or nothing', () => {
    const random = seeded(818);
    const right = painted();
    expect(readPainted(right)).toEqual(right);
    const odd: readonly unknown[] = [
      null,
      undefined,
      -1,
      1e308,
      Number.NaN,
      '',
      'x'.repeat(3000),
      [],
      {},
      true,
      { toString: 1 },
      [[]],
    ];
    const keys = Object.keys(right);
    const inputs = Number(process.env.FUZZ_INPUTS ?? 50_000);
    let taken = 0;
    for (let i = 0; i < inputs; i++) {
      const wrong: Record<string, unknown> = { ...right };
      for (let n = 0; n <= random() * 3; n++) {
        const key = random() < 0.1 ? '__proto__' : (keys[Math.floor(random() * keys.length)] ?? '');
        wrong[key] = odd[Math.floor(random() * odd.length)];
      }
      const read = readPainted(wrong);
      const answer = readFeedback({ answer: odd[Math.floor(random() * odd.length)] });
      if (answer !== undefined) throw new Error(`taken: ${answer}`);
      if (read === undefined) continue;
      taken += 1;
      if (!(Number.isSafeInteger(read.seq) && read.elapsed >= 0 && Array.isArray(read.hidden)))
        throw new Error(`taken: ${JSON.stringify(wrong)}`);
    }
    expect(taken).toBeLessThan(inputs);
  });
});
