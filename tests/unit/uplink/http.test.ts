/** The HTTP uplink at real servers: what is posted, what the answers mean, TLS, limits. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOfLines } from '../../../agent/cli/verify/lines.ts';
import { silent } from '../../../agent/core/log.ts';
import type { HttpUplinkConfig } from '../../../agent/core/site.ts';
import type { Delivery, Message, UplinkContext } from '../../../agent/core/uplink.ts';
import { http } from '../../../agent/uplink/http/index.ts';
import { encodeLines } from '../../../agent/uplink/http/line-protocol.ts';
import { encodeMessage } from '../../../agent/uplink/payload.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { MemoryLog, reading } from '../../support/memory-log.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const pem = (name: string) => readFileSync(new URL(`../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');
const NEVER = new AbortController().signal;

interface Post {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly posts: Post[];
  /** Answers a POST; the default is 204. */
  post: (response: ServerResponse, post: Post) => void;
  head: (response: ServerResponse) => void;
}

async function serve(tls?: ServerOptions): Promise<Server> {
  const listen = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    if (request.method === 'HEAD') return city.head(response);
    const post = { headers: request.headers, body: Buffer.concat(chunks) };
    city.posts.push(post);
    city.post(response, post);
  };
  const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const city: Server = {
    port: (server.address() as AddressInfo).port,
    posts: [],
    post: (response) => void response.writeHead(204).end(),
    head: (response) => void response.writeHead(405).end(),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return city;
}

function configOf(port: number, more: Partial<HttpUplinkConfig> = {}): HttpUplinkConfig {
  return {
    id: 'city',
    kind: 'http',
    url: `http://127.0.0.1:${port}/v1?secret=hush`,
    format: 'json',
    compression: 'none',
    timeout: 30_000,
    inFlight: 4,
    maxBody: 1_048_576,
    replayRate: 0,
    ...more,
  };
}

function contextOf(clock = new VirtualClock()): UplinkContext {
  return {
    site: 'demo',
    agent: 'pole-1',
    clock,
    log: silent,
    descriptions: () => [],
    submit: async () => Promise.reject(new Error('no commands here')),
  };
}

function message(count: number, stream: 'live' | 'backlog' = 'live', first = 1): Message {
  const records = Array.from({ length: count }, (_, i) => ({ ...reading(first + i), seq: first + i }));
  const last = first + count - 1;
  return {
    envelope: {
      v: 1,
      agent: 'pole-1',
      epoch: 'e1',
      lane: 'meter',
      stream,
      first,
      last,
      count,
      prev: first - 1,
      omitted: [],
    },
    records,
  };
}

/** What became of one message of three records that was answered like this. */
async function delivery(status: number, body = '', headers: Record<string, string> = {}): Promise<Delivery> {
  await using city = await serve();
  city.post = (response) => void response.writeHead(status, headers).end(body);
  await using session = await http.connect(configOf(city.port), contextOf(), NEVER);
  return await session.deliver(message(3), NEVER);
}

