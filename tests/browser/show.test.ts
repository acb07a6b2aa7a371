/**
 * The street you can break, as a visitor has it: `npm start`, the page in a real browser, the tour of three minutes, every
 * link of every thing, and everything that can be broken: broken, noticed, explained, undone, the ledger balanced. What the
 * tour does not touch happens beside it. Left out by name where there is no chromium. With KERBSIDE_PICTURES=1 it writes
 * the stills of docs/tour.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BREAKABLES } from '../../hw-sim/show/breakables.ts';
import type { Scene } from '../../hw-sim/show/scene.ts';
import { THINGS } from '../../hw-sim/show/things.ts';
import { STATIONS } from '../../hw-sim/show/tour.ts';
import { program } from '../support/programs.ts';
import { axeFinds } from './support/axe.ts';
import { watchedPage } from './support/chromium.ts';
import { follow } from './support/show-pages.ts';
import { ShowVisit, secondsSince, VIEWPORT } from './support/show-visit.ts';

const chromium = program('chromium');
/** What is promised on a quiet machine (seconds), and how much longer a busy one may take here. */
const PROMISED = { link: 5, value: 10, vehicle: 20, replay: 60 };
const BUSY = 8;

/** Stops Node-RED, in which the tour changes a flow: before it. */
const BEFORE = 'loop';
/** What the tour breaks by itself. */
const TOUR = ['cable', 'city', 'kill', 'sos', 'dim'];
/** Stations of which docs/tour.md shows a still. */
const STILLS = ['cable', 'city', 'kill', 'sos'];
/** What is broken beside it, from a station on: one behind another, several such rows at once. */
const BESIDE: readonly (readonly [station: string, ids: readonly string[]])[] = [
  ['dusk', ['flood']],
  ['dusk', ['cover', 'fog']],
  ['dusk', ['hostile', 'disk']],
  ['city', ['wires']],
  // A minute of watts that are not there; the kill may begin it anew.
  ['cable', ['lamp']],
];
/** What the agent has to be started anew for. */
const AFTER = ['clock'];

