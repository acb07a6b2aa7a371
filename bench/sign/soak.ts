/** The kiosk soak: a real page over a fast street for a long time; what may grow, blink or reload is measured. */
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { program } from '../../tests/support/programs.ts';
import { makeVideo } from './media.ts';
import type { Told } from './serve.ts';

export interface SoakResult {
  readonly minutes: number;
  readonly rate: number;
  /** MB: medians of the second and the last third of the run, after a collection. */
  readonly page_heap_mb: readonly [number, number];
  readonly agent_heap_mb: readonly [number, number];
  readonly agent_rss_mb: readonly [number, number];
  /** Resident memory of all processes of the browser. */
  readonly browser_rss_mb: readonly [number, number];
  readonly dom_nodes: readonly [number, number];
  readonly reloads: number;
  /** Pictures of the playlist that were swapped, and frames seen without any. */
  readonly swaps: number;
  readonly blank_frames: number;
  readonly frames: number;
  /** Screenshots of the playlist's box in which nothing was to be seen, of how many. */
  readonly blank_shots: number;
  readonly shots: number;
  readonly boards: number;
  /** States of the watch over the screen in order: `proven` alone is what it should be. */
  readonly states: readonly string[];
  readonly problems: readonly string[];
  readonly troubles: readonly string[];
}

const SIZE = { width: 1080, height: 1920 };
const SAMPLE = 5000;

/** Runs it. `browserPath`: chromium. */
export async function soak(browserPath: string, minutes: number, rate: number): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await makeMedia(folder);
  const child = fork(join(import.meta.dirname, 'serve.ts'), [folder, String(rate)], {
    execArgv: ['--expose-gc', '--max-semi-space-size=2'],
  });
  stack.defer(async () => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await gone;
  });
  let told: Told | undefined;
  const first = new Promise<Told>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sign's side ended with ${code}`)));
    child.on('message', (message) => {
      told = message as Told;
      resolve(told);
    });
  });
  const { url = '' } = await first;
  const server = await chromium.launchServer({
    executablePath: browserPath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  stack.defer(() => server.close());
  const browser = await chromium.connect(server.wsEndpoint());
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()}`);
  });
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });
  await page.goto(url);
  await page.locator('.line').first().waitFor({ timeout: 60_000 });
  await page.evaluate(watchMedia);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const samples: { page: number; nodes: number; agent: number; rss: number; browser: number }[] = [];
  let shots = 0;
  let blankShots = 0;
  const end = performance.now() + minutes * 60_000;
  const every = Math.max(SAMPLE, (minutes * 60_000) / 120);
  while (performance.now() < end) {
    await sleep(Math.min(every, Math.max(100, end - performance.now())));
    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    samples.push({
      page: metric('JSHeapUsedSize'),
      nodes: metric('Nodes'),
      agent: told?.heap ?? Number.NaN,
      rss: told?.rss ?? Number.NaN,
      browser: residentOf(server.process().pid ?? 0),
    });
    const box = page.locator('.media[data-item]');
    if ((await box.count()) === 1) {
      const png = await box.screenshot({ timeout: 5000 }).catch(() => undefined);
      if (png !== undefined) {
        shots += 1;
        const { channels } = await sharp(png).stats();
        if (channels.slice(0, 3).every(({ stdev }) => stdev < 2)) blankShots += 1;
      }
    }
  }
  const seen = await page.evaluate(
    () => (globalThis as unknown as { media: { swaps: number; blank: number; frames: number } }).media,
  );
  const thirds = (pick: (one: (typeof samples)[number]) => number): readonly [number, number] => {
    const third = Math.floor(samples.length / 3);
    return [median(samples.slice(third, 2 * third).map(pick)), median(samples.slice(2 * third).map(pick))];
  };
  const mb = ([a, b]: readonly [number, number]): readonly [number, number] => [
    round(a / 1e6),
    round(b / 1e6),
  ];
  return {
    minutes,
    rate,
    page_heap_mb: mb(thirds(({ page: heap }) => heap)),
    agent_heap_mb: mb(thirds(({ agent }) => agent)),
    agent_rss_mb: mb(thirds(({ rss }) => rss)),
    browser_rss_mb: mb(thirds(({ browser: rss }) => rss)),
    dom_nodes: thirds(({ nodes }) => nodes),
    reloads: loads - 1,
    swaps: seen.swaps,
    blank_frames: seen.blank,
    frames: seen.frames,
    blank_shots: blankShots,
    shots,
    boards: told?.boards ?? 0,
    states: told?.states ?? [],
    problems: told?.problems ?? [],
    troubles,
  };
}

/** In the page: looks at every frame whether the playlist's box has a picture that can be painted. */
function watchMedia(): void {
  const media = { swaps: 0, blank: 0, frames: 0 };
  (globalThis as unknown as { media: typeof media }).media = media;
  let last: string | undefined;
  let box: Element | null = null;
  const look = () => {
    const now = document.querySelector('.media');
    if (now !== box) {
      box = now;
      last = undefined;
    }
    const item = now instanceof HTMLElement ? now.dataset.item : undefined;
    if (now !== null && item !== undefined) {
      media.frames += 1;
      if (item !== last && last !== undefined) media.swaps += 1;
      last = item;
      const shows = Array.from(now.children).some((one) =>
        one instanceof HTMLVideoElement
          ? // While it begins again its last picture stands.
            one.readyState >= 2 || (one.videoWidth > 0 && one.played.length > 0)
          : one instanceof HTMLImageElement && one.complete && one.naturalWidth > 0,
      );
      if (!shows) media.blank += 1;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function makeMedia(folder: string): Promise<void> {
  const poster = (ground: string, sun: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="700"><rect width="1200" height="700" fill="${ground}"/><circle cx="900" cy="200" r="130" fill="${sun}"/><path d="M0 560 300 360l200 150 260-300 440 350v140H0z" fill="#1f5f7a"/></svg>`;
  for (const [name, ground, sun] of [
    ['1.png', '#12355b', '#ffd36e'],
    ['3.png', '#5b2712', '#ffe9a8'],
  ] as const) {
    await sharp(Buffer.from(poster(ground, sun)))
      .png()
      .toFile(join(folder, name));
  }
  const video = await makeVideo(program('ffmpeg'));
  if (video !== undefined) await writeFile(join(folder, '2.webm'), video);
}

