/** All pages of the console in both languages, day and night, on a phone and on a desk; what a technician does on the new ones. */
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_PATHS } from '../../agent/console/routes.ts';
import type { Console } from '../../agent/console/server.ts';
import { good } from '../../agent/core/reading.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { AgentData } from '../support/agent-data.ts';
import { program } from '../support/programs.ts';
import { type Watched, watchedPage } from './support/chromium.ts';
import { type Browser, openBrowser, openConsole } from './support/console.ts';
import { furnish } from './support/furnished-street.ts';
import { moveStreet } from './support/moving-street.ts';

const chromium = program('chromium');

/** Every address of the router once; the service link's page is for units that have one. */
/** Ids in addresses that name one of many on their page. */
const NAMED: Readonly<Record<string, string>> = {
  line: 'rs485-1',
  uplink: 'city',
  lamp: 'lamp-1',
  camera: 'camera-1',
  alarm: 'door',
};
const PATHS = PAGE_PATHS.filter((path) => path !== '/service').map((path) =>
  path
    .replace(':device', 'meter-feeder')
    .replace(':point', 'voltage')
    .replace(/:(\w+)$/, (_, kind) => NAMED[kind] ?? ''),
);

describe.runIf(chromium !== undefined)('all pages in chromium', () => {
  const stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  const street = new AgentData({ clock });
  let console_: Console;
  let browser: Browser;

  beforeAll(async () => {
    stack.use(moveStreet(street, clock));
    furnish(street);
    console_ = (await openConsole(stack, street, clock)).opened;
    browser = await openBrowser(stack, chromium);
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  async function enter(options: Parameters<typeof watchedPage>[1] = {}): Promise<Watched> {
    const watched = await watchedPage(browser, options);
    await watched.page.goto(console_.link());
    await watched.page.locator('[data-figure=stored]').waitFor();
    return watched;
  }

  /** Goes there inside the page, as a link does, and waits until it has something to show. */
  async function visit(page: Page, path: string): Promise<void> {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
    await page.locator('main .card').first().waitFor();
    await expect.poll(() => page.locator('main .waiting').count()).toBe(0);
  }

  /** Text that is cut off, things wider than the page, and things that keys do not reach. */
  const faults = (page: Page) =>
    page.evaluate(() => {
      const found: string[] = [];
      const { documentElement: root } = document;
      if (root.scrollWidth > innerWidth) found.push(`wider than the page: ${root.scrollWidth}`);
      const name = (element: Element) =>
        `${element.tagName}.${element.className} ${element.textContent?.trim().slice(0, 40)}`;
      for (const element of document.querySelectorAll<HTMLElement>('main *, header *, nav *')) {
        const style = getComputedStyle(element);
        const words = [...element.childNodes].some(
          (node) => node.nodeType === 3 && node.nodeValue?.trim() !== '',
        );
        if (!words || element.closest('.aloud, .where, details:not([open]), select') !== null) continue;
        const hidden = style.overflowX === 'hidden' || style.overflowX === 'clip';
        if (hidden && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
          found.push(`cut off: ${name(element)}`);
      }
      const reachable =
        'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), summary';
      for (const element of document.querySelectorAll<HTMLElement>(reachable)) {
        if (!element.checkVisibility() || element.closest('dialog:not([open])') !== null) continue;
        element.focus({ preventScroll: true });
        if (document.activeElement !== element || element.tabIndex < 0)
          found.push(`not reached by keys: ${name(element)}`);
      }
      return found;
    });

  const axe = (page: Page) =>
    page.evaluate(async () => {
      const { axe: runner } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await runner.run();
      return violations.map(
        ({ id, impact, nodes }) =>
          `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
      );
    });

  const WAYS = [
    { locale: 'en-GB', colorScheme: 'light', viewport: { width: 360, height: 740 } },
    { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
    { locale: 'en-GB', colorScheme: 'dark', viewport: { width: 768, height: 1024 } },
    { locale: 'zh-CN', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  ] as const;

  for (const way of WAYS) {
    test(`${way.locale}, ${way.colorScheme}, ${way.viewport.width} px: fits, nothing cut off, keys reach all, axe finds nothing`, async () => {
      const script = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
      await using watched = await enter({ ...way, bypassCSP: true });
      const { page, troubles } = watched;
      await page.addScriptTag({ path: script });
      street.publish([good({ device: 'board', point: 'sos-button', unit: '1' }, true, clock.mono())]);
      for (const path of PATHS) {
        await visit(page, path);
        expect([path, await faults(page)]).toEqual([path, []]);
        if (way.viewport.width !== 768) expect([path, await axe(page)]).toEqual([path, []]);
      }
      expect(troubles).toEqual([]);
    }, 120_000);
  }

  test('on a phone all pages are behind one button, and a choice closes the list', async () => {
    await using watched = await enter({ viewport: { width: 360, height: 740 } });
    const { page } = watched;
    await page.getByRole('button', { name: /More/ }).click();
    const sheet = page.getByRole('dialog');
    expect(await sheet.getByRole('link').count()).toBeGreaterThan(10);
    await sheet.getByRole('link', { name: 'Uplinks' }).click();
    await page.getByRole('heading', { name: 'city' }).waitFor();
    expect(await sheet.count()).toBe(0);
  });

  test('the first load is below 200 kB as it travels, and can be used at once', async () => {
    await using watched = await watchedPage(browser);
    const { page } = watched;
    await page.goto(console_.link());
    await page.locator('[data-figure=stored]').waitFor();
    await page.locator('.plot canvas').waitFor();
    const { bytes, ready } = await page.evaluate(() => {
      const [way] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
      const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const asset = ({ name }: PerformanceResourceTiming) => name.includes('/assets/');
      const first = files.filter((file) => asset(file) && file.startTime < (way?.loadEventEnd ?? 0) + 2000);
      return {
        bytes: (way?.encodedBodySize ?? 0) + first.reduce((sum, file) => sum + file.encodedBodySize, 0),
        ready: way?.domContentLoadedEventEnd ?? 0,
      };
    });
    console.log(`console: first load ${(bytes / 1000).toFixed(0)} kB, ready after ${ready.toFixed(0)} ms`);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(200_000);
  });

  test('an agent that is out of reach is said, with the time, and its values are marked as old until it is back', async () => {
    await using watched = await enter({ locale: 'en-GB' });
    const { page, context } = watched;
    const row = page.locator('[data-point="meter-feeder/voltage"]');
    await row.waitFor();
    await context.setOffline(true);
    const banner = page.getByRole('alert').filter({ hasText: 'The agent does not answer.' });
    await banner.getByText(/Last heard at \d\d:\d\d:\d\d/).waitFor();
    await row.getByText('stale').waitFor();
    await page.getByRole('link', { name: 'Uplinks' }).click();
    await page.getByText('Loading').or(page.getByText('does not answer')).first().waitFor();
    await context.setOffline(false);
    await expect.poll(() => banner.count(), { timeout: 15_000 }).toBe(0);
  });

  test('a device shows its frames for a while, each explained, and says when it is over', async () => {
    await using watched = await enter({ locale: 'en-GB' });
    const { page, troubles } = watched;
    await visit(page, '/lines');
    await page.getByText('Busy 41 % of the last minute; 38 % by plan').waitFor();
    await page.getByRole('link', { name: 'Feeder meter' }).click();
    await page.getByRole('button', { name: /Look for 60 s/ }).click();
    await expect.poll(() => street.looks.has('meter-feeder')).toBe(true);
    street.looks.get('meter-feeder')?.({
      time: clock.mono(),
      dir: 'down',
      bytes: new Uint8Array([1, 4, 0, 0]),
      decoded: { ok: true, unit: 1, fc: 4, address: 0 },
    });
    const frame = page.locator('.frames li').first();
    await frame.getByText('01 04 00 00').waitFor();
    await frame.getByText('unit 1 · fc 4 · address 0').click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => street.looks.has('meter-feeder')).toBe(false);
    expect(troubles).toEqual([]);
  });

  test('a lamp says what holds tonight and until when, and is given back to its programme', async () => {
    await using watched = await enter({ locale: 'en-GB' });
    const { page, troubles } = watched;
    await visit(page, '/light');
    await page.getByText(/80 % by console:technician until/).waitFor();
    await page.getByText(/traffic may raise it to 40 … 100 %/).waitFor();
    const before = street.submitted.length;
    await page.getByRole('button', { name: 'End the override' }).click();
    await expect.poll(() => street.submitted.length).toBe(before + 1);
    expect(street.submitted.at(-1)).toMatchObject({ device: 'board', point: 'lamp-level', lease: 1000 });
    expect(troubles).toEqual([]);
  });

  test('the curve is walked with keys, and stands there as a table', async () => {
    await using watched = await enter({ locale: 'en-GB' });
    const { page } = watched;
    await visit(page, '/devices/station/temperature');
    await page.locator('.plot canvas').waitFor();
    await page.locator('.plot').focus();
    await page.keyboard.press('ArrowRight');
    const note = page.locator('.chart-note').first();
    const first = await note.textContent();
    expect(first).toMatch(/°C/);
    await page.keyboard.press('PageDown');
    await expect.poll(() => note.textContent()).not.toBe(first);
    await page.getByText('As a table').click();
    await page.getByRole('columnheader', { name: 'Mean °C' }).waitFor();
    expect(await page.locator('.values tbody tr').count()).toBeGreaterThan(50);
  });
});
