/** Where documents and media come from: a folder, HTTPS with the city's certificate, a broker that may be hostile. */

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ContentConfig } from '../../../../agent/core/content/config.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { type RunningContent, startContent } from '../../../../agent/sign/content/content.ts';
import { embeddedBroker } from '../../../support/brokers.ts';
import { seeded } from '../../../support/seeded.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, pack, picture, START, STRANGER, signed } from './pack.ts';

const tls = (name: string) => readFileSync(new URL(`../../../vectors/tls/${name}`, import.meta.url), 'utf8');
const WITHIN = { timeout: 15_000, interval: 10 };

let dir: string;
let clock: VirtualClock;
let events: AgentEvent[];
let stack: AsyncDisposableStack;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-sources-'));
  clock = new VirtualClock(START);
  events = [];
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  rmSync(dir, { recursive: true });
});

async function start(change: Partial<ContentConfig>): Promise<RunningContent> {
  const content = await startContent({
    config: { keys: [CITY.key], https: [], media: { budget: 1e9 }, feeds: [], measured: [], ...change },
    site: 'street',
    agent: 'pole-1',
    timezone: 'UTC',
    state: dir,
    displays: ['stop-1'],
    clock,
    log: silent,
    hub: { event: (event) => void events.push(event) },
  });
  return stack.use(content);
}

const version = (content: RunningContent) => content.health()[0]?.facts.pack_version;
const isVersion = (content: RunningContent, wanted: number, step = 0) =>
  vi.waitFor(async () => {
    await clock.advance(step);
    expect(version(content)).toBe(wanted);
  }, WITHIN);

test('a folder: new files are taken, a large one is refused', async () => {
  const folder = join(dir, 'in');
  await mkdir(folder);
  await writeFile(join(folder, 'pack.json'), signed(pack(1)));
  const content = await start({ folder });
  await isVersion(content, 1);
  await writeFile(join(folder, 'pack.json'), Buffer.concat([signed(pack(2)), Buffer.from(' ')]));
  await writeFile(join(folder, 'large.json'), Buffer.alloc(2 * 1024 ** 2));
  await isVersion(content, 2, 1_000);
  expect(events.some(({ body }) => body.code === 'too-large')).toBe(true);
  rmSync(folder, { recursive: true });
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(content.health()[1]?.state).toBe('degraded');
  }, WITHIN);
  expect(version(content)).toBe(2);
});