/** Resident bytes of a process and all below it. */
function residentOf(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (one: number): boolean => {
    for (let at: number | undefined = one; at !== undefined && at > 1; at = parents.get(at))
      if (at === pid) return true;
    return false;
  };
  let sum = 0;
  for (const one of parents.keys()) {
    if (!below(one)) continue;
    try {
      // Shared pages count once for all: proportional set size.
      const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1];
      sum += Number(pss ?? 0) * 1024;
    } catch {
      // Ended, or not ours to look at.
    }
  }
  return sum;
}

function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** What a soak must not show; none: it is passed. */
export function faults(result: SoakResult): readonly string[] {
  const found: string[] = [];
  const flat = (name: string, [before, after]: readonly [number, number], share: number, least: number) => {
    if (after > before * (1 + share) + least) found.push(`${name} grows from ${before} to ${after}`);
  };
  flat('heap of the page, MB', result.page_heap_mb, 0.05, 1);
  flat('heap of the agent, MB', result.agent_heap_mb, 0.05, 1);
  flat('nodes of the page', result.dom_nodes, 0.25, 400);
  if (result.reloads > 0) found.push(`${result.reloads} reloads`);
  if (result.blank_frames > 0) found.push(`${result.blank_frames} blank frames`);
  if (result.blank_shots > 0) found.push(`${result.blank_shots} blank pictures`);
  if (result.states.join() !== 'proven')
    found.push(`the watch saw ${result.states.join(', ')}: ${result.problems.join('; ')}`);
  if (result.troubles.length > 0) found.push(...result.troubles.slice(0, 5));
  return found;
}