describe.skipIf(chromium === undefined)('the street you can break', () => {
  let visit: ShowVisit;
  const took: Record<string, number | object> = {};

  beforeAll(async () => {
    visit = await ShowVisit.begin(chromium ?? '');
    took.link = visit.link;
  }, 120_000);
  afterAll(() => visit?.[Symbol.asyncDispose](), 30_000);

  test('shows live values and the first vehicle soon after the start', async () => {
    await visit.until(() => visit.scene?.agent.up && visit.scene.lamp.watts !== null, 'a first value');
    const value = visit.age;
    await visit.until(() => visit.scene.camera.passed > 0, 'a first vehicle');
    const vehicle = visit.age;
    await visit.until(() => visit.scene.ledger.stored > 1000, 'a thousand records');
    expect(await visit.figure('stored')).toBeGreaterThan(1000);
    await visit.watched.page.locator('#rows text').nth(8).waitFor({ timeout: 120_000 });
    await visit.until(
      () => Object.values(visit.scene.devices).filter((one) => one.state === 'ok').length >= 7,
      'all devices',
    );
    Object.assign(took, { value, vehicle });
    expect(visit.link).toBeLessThan(PROMISED.link * BUSY);
    expect(value).toBeLessThan(PROMISED.value * BUSY);
    expect(vehicle).toBeLessThan(PROMISED.vehicle * BUSY);
  }, 200_000);

  test(`broken, noticed, explained, undone: ${BEFORE}`, async () => {
    took[BEFORE] = await visit.breakAndMend(BEFORE);
  }, 300_000);

  test('the boxes of the agent lie over the picture of their own moment', async () => {
    const { page } = visit.watched;
    const inset = page.locator('#inset');
    await inset.locator('rect.box:not(.face)').first().waitFor({ timeout: 120_000 });
    const { shown, boxes } = await inset.evaluate((element) => ({
      shown: Number((element as HTMLElement).dataset.time),
      boxes: [...element.querySelectorAll('rect.box')].map((box) =>
        ['x', 'y', 'width', 'height'].map((name) => Number(box.getAttribute(name))),
      ),
    }));
    expect(Math.abs(shown - visit.scene.now)).toBeLessThan(20_000);
    for (const [x = -1, y = -1, width = -1, height = -1] of boxes) {
      expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1.001);
    }
    expect(await page.locator('#picture').evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(
      1280,
    );
  }, 150_000);

  test('everything that can be broken is broken once', () => {
    const all = [BEFORE, ...TOUR, ...BESIDE.flatMap(([, ids]) => ids), ...AFTER];
    expect(all.toSorted()).toEqual(BREAKABLES.map(({ id }) => id).toSorted());
  });

  test('every link opens a page that shows its thing, and the tour keeps every promise before one’s eyes', async () => {
    const { page } = visit.watched;
    await using links = await watchedPage(visit.browser);
    const walk = (async () => {
      const begun = performance.now();
      for (const thing of THINGS)
        for (const one of thing.pages) await follow(links.context, visit.street.street, thing, one);
      took.links = secondsSince(begun);
    })();
    const mend = async (ids: readonly string[]): Promise<void> => {
      for (const id of ids) took[id] = await visit.breakAndMend(id);
    };
    const beside: Promise<void>[] = [];
    const alongside = (one: Promise<void>): void => {
      // Told at the end, and not before the tour has been followed.
      one.catch(() => undefined);
      beside.push(one);
    };
    alongside(walk);
    await page.locator('#tour').click();
    await visit.until(() => visit.scene.tour !== undefined, 'the tour');
    const stations = new Map<string, Scene>();
    let cut = 0;
    // On a busy machine a station may have been left already, and the tour with it.
    const place = (): number => {
      const { tour } = visit.scene;
      return tour === undefined ? STATIONS.length : STATIONS.findIndex(({ id }) => id === tour.station);
    };
    for (const [i, { id }] of STATIONS.entries()) {
      await visit.until(() => place() >= i, `the station ${id}`);
      expect(visit.scene.tour?.failed ?? null).toBeNull();
      if (id === 'city-back') cut = performance.now();
      for (const [station, ids] of BESIDE) if (station === id) alongside(mend(ids));
      // What a station does has been noticed when its picture is taken.
      if (TOUR.includes(id)) await visit.noticed(id);
      stations.set(id, visit.scene);
      if (STILLS.includes(id)) await visit.still(id);
      if (id === 'city-back') {
        await visit.healed('city');
        took.replay = secondsSince(cut);
      }
      if (id === 'kill')
        await visit.until(() => visit.scene.agent.up && visit.scene.agent.starts > 1, 'the agent is back');
    }
    await Promise.all(beside);
    for (const id of TOUR) {
      await visit.healed(id);
      expect(visit.broken(id)?.says).toMatch(/\w/);
    }
    await visit.until(
      () => visit.scene.ledger.missing === 0 && visit.scene.ledger.backlog < 500,
      'a balanced ledger',
    );
    const at = (id: string) => stations.get(id);
    // Nobody told it to: the sun has set.
    expect(at('cable')?.lamp.level).toBeGreaterThan(90);
    expect(at('cable')?.sun).toBeLessThan(-2);
    expect(at('cable')?.rate).toBe(1);
    expect(at('cable')?.devices['meter-feeder']?.state).toBe('degraded');
    expect(at('cable')?.devices.station?.state).toBe('ok');
    expect(at('cable-back')?.devices.station?.readings).toBeGreaterThan(
      at('cable')?.devices.station?.readings ?? 0,
    );
    expect(at('city-back')?.ledger.backlog).toBeGreaterThan(at('city')?.ledger.backlog ?? 0);
    expect(at('sos')?.alarms.map(({ en }) => en)).toContain('Call for help');
    expect([await visit.figure('missing'), await visit.figure('doubled')]).toEqual([0, 0]);
    expect(took.replay).toBeLessThan(PROMISED.replay * BUSY);
    process.stdout.write(`the show: ${JSON.stringify(took)}\n`);
  }, 900_000);

  test('a card opens by mouse, finger and keyboard, in both languages, on a phone and a projector', async () => {
    const { page } = visit.watched;
    await page.locator('#language').click();
    await page.getByRole('heading', { name: '一条可以弄坏的街' }).waitFor();
    const label = page.locator('.label[data-thing=meter]');
    await label.focus();
    await page.keyboard.press('Enter');
    const card = page.getByRole('dialog', { name: '进线电表' });
    await card.getByText(/\d+ W$/).waitFor();
    // The first link has the focus; behind the last stands what can be broken here.
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('A');
    expect(await axeFinds(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'hidden' });
    expect(await label.evaluate((element) => document.activeElement === element)).toBe(true);
    await page.locator('#things [data-break=flood]').focus();
    await page.keyboard.press('Enter');
    await visit.until(() => visit.scene.hands.flooded, 'the water rises');
    await page.locator('#things [data-break=flood][aria-pressed=true]').waitFor();
    await page.keyboard.press('Enter');
    await visit.until(() => !visit.scene.hands.flooded, 'the water falls');
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 1920, height: 1080 },
    ]) {
      await page.setViewportSize(viewport);
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
        .toBeLessThanOrEqual(0);
      expect([viewport.width, await tooSmall(page)]).toEqual([viewport.width, []]);
      expect([viewport.width, await overlapping(page)]).toEqual([viewport.width, []]);
      expect([viewport.width, await axeFinds(page)]).toEqual([viewport.width, []]);
    }
    await page.setViewportSize(VIEWPORT);
    await page.locator('.label[data-thing=sos]').click();
    await page.locator('.card .acts [data-break=sos]').waitFor();
    await page.keyboard.press('Escape');
    expect(visit.watched.troubles).toEqual([]);
  }, 120_000);

  test('where less motion is wanted nothing runs along the wires, and the street is drawn all the same', async () => {
    await using quiet = await watchedPage(visit.browser, { reducedMotion: 'reduce' });
    await quiet.page.goto(visit.street.street);
    await quiet.page.locator('body[data-live=yes]').waitFor({ timeout: 60_000 });
    expect(await quiet.page.locator('#ring').evaluate((ring) => getComputedStyle(ring).animationName)).toBe(
      'none',
    );
    await quiet.page.locator('#rows text').first().waitFor({ timeout: 60_000 });
    expect(quiet.troubles).toEqual([]);
  }, 90_000);

  test.each(AFTER)(
    'broken, noticed, explained, undone: %s',
    async (id) => {
      await visit.breakAndMend(id);
    },
    300_000,
  );

  test('pages of other origins are refused', async () => {
    const strange = await fetch(`${visit.street.street}/things/kill/strike`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    });
    expect(strange.status).toBe(403);
    expect((await visit.post('things/moon/strike')).status).toBe(409);
    expect((await fetch(`${visit.street.street}/to/moon/page`)).status).toBe(404);
  });

  test('a stop leaves no process, and a second start goes on where the first ended', async () => {
    const { stored } = visit.scene.ledger;
    await visit.street[Symbol.asyncDispose]();
    expect(processesWith(visit.state)).toEqual([]);
    expect((await visit.startAgain()).ledger.stored).toBeGreaterThanOrEqual(stored);
  }, 120_000);
});

type Page = ShowVisit['watched']['page'];

/** What can be pressed and is less than 44 px wide or high. */
function tooSmall(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('button, header a')].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      return element.checkVisibility() && Math.min(width, height) < 43.5
        ? [`${element.textContent} ${width}×${height}`]
        : [];
    }),
  );
}

/** Names in the drawing that lie over one another, or over the camera's picture. */
function overlapping(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll<HTMLElement>('.label, .inset')].map((element) => ({
      name: element.dataset.thing ?? element.id,
      at: element.getBoundingClientRect(),
    }));
    return boxes.flatMap(({ name, at: one }, i) =>
      boxes
        .slice(i + 1)
        .filter(
          ({ at: other }) =>
            Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
            Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1,
        )
        .map((other) => `${name} over ${other.name}`),
    );
  });
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
