/** Where a claim is fetched from: what counts as a code or an address, and what a city may answer. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressOf, fetchClaim } from '../../../agent/compose/unclaimed/fetch.ts';
import { LARGEST_ENVELOPE } from '../../../agent/core/envelope.ts';

const URL_ = 'https://units.city.example/claims/{code}?hardware={hardware}';
const IMAGE = { url: URL_, hardware: ['cpu:10 00/1', 'machine:x'], anyHost: false };

describe('what is given', () => {
  test('is a code, which the address of the image takes', () => {
    expect(addressOf('k7qx-29td', IMAGE)).toBe(
      'https://units.city.example/claims/K7QX-29TD?hardware=cpu%3A10%2000%2F1',
    );
    expect(addressOf('K7QX', { ...IMAGE, hardware: [] })).toBe(
      'https://units.city.example/claims/K7QX?hardware=',
    );
  });

  test.each([
    ['../../etc/passwd', {}, 'no-code'],
    ['/etc/kerbside/pole.claim', {}, 'no-code'],
    ['K7 QX', {}, 'no-code'],
    ['a'.repeat(65), {}, 'no-code'],
    ['-----', {}, 'no-code'],
    ['码码码码', {}, 'no-code'],
    ['K7QX-29TD', { url: undefined }, 'no-exchange'],
    ['https://evil.example/claims/K7QX-29TD', {}, 'other-address'],
    ['https://units.city.example.evil.example/c', {}, 'other-address'],
    ['https://units.city.example:444/c', {}, 'other-address'],
    ['https://units.city.example@evil.example/c', { anyHost: true }, 'other-address'],
    ['http://units.city.example/claims/K7QX', {}, 'other-address'],
    ['http://units.city.example/claims/K7QX', { anyHost: true }, 'other-address'],
    ['https://', { anyHost: true }, 'other-address'],
    ['https://units.city.example/c', { url: undefined }, 'other-address'],
  ] as const)('%j is refused as %s %s', (given, more, code) => {
    expect(addressOf(given, { ...IMAGE, ...more })).toMatchObject({ ok: false, code });
  });

  test('is the address of a label at the host of the image, or on the shell any', () => {
    expect(addressOf('https://units.city.example/l?code=1', IMAGE)).toBe(
      'https://units.city.example/l?code=1',
    );
    expect(addressOf('HTTPS://other.example/c', { ...IMAGE, anyHost: true })).toBe('https://other.example/c');
  });
});

describe('a city', () => {
  async function answered(answer: RequestListener, deadline = 5000) {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    try {
      const { signal } = new AbortController();
      return await fetchClaim(`http://127.0.0.1:${port}/claims/K7QX`, { signal, deadline });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('that answers gives its bytes', async () => {
    const got = await answered((_, response) => response.end('{"x":1}'));
    expect(got.ok && Buffer.from(got.bytes).toString()).toBe('{"x":1}');
  });

  test.each([404, 410, 403])('that answers %i does not know the code', async (status) => {
    const got = await answered((_, response) => response.writeHead(status).end());
    expect(got).toMatchObject({ ok: false, code: 'code-unknown' });
  });

  test.each<[string, RequestListener, string]>([
    ['answers 500', (_, response) => void response.writeHead(500).end(), 'HTTP 500'],
    ['leads elsewhere', (_, response) => void response.writeHead(302, { location: '/x' }).end(), 'redirect'],
    ['hangs up', (request) => void request.socket.destroy(), 'other side closed'],
    [
      'has no end',
      (_, response) => {
        const piece = Buffer.alloc(64 * 1024);
        const more = () => {
          while (!response.destroyed && response.write(piece));
        };
        response.on('drain', more);
        more();
      },
      `more than ${LARGEST_ENVELOPE} bytes`,
    ],
  ])('that %s cannot be asked', async (_, answer, why) => {
    const got = await answered(answer);
    expect(got).toMatchObject({ ok: false, code: 'unreachable', reason: expect.stringContaining(why) });
  });

  test('that says nothing is left after a while', async () => {
    const got = await answered(() => {}, 200);
    expect(got).toMatchObject({
      ok: false,
      code: 'unreachable',
      reason: expect.stringContaining('no answer'),
    });
  });
});
