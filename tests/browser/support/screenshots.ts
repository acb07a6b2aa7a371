/**
 * Takes the pictures of docs/screenshots from the real street: `node tests/browser/support/screenshots.ts [name…]`, all of
 * them without names. Needs chromium; takes about three minutes.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { program } from '../../support/programs.ts';
import { launch, watchedPage } from './chromium.ts';
import { openEditor, statusOf } from './editor.ts';
import { startStreetProcess } from './street-process.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'screenshots');
const SCENARIO = join(import.meta.dirname, 'rush-hour.yaml');
/** Life of the street before the first picture: small curves and the camera have something to show, ms. */
const RUN_UP = 60_000;
/** Longest wait for a moment with enough in the camera's picture, ms. */
const LONGEST_WAIT = 120_000;
/** Boxes that make such a moment. */
const ENOUGH = { vehicles: 2, faces: 1 };
const MOST_BYTES = 400_000;

const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
await using stack = new AsyncDisposableStack();
const state = await mkdtemp(join(tmpdir(), 'screenshots-'));
stack.defer(() => rm(state, { recursive: true, force: true }));
const street = stack.use(await startStreetProcess({ state, port: 8080, scenario: SCENARIO }));
const browser = await launch(chromium);
stack.defer(() => browser.close());
await new Promise((resolve) => setTimeout(resolve, RUN_UP));

const pictures: Readonly<Record<string, () => Promise<void>>> = {
  overview: () => overview('overview', {}),
  'overview-dark': () => overview('overview-dark', { colorScheme: 'dark' }),
  'overview-zh': () => overview('overview-zh', { locale: 'zh-CN' }),
  phone: () =>
    overview('phone', { viewport: { width: 360, height: 1640 }, deviceScaleFactor: 2, isMobile: true }),
  'console-light': () => still('console-light', '/light', { viewport: { width: 1280, height: 640 } }),
  'console-device': () =>
    still('console-device', '/devices/meter-feeder', {
      viewport: { width: 1280, height: 900 },
      colorScheme: 'dark',
    }),
  'node-red': nodeRed,
};
const asked = process.argv.slice(2);
for (const [name, take] of Object.entries(pictures))
  if (asked.length === 0 || asked.includes(name)) await take();

async function overview(name: string, options: BrowserContextOptions): Promise<void> {
  await using watched = await watchedPage(browser, { viewport: { width: 1280, height: 1330 }, ...options });
  const { page } = watched;
  await page.goto(await street.another());
  await page.locator('.plot canvas').waitFor();
  await page.locator('.camera').scrollIntoViewIfNeeded();
  await busyMoment(page);
  await page.evaluate(() => scrollTo(0, 0));
  await save(name, await page.screenshot());
}

/** A page that needs no moment of its own. */
async function still(name: string, path: string, options: BrowserContextOptions): Promise<void> {
  await using watched = await watchedPage(browser, options);
  const { page } = watched;
  await page.goto(await street.another());
  await page.locator('[data-figure=stored]').waitFor();
  await page.goto(new URL(path, page.url()).href);
  await page.locator('main .plot canvas, main .night').first().waitFor();
  await save(name, await page.screenshot());
}

/**
 * Waits until the camera shows much at once and the figures below it, which are some seconds older, say the same; less is
 * good enough after a while.
 */
async function busyMoment(page: Page): Promise<void> {
  const end = performance.now() + LONGEST_WAIT;
  for (;;) {
    const frame = await page.waitForResponse(
      (response) => response.url().endsWith('/frame') && response.ok(),
    );
    const { detections }: { detections: readonly { class: string }[] } = JSON.parse(
      (await frame.headerValue('x-kerbside-detections')) ?? '{"detections":[]}',
    );
    const faces = detections.filter((one) => one.class === 'face').length;
    const vehicles = detections.length - faces;
    const told = await page.locator('.camera .counts').innerText();
    const figure = (words: RegExp) => Number(words.exec(told)?.[1] ?? Number.NaN);
    const counted = figure(/(?:Vehicles in sight|画面内车辆数)\s+(\d+)/);
    if (vehicles >= ENOUGH.vehicles && faces >= ENOUGH.faces && counted === vehicles) return;
    if (performance.now() > end && vehicles > 0 && counted > 0) return;
  }
}

async function nodeRed(): Promise<void> {
  await using watched = await watchedPage(browser, { viewport: { width: 1280, height: 900 } });
  await watched.page.goto(await street.another());
  await watched.page.locator('[data-figure=stored]').waitFor();
  const { page } = await openEditor(watched.context, watched.page);
  await page.setViewportSize({ width: 1280, height: 640 });
  for (const node of ['kb-vehicles', 'kb-passed', 'kb-lamp']) {
    while ((await statusOf(page, node)) === '') await page.waitForTimeout(200);
  }
  await save('node-red', await page.screenshot());
}

/** As a palette PNG, which is sharp and small for pages. */
async function save(name: string, png: Uint8Array): Promise<void> {
  const file = join(FOLDER, `${name}.png`);
  await sharp(png).png({ palette: true, colours: 256, dither: 0.6, effort: 10 }).toFile(file);
  const { size } = await stat(file);
  console.log(`${name}.png  ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name}.png is larger than ${MOST_BYTES / 1000} kB`);
}
