/** Bundles over HTTPS: a link that breaks is taken up where it broke, with the city's certificate and token and no other. */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folder, makeRelease, REMOTE } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const tls = (name: string) => readFileSync(new URL(`../../vectors/tls/${name}`, import.meta.url), 'utf8');
const never = new AbortController().signal;
const stack = new AsyncDisposableStack();
let bundle: string;
let server: Server;
let address: string;
/** Requests as they came, and after how many bytes the next answer of a part breaks off. */
let asked: string[] = [];
let breaks: number[] = [];
let ranges = true;

beforeAll(async () => {
  bundle = stack.use(await folder()).path;
  await makeRelease(bundle, { version: '0.2.0' });
  server = createServer({ key: tls('broker-key.pem'), cert: tls('broker.pem') }, (request, response) => {
    const name = (request.url ?? '').slice(1);
    asked.push(`${name} ${request.headers.range ?? ''}`.trim());
    if (request.headers.authorization !== 'Bearer word') return void response.writeHead(401).end();
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(join(bundle, name));
    } catch {
      return void response.writeHead(404).end();
    }
    const from = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(from);
    const head = {
      'content-length': rest.length,
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    };
    response.writeHead(from === 0 ? 200 : 206, head);
    const cut = name.endsWith('.zst') ? breaks.shift() : undefined;
    if (cut === undefined) return void response.end(rest);
    response.write(rest.subarray(0, cut), () => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stack.disposeAsync();
});
beforeEach(() => {
  asked = [];
  breaks = [];
  ranges = true;
});

async function stage(config: Partial<typeof REMOTE> = {}) {
  await using home = await folder();
  const clock = new VirtualClock();
  await using agent = updatingAgent({
    dir: join(home.path, 'releases'),
    agent: 'pole-1',
    clock,
    config: { ...REMOTE, ca: tls('ca.pem'), token: 'word', ...config },
  });
  let over = false;
  const taken = agent.updates
    .take({ source: `${address}/manifest.json`, act: 'stage', by: 'cli' }, never)
    .finally(() => {
      over = true;
    });
  while (!over) await clock.advance(1000);
  const outcome = await taken;
  return { outcome, names: await readdir(join(home.path, 'releases')) };
}

describe('a bundle over HTTPS', () => {
  test('comes whole, part by part', async () => {
    expect((await stage()).outcome).toMatchObject({ ok: true, version: '0.2.0' });
    expect(asked).toEqual(['manifest.json', 'app.tar.zst', 'modules.tar.zst']);
  });

  test('a link that breaks is taken up where it broke', async () => {
    breaks = [100, 40];
    const { outcome, names } = await stage();
    expect(outcome).toMatchObject({ ok: true });
    const later = asked.filter((one) => one.startsWith('app') && one.includes('bytes'));
    expect(later.length).toBeGreaterThan(0);
    expect(later.every((one) => /^app\.tar\.zst bytes=[1-9]\d*-$/.test(one))).toBe(true);
    expect(names).toContain('0.2.0');
    expect(names).not.toContain('.incoming');
  });

  test('a server that knows no ranges begins anew, and it still comes', async () => {
    ranges = false;
    breaks = [100];
    expect((await stage()).outcome).toMatchObject({ ok: true });
  });

  test('a server that always breaks off is given up, and what came stays for the next time', async () => {
    breaks = Array.from({ length: 50 }, () => 0);
    const { outcome, names } = await stage();
    expect(outcome).toMatchObject({ ok: false, code: 'unreachable' });
    expect(names).toContain('.incoming');
  });

  test('without the token, or with a certificate that nobody known signed, nothing is taken', async () => {
    expect((await stage({ token: 'other' })).outcome).toMatchObject({
      ok: false,
      code: 'unreachable',
      reason: expect.stringContaining('401'),
    });
    const stranger = await stage({ ca: rootCertificates[0] ?? '' });
    expect(stranger.outcome).toMatchObject({ ok: false, code: 'unreachable' });
  });
});
