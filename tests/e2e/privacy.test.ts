/**
 * No picture leaves the agent or reaches a disk: a busy street is watched for minutes of its time, then everything the
 * agent has written, sent and said is searched for pictures and for pieces of the very frames it was given.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createProxy, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadScenario } from '../../hw-sim/scenario.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { PictureSearch } from '../support/picture-search.ts';
import { type City, openCity } from './city.ts';
import { logIn } from './console-session.ts';
import { openSite, type Site } from './site.ts';

/** The street runs this many times as fast as life. */
const SPEED = 6;
/** Minutes of the street that are watched. */
const MINUTES = 4;

const search = new PictureSearch();
/** Every byte that went to and from the broker. */
const traffic: Buffer[] = [];
let frames = 0;
let site: Site;
let city: City;
let agent: AgentProcess;
let camera: Server;
let proxy: NetServer;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'kerbside-privacy-'));
  mkdirSync(join(scratch, 'home'));
  const scenario = { ...(await loadScenario('street')), start: '2027-06-21T00:00:00Z' };
  // The camera behind a tap that keeps pieces of each frame, and the broker behind one that keeps all.
  let source = '';
  camera = createServer(async (_, response) => {
    const jpeg = Buffer.from(await (await fetch(source)).arrayBuffer());
    frames += 1;
    search.remember(jpeg);
    if (frames % 20 === 1) search.remember(await sharp(jpeg).raw().toBuffer(), 65_536);
    response.writeHead(200, { 'content-type': 'image/jpeg' }).end(jpeg);
  });
  await new Promise<void>((resolve) => camera.listen(0, '127.0.0.1', resolve));
  let broker = 0;
  proxy = createProxy((inner) => {
    const outer = connect(broker, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('data', (chunk: Buffer) => traffic.push(chunk));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const port = (server: Server | NetServer) => (server.address() as AddressInfo).port;
  site = await openSite({
    scenario,
    speed: SPEED,
    cameraChange: { source: `http://127.0.0.1:${port(camera)}/snapshot.jpg`, every: '2s' },
    change: {
      log: { window: '500ms' },
      uplinks: [{ id: 'city', mqtt: { url: `mqtt://127.0.0.1:${port(proxy)}` } }],
    },
  });
  source = site.street.camera?.url ?? '';
  broker = Number(new URL(site.broker).port);
  city = await openCity(site.broker);
  agent = startAgent(site.file, {
    TMPDIR: scratch,
    HOME: join(scratch, 'home'),
    XDG_CACHE_HOME: join(scratch, 'home'),
  });
  await agent.ready;
}, 60_000);

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await city?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
  camera?.closeAllConnections();
  camera?.close();
  proxy?.close();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Files that the agent holds open and nobody else can see any more. */
function deletedFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const path = `/proc/${pid}/fd/${fd}`;
    try {
      return readlinkSync(path).endsWith('(deleted)') && statSync(path).isFile() ? [path] : [];
    } catch {
      return [];
    }
  });
}

test('the search finds a picture however it is hidden', async () => {
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const own = new PictureSearch();
  const noise = Buffer.from(Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7919) >> 3));
  own.remember(noise);
  expect(own.find(Buffer.concat([Buffer.from('text'), picture]))).toContain('JPEG (tables)');
  expect(own.find(Buffer.from(`{"a":"${picture.toString('base64')}"}`)).length).toBeGreaterThan(0);
  expect(own.find(Buffer.concat([Buffer.alloc(99), noise.subarray(3000)]))).not.toEqual([]);
  expect(own.find(Buffer.alloc(10_000))).toEqual([]);
});

test('minutes of a busy street leave no byte of a picture on disk, in the log, at the broker or in a log line', async () => {
  // A technician looks, so that frames are kept and blurred too.
  const { link } = await agent.ready;
  const person = await logIn(link);
  const end = performance.now() + (MINUTES * 60_000) / SPEED;
  let looked = 0;
  while (performance.now() < end) {
    const { status } = await person.bytes('/cameras/camera-1/frame');
    if (status === 200) looked += 1;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await city.until(
    () => [...city.records.values()].some(({ point, quality }) => point === 'faces' && quality === 'good'),
    'counts at the city',
    90_000,
  );
  expect(frames).toBeGreaterThan(50);
  expect(looked).toBeGreaterThan(0);
  expect(search.pieces).toBeGreaterThan(1000);

  const held = deletedFiles(agent.pid).map((path) => [path, search.find(readFileSync(path))]);
  await agent.stop();
  const written = [...filesBelow(site.dir), ...filesBelow(scratch)];
  expect(written.some((path) => path.endsWith('.db') || path.endsWith('.sqlite'))).toBe(true);
  const found = [
    ...held,
    ...written.map((path) => [path, search.find(readFileSync(path))]),
    ['broker traffic', search.find(Buffer.concat(traffic))],
    ['log', search.find(Buffer.from(agent.log.join('\n')))],
  ].filter(([, what]) => (what?.length ?? 0) > 0);
  expect(traffic.length).toBeGreaterThan(20);
  expect(found).toEqual([]);
  // Looking was written down, and nothing of what was seen.
  const audits = [...city.records.values()].filter(({ event }) => event === 'audit');
  expect(audits.map(({ body }) => body?.act)).toContain('viewing');
}, 240_000);
