/**
 * `npm run bench:vision-agent [-- --seconds 600]`: the whole agent with and without a 1080p camera: what vision adds to
 * its proportional set size (PSS), and how late Modbus polls come, both as the other side sees them.
 *
 * A Modbus TCP device in this process, which does nothing else, takes the time of every request; lateness is how much
 * longer than the period two of them are apart. The camera is an MJPEG stream of drawn frames at 1920×1080.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { createRenderer } from '../hw-sim/camera/renderer.ts';
import { createWorld } from '../hw-sim/world/world.ts';
import { startBenchAgent } from './street.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const seconds = Number(values.seconds);
/** Time in which an agent settles, s. */
const SETTLE = 10;
const PERIOD = 100;
const STREAM_MS = 100;

const dir = mkdtempSync(join(tmpdir(), 'kerbside-bench-vision-'));
const pictures = await film();
let requests: number[] = [];

const device = createServer((socket) => {
  let held = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 12) {
      requests.push(performance.now());
      const count = held.readUInt16BE(10);
      const answer = Buffer.alloc(9 + 2 * count);
      held.copy(answer, 0, 0, 8);
      answer.writeUInt16BE(3 + 2 * count, 4);
      answer[8] = 2 * count;
      socket.write(answer);
      held = held.subarray(12);
    }
  });
});
const camera = createHttp((_, response) => {
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=b' });
  let at = 0;
  const timer = setInterval(() => {
    const jpeg = pictures[at++ % pictures.length] ?? Buffer.alloc(0);
    if (response.writableLength > 4e6) return;
    response.write(`--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
  }, STREAM_MS);
  response.on('close', () => clearInterval(timer));
  response.on('error', () => clearInterval(timer));
});
for (const server of [device, camera]) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

const without = await run('without', [], Math.min(seconds, 120));
const all = await run(
  'with',
  [
    {
      id: 'camera-1',
      source: `http://127.0.0.1:${port(camera)}/stream.mjpg`,
      rate: 6,
      tasks: ['vehicles', 'faces'],
    },
  ],
  seconds,
);
process.stdout.write(
  `${JSON.stringify({
    bench: 'vision-agent',
    seconds,
    pss_mb: { without: without.pss, with: all.pss, vision_adds: all.pss - without.pss, aim: 200 },
    poll_period_ms: PERIOD,
    lateness_ms: { without: without.lateness, with: all.lateness },
    cores: cpus().length,
    load: loadavg()[0],
  })}\n`,
);
camera.closeAllConnections();
camera.close();
device.close();
rmSync(dir, { recursive: true, force: true, maxRetries: 3 });

async function run(name: string, cameras: readonly object[], length: number) {
  const file = join(dir, `${name}.yaml`);
  writeFileSync(
    file,
    stringify({
      site: { id: 'bench', timezone: 'Asia/Shanghai', position: { lat: 31.2, lon: 121.5, datum: 'WGS84' } },
      agent: { id: 'bench' },
      state: `./${name}`,
      lines: [{ id: 'plc', tcp: `127.0.0.1:${port(device)}`, framing: 'modbus-tcp' }],
      devices: [{ id: 'meter', line: 'plc', profile: 'eastron-sdm120', address: 1, every: `${PERIOD}ms` }],
      cameras,
      console: { listen: '127.0.0.1:0' },
    }),
  );
  await using agent = startBenchAgent(file);
  await agent.event('agent.started');
  await sleep(SETTLE);
  requests = [];
  await sleep(length);
  return { pss: pss(agent.pid), lateness: lateness(requests) };
}

/** Of bursts of requests (one poll is several where the plan says so) that should begin every period. */
function lateness(times: readonly number[]) {
  const begins = times.filter((time, i) => i === 0 || time - (times[i - 1] ?? 0) > PERIOD / 4);
  const late = begins
    .slice(1)
    .map((time, i) => Math.max(0, time - (begins[i] ?? time) - PERIOD))
    .sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? 0) * 10) / 10;
  return { polls: begins.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** MB of 10⁶ bytes. */
function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Math.round((Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024) / 1e6);
}

/** Ten seconds of a drawn street as a 1080p camera shows them. */
async function film(): Promise<readonly Buffer[]> {
  const renderer = await createRenderer();
  const start = Date.UTC(2027, 2, 12, 0);
  const world = createWorld({ seed: 13, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8, start });
  const frames: Buffer[] = [];
  for (let time = 0; time < 10_000; time += STREAM_MS) {
    const jpeg = await renderer.render(world.trafficAt(start + time), 1, start + time);
    frames.push(await sharp(jpeg).resize(1920, 1080).jpeg({ quality: 85 }).toBuffer());
  }
  return frames;
}

function sleep(s: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, s * 1000));
}