describe('HTTPS', () => {
  let server: Server;
  let asked: { readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let address: string;

  beforeEach(async () => {
    asked = [];
    server = createServer({ key: tls('broker-key.pem'), cert: tls('broker.pem') }, (request, response) => {
      asked.push({ url: request.url ?? '', headers: request.headers });
      answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stack.defer(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
  });

  test('asks by ETag, and takes what is new', async () => {
    let now = 1;
    answer = ({ headers }, response) => {
      if (headers['if-none-match'] === `"${now}"`) response.writeHead(304).end();
      else response.writeHead(200, { ETag: `"${now}"` }).end(signed(pack(now)));
    };
    const content = await start({
      https: [{ url: `${address}/pack`, ca: tls('ca.pem'), token: 'word', every: 60_000 }],
    });
    await isVersion(content, 1);
    await vi.waitFor(async () => {
      await clock.advance(60_000);
      expect(asked.length).toBeGreaterThan(1);
    }, WITHIN);
    expect(asked[1]?.headers['if-none-match']).toBe('"1"');
    expect(asked[0]?.headers.authorization).toBe('Bearer word');
    now = 2;
    await isVersion(content, 2, 60_000);
  });

  test('a certificate that nobody known signed, a redirect and an endless body bring nothing', async () => {
    answer = (_, response) => response.writeHead(200).end(signed(pack(1)));
    const unknown = await start({ https: [{ url: `${address}/pack`, every: 60_000 }] });
    await vi.waitFor(() => expect(unknown.health()[1]?.state).toBe('degraded'), WITHIN);
    expect(unknown.health()[1]?.message).toMatch(/certificate|self.signed|verify/i);
    expect(asked).toEqual([]);
    await stack.disposeAsync();
    stack = new AsyncDisposableStack();
  });

  test('a redirect is not followed, a body without end is given up', async () => {
    answer = ({ url }, response) => {
      if (url === '/moved') response.writeHead(302, { Location: '/pack' }).end();
      else {
        response.writeHead(200);
        const more = () =>
          response.destroyed ||
          (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more));
        more();
      }
    };
    const ca = tls('ca.pem');
    const content = await start({
      https: [
        { url: `${address}/moved`, ca, every: 60_000 },
        { url: `${address}/endless`, ca, every: 60_000 },
      ],
    });
    await vi.waitFor(() => {
      expect(content.health()[1]?.message).toContain('answers 302');
      expect(content.health()[2]?.message).toContain('goes on behind');
    }, WITHIN);
    expect(asked.map(({ url }) => url)).not.toContain('/pack');
  });

  test('media go on where the link broke', async () => {
    const { bytes, item } = picture(300_000, 9);
    answer = ({ headers }, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
      const head = {
        'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        'Content-Length': bytes.length - from,
      };
      response.writeHead(from === 0 ? 200 : 206, head);
      response.write(bytes.subarray(from, from + 100_000), () => {
        if (from + 100_000 < bytes.length) response.destroy();
        else response.end();
      });
    };
    const content = await start({
      media: { https: { url: `${address}/media`, ca: tls('ca.pem') }, budget: 1e9 },
    });
    content.take(signed(pack(1, { playlists: [{ id: 'ads', items: [item] }] })), 'test');
    await vi.waitFor(async () => {
      await clock.advance(20_000);
      expect(content.shown('stop-1').playlist?.items).toHaveLength(1);
    }, WITHIN);
    expect(asked[0]?.url).toBe(`/media/${item.sha256}.png`);
    expect(asked.slice(1).every(({ headers }) => /^bytes=[1-9]\d*-$/.test(headers.range ?? ''))).toBe(true);
    const file = content.shown('stop-1').playlist?.items[0]?.file ?? '';
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

test('a broker carries; with every right it puts no word of its own on the board', async () => {
  await using broker = await embeddedBroker();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const content = await start({ mqtt: { url, topics: ['city/content/#'], clientId: 'sign' } });
  const city = await connectAsync(url);
  stack.defer(() => city.endAsync());
  await vi.waitFor(() => expect(content.health()[1]?.state).toBe('ok'), WITHIN);
  await city.publishAsync('city/content/pack', Buffer.from(signed(pack(3))), { qos: 1 });
  await isVersion(content, 3);
  const before = JSON.stringify(content.shown('stop-1'));

  const random = seeded(20261127);
  const word = 'FREE-BEER';
  const right = Buffer.from(signed(pack(4))).toString();
  const forged = [
    Buffer.from(signed(pack(9, { templates: [] }), STRANGER)),
    Buffer.from(signed(pack(9), { ...STRANGER, key: CITY.key })),
    Buffer.from(signed(pack(2))),
    Buffer.from(
      right.replace(
        /"payload":"[^"]*"/,
        `"payload":"${Buffer.from(JSON.stringify({ ...pack(9), tiles: [{ title: word }] })).toString('base64')}"`,
      ),
    ),
    Buffer.from(right.replace(/"signatures":\[.*\]/, '"signatures":[]')),
  ];
  for (let i = 0; i < 300; i += 1) {
    const bytes = Buffer.from(right.replace('pack', word));
    const bent = i < forged.length ? (forged[i] ?? bytes) : bytes;
    if (i >= forged.length) {
      const at = Math.floor(random() * bent.length);
      bent[at] = ((bent[at] ?? 0) + 1 + Math.floor(random() * 254)) & 0xff;
      // Base64 has spare bits at its end; a change there is the same document.
      if (i % 3 === 0) bent.fill(0x41, 30, 90);
    }
    await city.publishAsync(`city/content/${i}`, bent, { qos: 1 });
  }
  await city.publishAsync('city/content/pack', Buffer.from(signed(pack(3, { tiles: [] }))), { qos: 1 });
  await vi.waitFor(() => expect(events.some(({ body }) => body.code === 'replayed')).toBe(true), WITHIN);
  const shown = content.shown('stop-1');
  expect([3, 4]).toContain(version(content));
  expect({ ...shown, revision: 0 }).toEqual({ ...JSON.parse(before), revision: 0 });
  expect(JSON.stringify(shown)).not.toContain(word);
  expect(Number(content.health()[0]?.facts.refused)).toBeGreaterThan(290);
});
