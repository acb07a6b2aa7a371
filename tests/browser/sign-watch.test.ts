/** The watch with a real browser, started as the kiosk is: frozen, wrong and closed pages are found and started anew. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, chromium as playwright } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent } from '../../agent/core/log.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { startKiosk } from '../../agent/sign/screen/kiosk.ts';
import { type ScreenState, ScreenWatch } from '../../agent/sign/screen/watch.ts';
import { program } from '../support/programs.ts';
import { boardIn } from '../support/sign-states.ts';
import { openStage } from './support/sign-stage.ts';

const chromium = program('chromium');

describe.runIf(chromium !== undefined)('the kiosk under watch', () => {
  const stack = new AsyncDisposableStack();
  const states: ScreenState[] = [];
  const restarts: string[] = [];
  let watch: ScreenWatch;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kiosk-'));
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const clock = new SystemClock();
    const begun = clock.mono();
    const holder: { watch?: ScreenWatch } = {};
    const stage = stack.use(
      await openStage(
        (run, seq) => {
          const board = boardIn({ name: 'live', change: {} }, ['zh-CN', 'en'], undefined, run, seq);
          const { clock: wall } = board;
          return wall === undefined
            ? board
            : { ...board, clock: { ...wall, wall: wall.wall + clock.mono() - begun } };
        },
        { onPainted: (painted) => holder.watch?.take(painted) ?? [] },
      ),
    );
    const kiosk = stack.use(
      startKiosk({
        config: {
          kind: 'chromium',
          browser: chromium ?? '',
          args: [
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            '--window-size=1080,1920',
            '--remote-debugging-port=0',
          ],
        },
        url: stage.server.kioskUrl,
        folder,
        clock,
        log: silent,
      }),
    );
    watch = stack.use(
      new ScreenWatch({
        showing: stage.showing,
        clock,
        onState: (state) => states.push(state),
        restart: (why) => {
          restarts.push(why);
          kiosk.restart(why);
        },
        pause: 0,
      }),
    );
    holder.watch = watch;
  }, 90_000);
  afterAll(() => stack.disposeAsync(), 30_000);

  async function proven(after: number): Promise<void> {
    await expect
      .poll(() => states.filter((one) => one === 'proven').length, { timeout: 60_000 })
      .toBeGreaterThan(after);
    await expect.poll(() => watch.state, { timeout: 60_000 }).toBe('proven');
  }

  /** Does something to the page of the kiosk, through its debugger. */
  async function harm(what: (page: Page) => Promise<unknown>): Promise<void> {
    const [port = ''] = (await readFile(join(folder, 'profile', 'DevToolsActivePort'), 'utf8')).split('\n');
    const browser = await playwright.connectOverCDP(`http://127.0.0.1:${port}`);
    const page = browser.contexts().flatMap((context) => context.pages())[0];
    if (page === undefined) throw new Error('the kiosk has no page');
    // A page that hangs or goes does not answer.
    await Promise.race([what(page).catch(() => {}), new Promise((resolve) => setTimeout(resolve, 500))]);
    void browser.close().catch(() => {});
  }

  test('comes up and is proven', () => proven(0), 90_000);

  test.each([
    [
      'hangs',
      'frozen',
      (page: Page) =>
        page.evaluate(() => {
          for (;;) if (performance.now() < 0) break;
        }),
    ],
    [
      'shows another time',
      'wrong',
      (page: Page) =>
        page.evaluate(() => {
          const figure = document.querySelector('[data-k="line:L20:0"] .figure');
          if (figure !== null) figure.textContent = '1';
        }),
    ],
    [
      'lies under something',
      'wrong',
      (page: Page) =>
        page.evaluate(() => {
          const cover = document.createElement('div');
          cover.setAttribute('style', '');
          cover.style.cssText = 'position:fixed;inset:0;background:#fff;z-index:99';
          document.body.append(cover);
        }),
    ],
    ['is closed', 'frozen', (page: Page) => page.close()],
    ['shows another address', 'frozen', (page: Page) => page.goto('about:blank')],
  ] as const)(
    'a page that %s is found, told as %s, and started anew',
    async (_what, state, act) => {
      const before = states.filter((one) => one === 'proven').length;
      const tries = restarts.length;
      await harm(act);
      await expect.poll(() => states.slice(-3).includes(state), { timeout: 40_000 }).toBe(true);
      await proven(before);
      expect(restarts.length).toBeGreaterThan(tries);
    },
    120_000,
  );
});
