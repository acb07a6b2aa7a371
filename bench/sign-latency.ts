/**
 * `npm run bench:sign [-- --minutes 2]`: from a position message to changed pixels, with the real agent, its HTTP feed and chromium;
 * and what the sign costs: CPU and memory of the agent with the sign against the same agent without it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { writeExtract } from '../agent/sign/timetable/extract-file.ts';
import { launch } from '../tests/browser/support/chromium.ts';
import { program } from '../tests/support/programs.ts';
import { extractNow, PostedBus, STOP } from './sign/line.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '2' } } });
const minutes = Number(values.minutes);
const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
await using stack = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'sign-'));
stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

const bare = await start('without');
await sleep(5000);
const bareUse = use(bare.pid);
await sleep(minutes * 15_000);
const without = bareUse();
await bare.stop();

const ports = { screen: await freePort(), feed: await freePort() };
const { extract, trip, date } = extractNow(Date.now());
await writeExtract(join(folder, 'stop.extract'), extract);
const agent = await start('with', ports);
stack.defer(() => agent.stop());
const browser = await launch(chromium);
stack.defer(() => browser.close());
const page = await browser.newPage({ viewport: { width: 1080, height: 1920 } });
const key = await readFile(join(folder, 'with', 'state', 'sign', 'screen', 'key'), 'utf8');
await page.goto(`http://127.0.0.1:${ports.screen}/?key=${key}`);
await page.locator('.line').first().waitFor({ timeout: 60_000 });
const bus = new PostedBus(`http://127.0.0.1:${ports.feed}/`, trip, date);
// A bus that has not been seen driving along its line is not believed.
for (let i = 0; i < 40 && (await page.locator('.strip .bus').count()) === 0; i++) {
  await bus.post();
  await sleep(1200);
}
await page.locator('.strip .bus').first().waitFor({ timeout: 20_000 });
const delays: number[] = [];
const withUse = use(agent.pid);
const end = performance.now() + minutes * 60_000;
while (performance.now() < end && !bus.arrived) {
  const seen = changed(page);
  const at = performance.timeOrigin + performance.now();
  await bus.post();
  const then = await Promise.race([seen, sleep(10_000).then(() => undefined)]);
  if (then === undefined) throw new Error('a position never came to the screen');
  delays.push(then - at);
  await sleep(1100);
}
const used = withUse();
delays.sort((a, b) => a - b);
const quantile = (share: number) =>
  Math.round(delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? Number.NaN);
console.log(
  JSON.stringify({
    bench: 'sign',
    positions: delays.length,
    message_to_pixel_ms: { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: quantile(1) },
    agent_with_sign: used,
    agent_without_sign: without,
    load: loadavg().map((load) => Math.round(load * 10) / 10),
  }),
);

/** Resolves with the moment at which a frame has been handed over in which the bus on the strip stands elsewhere. */
function changed(on: Page): Promise<number> {
  return on.evaluate(() => {
    const place = () => document.querySelector<HTMLElement>('.strip .bus')?.style.left;
    const before = place();
    return new Promise<number>((resolve) => {
      const look = () => {
        if (place() === before) requestAnimationFrame(look);
        else requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
      };
      look();
    });
  });
}

interface Started {
  readonly pid: number;
  stop(): Promise<void>;
}

async function start(
  name: string,
  at?: { readonly screen: number; readonly feed: number },
): Promise<Started> {
  const dir = join(folder, name);
  await mkdir(dir, { recursive: true });
  const sign = `sign:
  id: stop
  stops: ["${STOP}"]
  extract: ../stop.extract
  screen: { phone: "0533-12345", listen: "127.0.0.1:${at?.screen}" }
  feeds:
    - { id: gps, format: gps-json, datum: wgs84, listen: { at: "127.0.0.1:${at?.feed}" } }
`;
  const site = `site: { id: bench, title: Bench, timezone: Asia/Shanghai, position: { lat: 36.81, lon: 118.05, datum: WGS84 } }
agent: { id: bench-1 }
state: ./state
console: { listen: "127.0.0.1:${await freePort()}" }
node_red: { enabled: false }
${at === undefined ? '' : sign}`;
  await writeFile(join(dir, 'site.yaml'), site);
  const main = join(import.meta.dirname, '..', 'agent', 'main.ts');
  const child = spawn(process.execPath, [main, 'run', '--site', join(dir, 'site.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000);
    });
  }
  await ready(child, () => said);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function ready(child: ChildProcess, said: () => string): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!said().includes('agent.started')) {
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`the agent did not start: ${said()}`);
    }
    await sleep(200);
  }
}

/** CPU in % of one core since the call, and memory (PSS) in MB now. */
function use(pid: number): () => { readonly cpu_percent: number; readonly pss_mb: number } {
  const ticks = () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const [before, at] = [ticks(), performance.now()];
  return () => {
    // 100 ticks a second.
    const share = (ticks() - before) / 100 / ((performance.now() - at) / 1000);
    const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return { cpu_percent: Math.round(share * 1000) / 10, pss_mb: Math.round((Number(pss) * 1024) / 1e6) };
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
