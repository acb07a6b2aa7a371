/**
 * The whole street in a real browser: simulated devices, camera, city, agent, console and Node-RED as `npm start` brings
 * them up, each over its real port. Left out by name where there is no chromium.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadScenario } from '../../hw-sim/scenario.ts';
import { logIn, type Person } from '../e2e/console-session.ts';
import { program } from '../support/programs.ts';
import { launch, type Watched, watchedPage } from './support/chromium.ts';
import { type Editor, openEditor, statusOf } from './support/editor.ts';
import { changeFlow } from './support/flow-change.ts';
import { type StreetProcess, startStreetProcess } from './support/street-process.ts';

const chromium = program('chromium');
const SCENARIO = join(import.meta.dirname, 'support', 'quiet-street.yaml');
/** The example flow holds the lamp this long in the test instead of a minute, s. */
const HOLD = 3;
/** Longest from a reading of the camera to the flow's command, ms of a busy machine. */
const AT_ONCE = 5000;

interface Commands {
  readonly commands: readonly {
    readonly command: { readonly value: unknown; readonly issuer: string; readonly issued: number };
    readonly result: { readonly state: string; readonly readback?: number };
  }[];
}
interface Points {
  readonly points: readonly {
    readonly device: string;
    readonly point: string;
    readonly value: number | boolean | string | null;
    readonly time: number | null;
  }[];
}

