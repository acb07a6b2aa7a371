/** The phone page in a real browser, on a small phone, without script, and by the rules of WCAG. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent } from '../../agent/core/log.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { type PhoneServer, startPhoneServer } from '../../agent/sign/phone/server.ts';
import { type Face, faceOf } from '../../agent/sign/screen/face.ts';
import { program } from '../support/programs.ts';
import { boardIn, STATES } from '../support/sign-states.ts';
import { launch, watchedPage } from './support/chromium.ts';

const chromium = program('chromium');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.runIf(chromium !== undefined)('the phone page in chromium', () => {
  const stack = new AsyncDisposableStack();
  let browser: Awaited<ReturnType<typeof launch>>;
  let server: PhoneServer;
  let face: Face;
  const show = (name: string) => {
    const state = STATES.find((one) => one.name === name);
    if (state === undefined) throw new Error(name);
    face = faceOf(boardIn(state, ['zh-CN', 'en'], undefined), 0);
  };

  beforeAll(async () => {
    show('live');
    browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
    server = stack.use(
      await startPhoneServer({
        listen: { host: '127.0.0.1', port: 0 },
        face: () => face,
        spoken: () => [{ time: '08:30', text: '7路，开往火车东站，即将进站' }],
        clock: new SystemClock(),
        log: silent,
      }),
    );
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  test.each(['live', 'takeover', 'no-data', 'long-names'])(
    '%s: reads without script, fits a small phone, breaks no rule',
    async (name) => {
      show(name);
      for (const [language, colorScheme] of [
        ['zh-CN', 'light'],
        ['en', 'dark'],
      ] as const) {
        await using watched = await watchedPage(browser, {
          viewport: { width: 320, height: 640 },
          locale: language,
          colorScheme,
          bypassCSP: true,
        });
        const { page, troubles } = watched;
        // Browsers ask for an icon by themselves; there is none.
        await page.route('**/favicon.ico', (route) => route.abort());
        await page.goto(server.url);
        expect(await page.locator('html').getAttribute('lang')).toBe(language);
        expect(await page.locator('script').count()).toBe(0);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wide).toBeLessThanOrEqual(0);
        await page.addScriptTag({ path: AXE });
        const found = await page.evaluate(async () => {
          const { axe } = window as unknown as {
            axe: {
              run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
            };
          };
          // The page asks again by itself every 20 s, which axe calls a fault; it has no script to do it otherwise.
          const { violations } = await axe.run({ rules: { 'meta-refresh': { enabled: false } } });
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        });
        expect(found).toEqual([]);
        expect(troubles.filter((one) => !one.includes('ERR_FAILED'))).toEqual([]);
      }
    },
  );
});
