/** What a hostile client may send: nothing of it gets through, and the console goes on. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_BODY } from '../../../agent/console/server.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let person: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  person = await console_.login();
});
afterAll(() => console_[Symbol.asyncDispose]());

const post = (body: string | Buffer, headers: Record<string, string> = {}, path = '/api/v1/commands') =>
  console_.ask(path, {
    method: 'POST',
    headers: { ...person, 'content-type': 'application/json', ...headers },
    body,
  });

/** Sends raw bytes and gives all that comes back. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(console_.console.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(text);
  let answer = '';
  socket.setTimeout(5000, () => socket.destroy());
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes('\r\n\r\n')) break;
  }
  socket.destroy();
  return answer;
}

describe('bodies', () => {
  test('too large, malformed or of another kind are refused', async () => {
    const good = { id: 'c', device: 'board', point: 'lamp-level', value: 1, expires_in_s: 5 };
    const large = await post(JSON.stringify({ ...good, value: 'x'.repeat(MOST_BODY) }));
    expect([large.status, large.headers['content-type']]).toEqual([
      413,
      'application/problem+json; charset=utf-8',
    ]);
    for (const body of [
      '',
      '{',
      '{"id":',
      'null',
      '[]',
      '"x"',
      '{"__proto__":{"role":"administrator"}}',
      '\u0000',
    ]) {
      expect([body, (await post(body)).status]).toEqual([body, 400]);
    }
    expect((await post(Buffer.from([0xff, 0xfe, 0x7b]))).status).toBe(400);
    const text = JSON.stringify(good);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
      '',
    ]) {
      expect([type, (await post(text, { 'content-type': type })).status]).toEqual([type, 415]);
    }
    expect((await post(text, { 'content-encoding': 'gzip' })).status).toBeLessThan(500);
    expect(console_.agent.submitted.filter(({ value }) => value !== 1)).toEqual([]);
  });

  test('that never end are cut off by their announced size', async () => {
    const { host } = new URL(console_.console.url);
    const lines = Object.entries({
      ...person,
      host,
      'content-type': 'application/json',
      'content-length': '99999999',
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    expect(await raw(`POST /api/v1/commands HTTP/1.1\r\n${head}\r\n{`)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('paths', () => {
  test('lead to nothing outside', async () => {
    const paths = [
      '/assets/../server.ts',
      '/assets/..%2f..%2fserver.ts',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/....//package.json',
      '/assets/..\\..\\package.json',
      '/assets/%00',
      '/assets/constructor',
      '/assets/__proto__',
      '//etc/passwd',
      '/../../etc/passwd',
      '/points/../../etc/passwd',
      '/api/v1/../../etc/passwd',
      '/api/v1/cameras/..%2f..%2fetc/frame',
      '/api/v1/cameras/%E0%A4%A/frame',
      `/api/v1/cameras/${'x'.repeat(5000)}/frame`,
    ];
    for (const path of paths) {
      const { status, text } = await console_.ask(path, { headers: person });
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      expect(text).not.toMatch(/root:|"dependencies"|startConsole/);
    }
  });
});

describe('headers', () => {
  test('cannot be put in by what is asked', async () => {
    for (const path of [
      '/login?code=%0d%0aset-cookie:%20x=1',
      '/api/v1/points?device=a%0d%0ax-evil:%201',
      '/%0d%0ax-evil:%201',
    ]) {
      const { headers } = await console_.ask(path, { headers: person });
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['x-evil']).toBeUndefined();
    }
  });

  test('malformed ones end the request', async () => {
    expect(await raw('GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 (200|400|421) /,
    );
    expect(await raw(`GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    const smuggled =
      'POST /api/v1/logout HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await raw(smuggled)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('every answer forbids what pages do not need', async () => {
    for (const path of [
      '/',
      '/assets/none',
      '/api/v1/points',
      '/healthz',
      '/login?code=x',
      '/nowhere',
      '/points/%E0%A4%A/x',
    ]) {
      const { headers } = await console_.ask(path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http:/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });
});

describe('the whole API under a seeded storm', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'points',
      'stream',
      'history',
      'health',
      'commands',
      'cameras',
      'camera-1',
      'frame',
      'tokens',
      'links',
    ),
    fc.string({ maxLength: 20 }),
  );
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'),
    path: fc.array(segment, { maxLength: 4 }),
    query: fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 24 }), { maxKeys: 4 }),
    body: fc.oneof(
      fc.json(),
      fc.string({ maxLength: 200 }),
      fc
        .record(
          {
            id: fc.anything(),
            device: fc.anything(),
            point: fc.anything(),
            value: fc.anything(),
            expires_in_s: fc.anything(),
            lease_s: fc.anything(),
          },
          { requiredKeys: [] },
        )
        .map(
          (value) =>
            JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner)) ?? '',
        ),
    ),
    kind: fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain'),
  });

  test('answers each request with a refusal in form or with an answer, never with a failure', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, body, kind }) => {
        const where = `/api/v1/${path.map(encodeURIComponent).join('/')}`;
        // The stream is an answer without end.
        if (/\/stream\/?$/.test(where)) return;
        const asked = `${where}?${new URLSearchParams(query)}`;
        const sends = method !== 'GET' && method !== 'OPTIONS';
        const answer = await console_.ask(asked, {
          method,
          headers: { ...person, 'content-type': kind },
          ...(sends ? { body } : {}),
        });
        if (answer.status === 503) expect(JSON.parse(answer.text).code).toMatch(/no-frame|node-red-down/);
        else expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400) expect(JSON.parse(answer.text).status).toBe(answer.status);
        for (const { id } of console_.agent.submitted) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
      { seed: 20_270_101, numRuns: 400 },
    );
    expect((await console_.ask('/healthz')).status).toBe(200);
  });
});