describe.skipIf(chromium === undefined)('the street in chromium', () => {
  const stack = new AsyncDisposableStack();
  let street: StreetProcess;
  let watched: Watched;
  let person: Person;
  let editor: Editor;

  beforeAll(async () => {
    const state = await mkdtemp(join(tmpdir(), 'street-'));
    stack.defer(() => rm(state, { recursive: true, force: true }));
    street = stack.use(await startStreetProcess({ state, port: 18_080, scenario: SCENARIO }));
    const browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
    watched = await watchedPage(browser);
    watched.page.setDefaultTimeout(60_000);
    person = await logIn(await street.another());
  }, 120_000);
  afterAll(() => stack.disposeAsync(), 30_000);

  /** Commands of one issuer since `since` (ms of the agent's clock), oldest first. */
  async function commandsOf(issuer: string, since = 0): Promise<Commands['commands']> {
    const { commands } = await person.get<Commands>('/commands?limit=100');
    return commands
      .filter(({ command }) => command.issuer === issuer && command.issued >= since)
      .sort((a, b) => a.command.issued - b.command.issued);
  }

  test('the printed link logs in, and every device of the street fills with values', async () => {
    const { page } = watched;
    await page.goto(street.link);
    await page.locator('[data-figure=stored]').waitFor();
    const { lines, cameras } = await loadScenario(SCENARIO);
    const devices = [...lines.flatMap((line) => line.devices), ...cameras].map(({ id }) => id);
    expect(devices).toHaveLength(7);
    for (const device of devices) {
      const value = page.locator(`[data-point^="${device}/"] .value`).first();
      await expect.poll(() => value.textContent(), { timeout: 60_000 }).toMatch(/\d/);
    }
  }, 90_000);

  test('the ledger balances with nothing missing and nothing doubled', async () => {
    const { page } = watched;
    const figure = async (name: string) =>
      Number((await page.locator(`[data-figure=${name}]`).textContent())?.replace(/\D/g, ''));
    await page.getByText('Balanced').waitFor();
    await expect.poll(() => figure('acknowledged'), { timeout: 60_000 }).toBeGreaterThan(10_000);
    const before = await figure('stored');
    await expect.poll(() => figure('stored'), { timeout: 60_000 }).toBeGreaterThan(before);
    expect([await figure('missing'), await figure('doubled')]).toEqual([0, 0]);
  }, 90_000);

  test('the camera shows its picture, and boxes when something passes', async () => {
    const canvas = watched.page.locator('.camera canvas');
    await canvas.scrollIntoViewIfNeeded();
    // Sky, houses and road, and no empty canvas.
    const colours = () =>
      canvas.evaluate((element) => {
        if (!(element instanceof HTMLCanvasElement)) return 0;
        const { width, height } = element;
        // A copy: reading the page's own canvas back again and again makes the browser complain.
        const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        copy?.drawImage(element, 0, 0);
        const { data } = copy?.getImageData(0, 0, width, height) ?? { data: [] };
        const seen = new Set<number>();
        for (let i = 0; i < data.length; i += 400)
          seen.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
        return seen.size;
      });
    await expect.poll(colours, { timeout: 60_000 }).toBeGreaterThan(200);
    await expect
      .poll(() => canvas.getAttribute('aria-label'), { timeout: 90_000, interval: 100 })
      .toMatch(/^Street camera: [1-9]\d* found$/);
  }, 120_000);

  test('the slider moves the lamp, and the board reads it back', async () => {
    const { page } = watched;
    await page.locator('.lamp input[type=range]').fill('60');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect
      .poll(async () => (await commandsOf('console:administrator')).at(-1)?.result, { timeout: 30_000 })
      .toMatchObject({ state: 'done', readback: 60 });
    await page.getByRole('link', { name: 'Commands' }).click();
    const row = page.getByRole('row').filter({ hasText: 'board / lamp-level ← 60' }).first();
    await expect.poll(() => row.textContent()).toMatch(/Done.*60/);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('[data-figure=stored]').waitFor();
  }, 60_000);

  test('fits a phone of 360 px', async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator('.plot canvas').waitFor();
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
      .toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1280, height: 900 });
  }, 60_000);

  test('Node-RED opens by a one-time ticket and never sees the console’s cookie', async () => {
    editor = await openEditor(watched.context, watched.page);
    const cookies = await watched.context.cookies(street.console);
    expect(cookies.map(({ name }) => name)).toContain('kerbside_pole-0817');
    expect(editor.cookies.length).toBeGreaterThan(5);
    expect(editor.cookies.filter((cookie) => cookie.includes('kerbside_'))).toEqual([]);
    const again = await fetch(editor.ticket, { redirect: 'manual' });
    expect(again.headers.get('location')).toMatch(/session_message/);
    const { origin } = new URL(editor.ticket);
    expect((await fetch(`${origin}/flows`)).status).toBe(401);
  }, 90_000);

  test('palette and example flow are there, and its nodes show values', async () => {
    const { page, troubles } = editor;
    for (const type of ['kerbside reading', 'kerbside command', 'kerbside alarm', 'kerbside alarm act']) {
      await page.locator(`[data-palette-type="${type}"]`).waitFor();
    }
    await page.getByText('Dim by traffic').first().waitFor();
    for (const node of ['kb-vehicles', 'kb-passed']) {
      await expect.poll(() => statusOf(page, node), { timeout: 60_000 }).toMatch(/^\d+$/);
    }
    expect(troubles).toEqual([]);
  }, 90_000);

  test('without a vehicle the lamp goes down to 30 %, and a vehicle raises it to 100 % at once', async () => {
    await changeFlow(editor.page, 'kb-hold', { duration: `${HOLD}` });
    const since = (await person.get<{ now: number }>('/points')).now;
    // When the camera told of a vehicle, ms of the agent's clock.
    const vehicles = new Set<number>();
    const flow = async () => {
      const { points } = await person.get<Points>('/points');
      for (const { device, point, value, time } of points) {
        if (device !== 'camera-1' || (point !== 'vehicles' && point !== 'vehicles-passed')) continue;
        if (typeof value === 'number' && value > 0 && time !== null) vehicles.add(time);
      }
      return (await commandsOf('flow:node-red', since)).filter(({ result }) => result.state === 'done');
    };
    const raised = async () => {
      const commands = await flow();
      const dimmed = commands.findIndex(({ command }) => command.value === 30);
      return dimmed >= 0 && commands.slice(dimmed).some(({ command }) => command.value === 100);
    };
    await expect.poll(raised, { timeout: 120_000, interval: 250 }).toBe(true);

    const commands = await flow();
    const seen = [...vehicles];
    for (const { command, result } of commands) {
      expect(result.readback).toBe(command.value);
      const last = Math.max(...seen.filter((time) => time <= command.issued));
      // The first two are of the flow's own start: up, and down where nothing came.
      if (command.value === 30) expect(command.issued - last).toBeGreaterThanOrEqual(HOLD * 1000);
      else if (command !== commands[0]?.command) expect(command.issued - last).toBeLessThan(AT_ONCE);
    }
    await expect
      .poll(() => watched.page.locator('.lamp .last').textContent(), { timeout: 60_000 })
      .toContain('flow:node-red');
    await expect
      .poll(() => statusOf(editor.page, 'kb-lamp'), { timeout: 30_000 })
      .toMatch(/^reads (30|100)$/);
    expect(editor.troubles).toEqual([]);
  }, 180_000);

  test('speaks Chinese', async () => {
    const { page } = watched;
    await page.bringToFront();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '每条读数都有交代' }).waitFor();
    await page.getByText('灯杆控制板').first().waitFor();
    await page.getByText('示范街').first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
  }, 60_000);

  test('no script failed and nothing broke the page’s policy', () => {
    // What is asked for before a part is up is answered with 503, and asked for again.
    const wrong = watched.troubles.filter((trouble) => !/\b503\b/.test(trouble));
    expect(wrong).toEqual([]);
  });
});