describe('HTTP uplink', () => {
  it('posts payload v1 with its key and credentials', async () => {
    await using city = await serve();
    await using session = await http.connect(configOf(city.port, { token: 'sesame' }), contextOf(), NEVER);
    const sent = message(3);
    expect(await session.deliver(sent, NEVER)).toEqual({ kind: 'accepted' });
    const [post] = city.posts;
    expect(post?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': '"pole-1/e1/meter/1-3"',
      authorization: 'Bearer sesame',
    });
    expect(post?.body.equals(encodeMessage(sent, () => undefined))).toBe(true);
    await using basic = await http.connect(
      configOf(city.port, { username: 'pole', password: 'päss:word' }),
      contextOf(),
      NEVER,
    );
    await basic.deliver(sent, NEVER);
    const given = city.posts[1]?.headers.authorization?.replace('Basic ', '') ?? '';
    expect(Buffer.from(given, 'base64').toString()).toBe('pole:päss:word');
  });

  it('hears the time of an accepted batch, to half its round trip', async () => {
    await using city = await serve();
    city.post = (response) => void response.writeHead(204, { Date: 'Fri, 01 Jan 2027 00:00:07 GMT' }).end();
    const heard: number[][] = [];
    const context = { ...contextOf(), heardTime: (...told: number[]) => void heard.push(told) };
    await using session = await http.connect(configOf(city.port), context, NEVER);
    await session.deliver(message(1), NEVER);
    expect(heard).toEqual([[Date.UTC(2027, 0, 1, 0, 0, 7, 500), 1000, 500]]);
    city.post = (response) => void response.writeHead(503, { Date: 'Fri, 01 Jan 2027 00:00:07 GMT' }).end();
    await session.deliver(message(1), NEVER);
    city.post = (response) => void response.writeHead(200, { Date: 'now' }).end();
    await session.deliver(message(1), NEVER);
    expect(heard).toHaveLength(1);
  });

  it('writes line protocol as its reference asks', () => {
    const { envelope } = message(3);
    const at = { device: 'meter-1', point: 'energy', unit: 'kW.h', time: 1_798_761_845_678 } as const;
    const lines = new TextDecoder().decode(
      encodeLines(
        'demo',
        {
          envelope: { ...envelope, omitted: [{ rule: 'selection', count: 1 }] },
          records: [
            { kind: 'reading', ...at, seq: 1, value: 1.5, quality: 'good', rank: 'ntp' },
            { kind: 'reading', ...at, seq: 2, value: null, quality: 'bad', reason: 'timeout', rank: 'floor' },
            {
              kind: 'reading',
              ...at,
              seq: 1_000_003,
              value: 'a "b\\',
              quality: 'good',
              rank: 'ntp',
              unit: '%',
            },
            {
              kind: 'event',
              seq: 4,
              event: 'gap',
              severity: 'warning',
              time: Number.NaN,
              rank: 'ntp',
              body: { a: 'x, y=z' },
            },
          ],
        },
        0,
      ),
    );
    const tags = 'site=demo,agent=pole-1,epoch=e1,lane=meter';
    const meter = `${tags},device=meter-1,point=energy`;
    expect(lines.split('\n')).toEqual([
      `message,${tags},stream=live v=1i,first=1i,last=3i,count=3i,prev=0i,omitted="[{\\"rule\\":\\"selection\\",\\"count\\":1}]" 3`,
      `reading,${meter},unit=kW.h value=1.5,quality="good",seq=1i 1798761845678000001`,
      `reading,${meter},unit=kW.h quality="bad",reason="timeout",seq=2i,clock="floor" 1798761845678000002`,
      `reading,${meter},unit=% text="a \\"b\\\\",quality="good",seq=1000003i 1798761845678000003`,
      `event,${tags},event=gap,severity=warning body="{\\"a\\":\\"x, y=z\\"}",seq=4i 4`,
      '',
    ]);
  });

  it('loses nothing in line protocol: the receiver reads back what JSON says', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text)),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const { envelope, records } = message(values.length);
        const sent: Message = {
          envelope,
          records: records.map((record, i) => {
            const one = values[i] ?? null;
            const quality = one === null ? ('bad' as const) : ('good' as const);
            return {
              ...record,
              value: one,
              quality,
              ...(one === null ? { reason: 'timeout' as const } : {}),
            };
          }),
        };
        const json = JSON.parse(new TextDecoder().decode(encodeMessage(sent, () => undefined)));
        const { descriptions: _, ...expected } = json;
        const read = messageOfLines(new TextDecoder().decode(encodeLines('demo', sent, 0)));
        // -0 has no place in JSON.
        expect(JSON.parse(JSON.stringify(read))).toEqual({ site: 'demo', ...expected });
      }),
      { seed: 20270201, numRuns: 500 },
    );
  });

  it('books any lines a database could send without throwing', () => {
    const word = fc.constantFrom('message', ',', '=', ' ', '"', '\\', '1i', 'a', '\n', 'seq', '-', 'omitted');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        messageOfLines(words.join(''));
      }),
      { seed: 20270202, numRuns: 2000 },
    );
  });

  it.each<[string, number, string, Record<string, string>, Delivery]>([
    ['204', 204, '', {}, { kind: 'accepted' }],
    ['200 whatever it says', 200, '{"refused":[{"seq":1}]}', {}, { kind: 'accepted' }],
    [
      '4xx with a list: those are refused, the others accepted',
      422,
      '{"refused":[{"seq":2,"reason":"unknown\\nunit"},{"seq":99},{"seq":"1"},null,{"seq":2}]}',
      {},
      { kind: 'refused', records: [{ seq: 2, reason: 'unknown unit' }] },
    ],
    [
      'a list with 409',
      409,
      '{"refused":[{"seq":3}]}',
      {},
      { kind: 'refused', records: [{ seq: 3, reason: 'HTTP 409' }] },
    ],
    [
      '413: all refused, to be halved',
      413,
      'too much',
      {},
      { kind: 'refused', records: [1, 2, 3].map((seq) => ({ seq, reason: 'HTTP 413: too much' })) },
    ],
    ['409 without a list', 409, 'x', {}, { kind: 'keep', reason: 'HTTP 409: x' }],
    [
      '401 even with a list',
      401,
      '{"refused":[{"seq":3}]}',
      {},
      {
        kind: 'keep',
        reason: 'HTTP 401: {"refused":[{"seq":3}]}',
        fix: 'Check token, user name and password of this uplink.',
      },
    ],
    ['429', 429, '', { 'Retry-After': '120' }, { kind: 'keep', reason: 'HTTP 429', after: 120_000 }],
    [
      '503 until a date',
      503,
      '',
      { 'Retry-After': 'Fri, 01 Jan 2027 00:01:00 GMT' },
      { kind: 'keep', reason: 'HTTP 503', after: 60_000 },
    ],
    [
      'a pause of a year is cut',
      503,
      '',
      { 'Retry-After': '31536000' },
      { kind: 'keep', reason: 'HTTP 503', after: 3_600_000 },
    ],
    [
      'a redirect',
      308,
      '',
      { Location: 'http://127.0.0.1:1/' },
      {
        kind: 'keep',
        reason: 'HTTP 308',
        fix: 'Redirects are not followed: write the final address as url.',
      },
    ],
  ])('%s', async (_, status, body, headers, expected) => {
    expect(await delivery(status, body, headers)).toEqual(expected);
  });

  it('takes any answer for what its status says', async () => {
    await using city = await serve();
    await using session = await http.connect(configOf(city.port), contextOf(), NEVER);
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ refused: fc.array(fc.record({ seq: fc.jsonValue() })) }).map((one) => JSON.stringify(one)),
    );
    const status = fc.constantFrom(200, 204, 400, 401, 404, 409, 413, 422, 429, 500, 503);
    await fc.assert(
      fc.asyncProperty(status, body, async (code, text) => {
        city.post = (response) => void response.writeHead(code).end(code === 204 ? undefined : text);
        const { kind } = await session.deliver(message(3), NEVER);
        if (code < 300) expect(kind).toBe('accepted');
        else if ([400, 413, 422].includes(code)) expect(kind).toBe('refused');
        else if (code !== 404 && code !== 409) expect(kind).toBe('keep');
      }),
      { seed: 20270203, numRuns: 150 },
    );
  });

  it('reads no more of an endless answer than it needs', async () => {
    await using city = await serve();
    let written = 0;
    city.post = (response) => {
      response.writeHead(400);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) written += 16_384;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await using session = await http.connect(configOf(city.port), contextOf(), NEVER);
    expect(await session.deliver(message(1), NEVER)).toMatchObject({
      kind: 'refused',
      records: [{ seq: 1, reason: 'HTTP 400' }],
    });
    expect(written).toBeLessThan(50_000_000);
  });

  it('keeps the order of a stream: behind a batch that was not accepted nothing leaves', async () => {
    await using city = await serve();
    const answers = [503, 204, 204];
    city.post = (response) => void response.writeHead(answers.shift() ?? 204).end();
    await using session = await http.connect(configOf(city.port), contextOf(), NEVER);
    const outcomes = await Promise.all([
      session.deliver(message(2, 'live', 1), NEVER),
      session.deliver(message(2, 'live', 3), NEVER),
      session.deliver(message(2, 'live', 5), NEVER),
      session.deliver(message(2, 'backlog', 7), NEVER),
    ]);
    expect(outcomes.slice(1, 3).map(({ kind }) => kind)).toEqual(['keep', 'keep']);
    expect(city.posts).toHaveLength(2);
    expect(await session.deliver(message(2, 'live', 1), NEVER)).toEqual({ kind: 'accepted' });
  });

  it('gives a request 30 s, loses the link then and keeps the batch', async () => {
    await using city = await serve();
    const clock = new VirtualClock();
    await using session = await http.connect(configOf(city.port), contextOf(clock), NEVER);
    city.post = () => {};
    const outcome = session.deliver(message(1), NEVER);
    const lost = expect(session.closed).rejects.toMatchObject({ code: 'link-lost' });
    await until(() => city.posts.length === 1, 'the request');
    await clock.advance(30_000);
    expect(await outcome).toEqual({
      kind: 'keep',
      reason: `request to http://127.0.0.1:${city.port}/v1 failed: no answer within 30 s`,
    });
    await lost;
  });

  it('says that credentials or address are wrong, and shows no secret', async () => {
    await using city = await serve();
    city.head = (response) => void response.writeHead(401).end();
    const wrong = http.connect(configOf(city.port, { token: 'hush' }), contextOf(), NEVER);
    await expect(wrong).rejects.toMatchObject({
      code: 'auth-failed',
      message: `connection to http://127.0.0.1:${city.port}/v1 failed: HTTP 401`,
      fix: expect.stringContaining('token'),
    });
    city.head = (response) => void response.writeHead(301, { Location: 'https://elsewhere/' }).end();
    await expect(http.connect(configOf(city.port), contextOf(), NEVER)).rejects.toMatchObject({
      code: 'broker-refused',
      fix: expect.stringContaining('final address'),
    });
  });

  it('verifies the receiver and shows its own certificate', async () => {
    const tls = { key: pem('broker-key'), cert: pem('broker'), ca: pem('ca'), requestCert: true };
    await using city = await serve({ ...tls, rejectUnauthorized: true });
    const url = `https://127.0.0.1:${city.port}/v1`;
    const ours = { url, cert: pem('client'), key: pem('client-key') };
    {
      const config = configOf(0, { ...ours, ca: pem('ca') });
      await using session = await http.connect(config, contextOf(), NEVER);
      expect(await session.deliver(message(1), NEVER)).toEqual({ kind: 'accepted' });
    }
    await expect(http.connect(configOf(0, ours), contextOf(), NEVER)).rejects.toMatchObject({
      code: 'auth-failed',
      fix: expect.stringContaining('ca'),
    });
    const stranger = { url, ca: pem('ca'), cert: pem('stranger'), key: pem('stranger-key') };
    await expect(http.connect(configOf(0, stranger), contextOf(), NEVER)).rejects.toMatchObject({
      name: 'AgentError',
    });
  });

  it('finds the refused records of a batch, says that nothing is taken, and goes on where it is', async () => {
    await using city = await serve();
    const log = new MemoryLog();
    const said: (string | undefined)[] = [];
    const refused: number[] = [];
    let busy = true;
    city.post = (response, { body }) => {
      if (busy) return void response.writeHead(503).end('busy');
      const { records }: { records: { seq: number }[] } = JSON.parse(body.toString());
      const bad = records.filter(({ seq }) => seq % 10 === 3).map(({ seq }) => ({ seq, reason: 'no' }));
      if (bad.length === 0) response.writeHead(204).end();
      else response.writeHead(422).end(JSON.stringify({ refused: bad }));
    };
    const clock = new VirtualClock();
    log.readings('meter', 50);
    const pump = startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: (signal) => http.connect(configOf(city.port), contextOf(clock), signal),
      clock,
      log: silent,
      inFlight: 4,
      replayRate: 0,
      settle: (lane, cursor) => log.store('city', lane, cursor),
      refused: (_, records) => refused.push(...records.map(({ seq }) => seq)),
      onTurnedDown: (reason) => said.push(reason),
    });
    await until(() => city.posts.length > 0, 'the first try');
    await until(() => {
      void clock.advance(100);
      return said.length > 0;
    }, 'health');
    busy = false;
    await until(() => {
      void clock.advance(1000);
      return pump.tally().settled === 50;
    }, 'settled numbers');
    expect(refused).toEqual([3, 13, 23, 33, 43]);
    expect(said).toEqual(['HTTP 503: busy', undefined]);
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(1000);
    await stopped;
  });
});
