/**
 * The street you can break, as a visitor has it: `npm start`, the page in a real browser, the tour of three minutes, and
 * every thing that can be broken: broken, noticed, explained, undone, the ledger balanced. Left out by name where there is
 * no chromium. With KERBSIDE_PICTURES=1 it writes the stills of docs/tour.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BREAKABLES } from '../../hw-sim/show/breakables.ts';
import { events } from '../../hw-sim/show/event-stream.ts';
import type { Scene, ShownBroken } from '../../hw-sim/show/scene.ts';
import { STATIONS } from '../../hw-sim/show/tour.ts';
import { program } from '../support/programs.ts';
import { launch, type Watched, watchedPage } from './support/chromium.ts';
import { type StreetProcess, startStreetProcess } from './support/street-process.ts';

const chromium = program('chromium');
const PICTURES = join(import.meta.dirname, '..', '..', 'docs', 'tour');
/** What is promised on a quiet machine (seconds), and how much longer a busy one may take here. */
const PROMISED = { link: 5, value: 10, vehicle: 20, replay: 60 };
const BUSY = 8;
/** Longest that something may take to be noticed, or to be well again, ms. */
const LONGEST = 120_000;

describe.skipIf(chromium === undefined)('the street you can break', () => {
  const stack = new AsyncDisposableStack();
  let state: string;
  let street: StreetProcess;
  let watched: Watched;
  let scene: Scene;
  /** The latest of each thing: what is over for a while is no longer told of. */
  const seen = new Map<string, ShownBroken>();
  const took: Record<string, number> = {};
  const begun = performance.now();
  const since = (from: number): number => Math.round((performance.now() - from) / 100) / 10;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'show-'));
    stack.defer(() => rm(state, { recursive: true, force: true }));
    street = await startStreetProcess({ state, port: 18_300, scenario: 'evening' });
    stack.defer(() => street[Symbol.asyncDispose]());
    took.link = since(begun);
    const follow = new AbortController();
    stack.defer(() => follow.abort());
    void (async () => {
      for await (const frame of frames(street, follow.signal)) {
        scene = frame;
        for (const one of frame.broken) seen.set(one.id, one);
      }
    })().catch(() => undefined);
    const browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
    watched = await watchedPage(browser, { viewport: { width: 1280, height: 800 } });
    await watched.page.goto(street.street);
  }, 120_000);
  afterAll(() => stack.disposeAsync(), 30_000);

  const until = (holds: () => boolean, what: string): Promise<void> =>
    expect.poll(holds, { timeout: LONGEST, interval: 100, message: what }).toBe(true);
  const figure = async (name: string): Promise<number> =>
    Number((await watched.page.locator(`[data-figure=${name}]`).textContent())?.replace(/\D/g, ''));
  const still = async (name: string): Promise<void> => {
    if (process.env.KERBSIDE_PICTURES !== '1') return;
    await mkdir(PICTURES, { recursive: true });
    const picture = await watched.page.screenshot();
    await sharp(picture)
      .png({ palette: true, colours: 48 })
      .toFile(join(PICTURES, `${name}.png`));
  };
  const post = (path: string) => fetch(`${street.street}/${path}`, { method: 'POST' });
  const broken = (id: string): ShownBroken | undefined => seen.get(id);

  test('shows live values and the first vehicle soon after the start', async () => {
    await until(() => scene?.agent.up && scene.lamp.watts !== null, 'a first value');
    took.value = since(begun);
    await until(() => scene.camera.passed > 0, 'a first vehicle');
    took.vehicle = since(begun);
    await expect.poll(() => figure('stored'), { timeout: LONGEST }).toBeGreaterThan(1000);
    await expect
      .poll(() => watched.page.locator('#rows .row').count(), { timeout: LONGEST })
      .toBeGreaterThan(2);
    await until(
      () => Object.values(scene.devices).filter((one) => one.state === 'ok').length >= 7,
      'all devices',
    );
    expect(took.link).toBeLessThan(PROMISED.link * BUSY);
    expect(took.value).toBeLessThan(PROMISED.value * BUSY);
    expect(took.vehicle).toBeLessThan(PROMISED.vehicle * BUSY);
  }, 200_000);

  test('the tour keeps every promise before one’s eyes', async () => {
    const { page } = watched;
    await page.locator('#tour').click();
    const stations = new Map<string, Scene>();
    let cut = 0;
    for (const { id } of STATIONS) {
      await until(() => scene.tour?.station === id, `the station ${id}`);
      expect(scene.tour?.failed).toBeNull();
      if (id === 'city-back') cut = performance.now();
      // What a station does has been noticed when its picture is taken.
      if (['cable', 'city', 'kill', 'sos'].includes(id)) {
        await until(() => typeof broken(id)?.noticedAfter === 'number', `${id} noticed`);
      }
      stations.set(id, scene);
      await still(id);
      if (id === 'city-back') {
        await until(() => typeof broken('city')?.healedAfter === 'number', 'the city is back');
        took.replay = since(cut);
      }
      if (id === 'kill') await until(() => scene.agent.up && scene.agent.starts > 1, 'the agent is back');
    }
    await until(() => scene.ledger.missing === 0 && scene.ledger.backlog < 500, 'a balanced ledger');
    const at = (id: string) => stations.get(id);
    expect(at('cable')?.devices['meter-feeder']?.state).toBe('degraded');
    expect(at('cable')?.devices.station?.state).toBe('ok');
    expect(at('cable-back')?.devices.station?.readings).toBeGreaterThan(
      at('cable')?.devices.station?.readings ?? 0,
    );
    expect(at('city-back')?.ledger.backlog).toBeGreaterThan(at('city')?.ledger.backlog ?? 0);
    expect(at('sos')?.alarms.map(({ en }) => en)).toContain('Call for help');
    expect([await figure('missing'), await figure('doubled')]).toEqual([0, 0]);
    expect(took.replay).toBeLessThan(PROMISED.replay * BUSY);
    process.stdout.write(`the show: ${JSON.stringify(took)}\n`);
  }, 600_000);

  /** Breaks these at once, waits until the agent has noticed and explained each, undoes them, waits until all is well. */
  async function breakAndMend(ids: readonly string[]): Promise<void> {
    for (const id of ids) seen.delete(id);
    for (const id of ids) {
      const answer = await post(`things/${id}/strike`);
      expect(answer.ok, `${id}: ${answer.ok ? '' : await answer.text()}`).toBe(true);
    }
    for (const id of ids) await until(() => typeof broken(id)?.noticedAfter === 'number', `${id} noticed`);
    for (const id of ids) expect(broken(id)?.says).toMatch(/\w/);
    for (const id of ids) {
      const answer = await post(`things/${id}/undo`);
      expect(answer.ok, `${id}: ${answer.ok ? '' : await answer.text()}`).toBe(true);
    }
    // What is over for a while is no longer listed.
    for (const id of ids) await until(() => typeof broken(id)?.healedAfter === 'number', `${id} healed`);
    await until(
      () => scene.ledger.missing === 0 && scene.ledger.doubled === 0,
      `the ledger after ${ids.join(', ')}`,
    );
  }

  // By what they have to do with each other: those of one group do not hide one another.
  const GROUPS = [
    ['lamp', 'flood', 'cover', 'hostile', 'loop'],
    ['wires', 'fog'],
    ['disk'],
    ['clock'],
    ['cable', 'sos', 'dim'],
    ['city'],
    ['kill'],
  ];
  test('everything that can be broken is in one of the groups', () => {
    expect(GROUPS.flat().toSorted()).toEqual(BREAKABLES.map(({ id }) => id).toSorted());
  });
  test.each(GROUPS)(
    'broken, noticed, explained, undone: %s %s %s %s %s',
    async (...ids) => {
      await breakAndMend(ids.filter((id) => id !== undefined));
    },
    300_000,
  );

  test('works with the keyboard, in Chinese, and fits a phone', async () => {
    const { page } = watched;
    await page.locator('#language').click();
    await page.getByRole('heading', { name: '一条可以弄坏的街' }).waitFor();
    await page.locator('[data-thing=flood] button').focus();
    await page.keyboard.press('Enter');
    await until(() => scene.hands.flooded, 'the water rises');
    await page.locator('[data-thing=flood] button[aria-pressed=true]').waitFor();
    await page.keyboard.press('Enter');
    await until(() => !scene.hands.flooded, 'the water falls');
    await page.setViewportSize({ width: 360, height: 740 });
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
      .toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(watched.troubles).toEqual([]);
  }, 60_000);

  test('pages of other origins are refused', async () => {
    const strange = await fetch(`${street.street}/things/kill/strike`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    });
    expect(strange.status).toBe(403);
    expect((await post('things/moon/strike')).status).toBe(409);
  });

  test('a stop leaves no process, and a second start goes on where the first ended', async () => {
    const { stored } = scene.ledger;
    await street[Symbol.asyncDispose]();
    expect(processesWith(state)).toEqual([]);
    street = await startStreetProcess({ state, port: 18_300, scenario: 'evening' });
    for await (const frame of frames(street)) {
      scene = frame;
      if (scene.ledger.stored > 0) break;
    }
    expect(scene.ledger.stored).toBeGreaterThanOrEqual(stored);
  }, 120_000);
});

/** What the page is told, frame by frame, until the street ends. */
async function* frames({ street }: StreetProcess, signal?: AbortSignal): AsyncGenerator<Scene> {
  const { body } = await fetch(`${street}/live`, signal === undefined ? {} : { signal });
  if (body !== null) for await (const { data } of events(body)) yield JSON.parse(data);
}

/** Command lines of running processes that name a folder. */
function processesWith(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(folder));
}
