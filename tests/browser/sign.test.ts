/**
 * The sign in chromium: every state in three shapes and two languages says what it should, fits, can be read, is proven to be
 * painted; left alone it ages honestly. Left out by name where there is no chromium.
 */
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faceOf } from '../../agent/sign/screen/face.ts';
import { type Romaniser, romaniser } from '../../agent/sign/screen/names.ts';
import { musts, sayings } from '../../agent/sign/screen/sayings.ts';
import { program } from '../support/programs.ts';
import { boardIn, type SignState, STATES } from '../support/sign-states.ts';
import { launch, type Watched, watchedPage } from './support/chromium.ts';
import { look } from './support/sign-look.ts';
import { KEY, LANGUAGES, openStage, SHAPES, type Stage } from './support/sign-stage.ts';

const chromium = program('chromium');
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

describe.runIf(chromium !== undefined)('the sign in chromium', () => {
  const stack = new AsyncDisposableStack();
  let browser: Awaited<ReturnType<typeof launch>>;
  let romanise: Romaniser;
  const stages = new Map<string, Stage>();
  const pages = new Map<string, Watched>();

  beforeAll(async () => {
    romanise = await romaniser();
    browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
    for (const [tag, languages] of Object.entries(LANGUAGES)) {
      const stage = stack.use(
        await openStage((run, seq) => boardIn({ name: 'live', change: {} }, languages, romanise, run, seq)),
      );
      stages.set(tag, stage);
      for (const [shape, [width, height]] of Object.entries(SHAPES)) {
        const watched = stack.use(await watchedPage(browser, { viewport: { width, height } }));
        await watched.page.route('**/media/*', (route) =>
          route.fulfill({ contentType: 'image/png', body: PICTURE }),
        );
        await watched.page.goto(`${stage.server.url}/?key=${KEY}`);
        pages.set(`${shape}-${tag}`, watched);
      }
    }
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  const pageOf = (shape: string, tag: string): Page => {
    const watched = pages.get(`${shape}-${tag}`);
    if (watched === undefined) throw new Error(`no page ${shape}-${tag}`);
    return watched.page;
  };

  /** Shows a state and waits until all pages of the language have drawn it. */
  async function stand(state: SignState, tag: string): Promise<Stage> {
    const stage = stages.get(tag);
    const languages = LANGUAGES[tag];
    if (stage === undefined || languages === undefined) throw new Error(`no stage ${tag}`);
    const seq = await stage.show((run, next) => boardIn(state, languages, romanise, run, next));
    await Promise.all(
      Object.keys(SHAPES).map((shape) =>
        pageOf(shape, tag).waitForFunction(
          (wanted) => Number(document.documentElement.dataset.seq) >= wanted,
          seq,
        ),
      ),
    );
    return stage;
  }

  describe.each(Object.keys(LANGUAGES))('in %s', (tag) => {
    test.each(STATES.map((state) => [state.name, state] as const))(
      '%s fits, can be read, and says what it should',
      async (_name, state) => {
        const stage = await stand(state, tag);
        const { board } = stage.showing.current();
        const face = faceOf(board, 0);
        const should = sayings(face);
        for (const shape of Object.keys(SHAPES)) {
          const { texts, overflow, pale, smallest, times } = await look(pageOf(shape, tag));
          for (const [key, text] of Object.entries(texts))
            expect([shape, key, text]).toEqual([shape, key, should[key]]);
          for (const key of musts(face)) expect([shape, key, key in texts]).toEqual([shape, key, true]);
          expect([shape, overflow]).toEqual([shape, []]);
          expect([shape, pale]).toEqual([shape, []]);
          if (face.cover === undefined) expect(times).toBeGreaterThan(3);
          expect(smallest).toBeGreaterThan(0.008);
        }
      },
    );
  });

  test('nothing went wrong in any page, and each tells what it painted', () => {
    for (const [name, { troubles }] of pages) expect([name, troubles]).toEqual([name, []]);
    for (const [, { painted, showing }] of stages) {
      expect(painted.length).toBeGreaterThan(20);
      expect(painted.every(({ run, visible }) => run === showing.run && visible)).toBe(true);
    }
  });

  test('has no failing of accessibility in any state that differs in kind', async () => {
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    await using watched = await watchedPage(browser, {
      viewport: { width: 1080, height: 1920 },
      bypassCSP: true,
    });
    const stage = stages.get('zh');
    if (stage === undefined) throw new Error('no stage');
    await watched.page.goto(stage.server.url);
    await watched.page.route('**/media/*', (route) =>
      route.fulfill({ contentType: 'image/png', body: PICTURE }),
    );
    await watched.page.addScriptTag({ path: axe });
    for (const name of ['live', 'alerts', 'night', 'takeover', 'fault', 'playlist']) {
      const state = STATES.find((one) => one.name === name);
      if (state === undefined) throw new Error(`no state ${name}`);
      const seq = await stage.show((run, next) => boardIn(state, ['zh-CN', 'en'], romanise, run, next));
      await watched.page.waitForFunction(
        (wanted) => Number(document.documentElement.dataset.seq) >= wanted,
        seq,
      );
      const failings = await watched.page.evaluate(async () => {
        const { axe: found } = globalThis as unknown as {
          axe: {
            run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
          };
        };
        // A kiosk is not zoomed by riders: its type is sized for the distance.
        const { violations } = await found.run({ rules: { 'meta-viewport': { enabled: false } } });
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
      });
      expect([name, failings]).toEqual([name, []]);
    }
  });

  test('each row has a sentence for ears', async () => {
    await stand({ name: 'live', change: {} }, 'zh');
    const said = await pageOf('tall', 'zh')
      .locator('.ask')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    expect(said[0]).toBe('7路，开往火车东站，3分钟后到');
    await stand({ name: 'live', change: {} }, 'en');
    const english = pageOf('tall', 'en').getByRole('button', {
      name: 'Line 7 to East Railway Station, in 3 minutes',
    });
    expect(await english.count()).toBe(1);
  });

  test('a row that is tapped says why, and closes', async () => {
    await stand({ name: 'live', change: {} }, 'en');
    const page = pageOf('wide', 'en');
    await page.locator('[data-line=L7] .ask').click();
    const why = page.getByRole('dialog');
    await why.getByText('Right here so far').first().waitFor();
    expect(await why.textContent()).toContain('gps (position) 70 %');
    expect(await why.textContent()).toContain('88 %');
    await why.getByRole('button').click();
    await why.waitFor({ state: 'detached' });
  });

  test('left alone, rows age to the timetable and then to who to call, and come back', async () => {
    const stage = stages.get('zh');
    if (stage === undefined) throw new Error('no stage');
    await stand({ name: 'live', change: {} }, 'zh');
    await using watched = await watchedPage(browser, { viewport: { width: 1080, height: 1920 } });
    const { page, context } = watched;
    await page.clock.install();
    await page.goto(stage.server.url);
    const state = () => page.locator('[data-line=L7] .time.big').getAttribute('data-state');
    await page.clock.runFor(2000);
    expect(await state()).toBe('live');
    await page.route('**/events', (route) => route.abort());
    await context.setOffline(true);
    // What came before the line was cut is let in.
    const after = async (ms: number) => {
      await page.clock.fastForward(ms);
      await page.clock.runFor(1000);
    };
    await after(60_000);
    expect(await state()).toBe('about');
    expect(await page.locator('.notice[data-kind=fault]').textContent()).toContain('站牌连接中断');
    await after(60_000);
    expect(await state()).toBe('stops');
    expect(await page.locator('[data-state=live], [data-state=about]').count()).toBe(0);
    await after(8 * 60_000);
    expect(await page.locator('[data-state=live], [data-state=about], [data-state=stops]').count()).toBe(0);
    await after(110 * 60_000);
    expect(await page.locator('.cover[data-kind=fault]').textContent()).toContain('0533-12345');
    expect(await page.locator('[data-k=device]').textContent()).toBe('ZB-0817');
    await context.setOffline(false);
    await page.unroute('**/events');
    await expect
      .poll(
        async () => {
          await page.clock.runFor(1500);
          return page.locator('[data-line=L7] .time.big[data-state=live]').count();
        },
        { timeout: 15_000 },
      )
      .toBe(1);
  });

  test('clocks pass midnight and the end of summer by themselves', async () => {
    const stage = stages.get('zh');
    if (stage === undefined) throw new Error('no stage');
    for (const [name, before, after] of [
      ['midnight', '23:58', '00:00'],
      ['dst-night', '02:58', '02:00'],
    ] as const) {
      const state = STATES.find((one) => one.name === name);
      if (state === undefined) throw new Error(`no state ${name}`);
      await stand(state, 'zh');
      await using watched = await watchedPage(browser, { viewport: { width: 1920, height: 540 } });
      const { page } = watched;
      await page.clock.install();
      await page.goto(stage.server.url);
      await page.clock.runFor(2000);
      expect(await page.locator('[data-k=time]').textContent()).toBe(before);
      await page.route('**/events', (route) => route.abort());
      await page.clock.fastForward(100_000);
      await page.clock.runFor(1000);
      expect(await page.locator('[data-k=time]').textContent()).toBe(after);
    }
  });

  test('nothing flashes: an unchanged board paints nothing anew', async () => {
    await stand({ name: 'live', change: {} }, 'zh');
    const changes = await pageOf('tall', 'zh').evaluate(async () => {
      let count = 0;
      const observer = new MutationObserver((records) => {
        count += records.filter(({ target }) => target !== document.documentElement).length;
      });
      observer.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const moving = document.getAnimations().filter(({ playState }) => playState === 'running').length;
      return { count, moving };
    });
    expect(changes).toEqual({ count: 0, moving: 0 });
  });
});
