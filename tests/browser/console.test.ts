/** The console in a real browser, over data that move. Left out by name where there is no chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../agent/console/access/role.ts';
import type { Console } from '../../agent/console/server.ts';
import { good } from '../../agent/core/reading.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { AgentData } from '../support/agent-data.ts';
import { program } from '../support/programs.ts';
import { type Watched, watchedPage } from './support/chromium.ts';
import { type Browser, openBrowser, openConsole } from './support/console.ts';
import { moveStreet } from './support/moving-street.ts';

const chromium = program('chromium');

describe.runIf(chromium !== undefined)('the console in chromium', () => {
  const stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  const street = new AgentData({ clock });
  let console_: Console;
  let browser: Browser;

  beforeAll(async () => {
    stack.use(moveStreet(street, clock));
    console_ = (await openConsole(stack, street, clock)).opened;
    browser = await openBrowser(stack, chromium);
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  /** A logged-in page that shows the street. */
  async function enter(
    options: Parameters<typeof watchedPage>[1] = {},
    role: Role = 'administrator',
  ): Promise<Watched> {
    const watched = await watchedPage(browser, options);
    await watched.page.goto(console_.link(role));
    await watched.page.locator('[data-figure=stored]').waitFor();
    return watched;
  }

  const figure = async (page: Page, name: string) =>
    Number((await page.locator(`[data-figure=${name}]`).textContent())?.replace(/\D/g, ''));

  test('the one-time link logs in by itself, and neither code nor key stays in the address', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    expect(page.url()).toBe(`${console_.url}/`);
    expect(await page.evaluate(() => location.hash)).toBe('');
    const [cookie] = await watched.context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    await page.reload();
    await page.locator('[data-figure=stored]').waitFor();
    expect(troubles).toEqual([]);
  });

  test('figures and values move without asking again', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    const stored = await figure(page, 'stored');
    const value = page.locator('[data-point="meter-feeder/voltage"] .value');
    const before = await value.textContent();
    await expect.poll(() => value.textContent(), { timeout: 10_000 }).not.toBe(before);
    await expect.poll(() => figure(page, 'stored'), { timeout: 10_000 }).toBeGreaterThan(stored);
    expect([await figure(page, 'missing'), await figure(page, 'doubled')]).toEqual([0, 0]);
    await page.getByText('Balanced').waitFor();
    const age = page.locator('[data-point="meter-lamp/voltage"] .age');
    const old = await age.textContent();
    await expect.poll(() => age.textContent(), { timeout: 10_000 }).not.toBe(old);
    expect(troubles).toEqual([]);
  });

  test('what is wrong is said with the fix', async () => {
    await using watched = await enter();
    const card = watched.page.locator('.health');
    await card.getByText('Check that the meter has power').waitFor();
    expect(await card.locator('.ills li').count()).toBe(1);
    street.setHealth({
      part: 'store',
      state: 'degraded',
      since: street.now(),
      message: 'slow disk',
      facts: {},
    });
    await card.getByText('slow disk').waitFor();
    await expect
      .poll(() => watched.page.locator('[role=status].aloud').last().textContent())
      .toContain('Store: degraded');
    street.setHealth({ part: 'store', state: 'ok', since: street.now(), facts: {} });
  });

  test('the slider sends a command and shows its read-back, who and when', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    const before = street.submitted.length;
    await page.locator('.lamp input[type=range]').fill('73');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.last[data-state=done]').getByText('read back 73 %').waitFor();
    await page.locator('.last').getByText('console:administrator').waitFor();
    expect(street.submitted).toHaveLength(before + 1);
    expect(street.submitted.at(-1)).toMatchObject({ device: 'board', point: 'lamp-level', value: 73 });
    await expect.poll(() => page.locator('.lamp .now').textContent()).toContain('73');
    await page.getByRole('link', { name: 'Commands' }).click();
    await page.getByRole('row').filter({ hasText: 'board / lamp-level ← 73' }).first().waitFor();
    expect(troubles).toEqual([]);
  });

  test('the chart draws a line, for another point, too', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    const inked = () =>
      page.locator('.plot canvas').evaluate((canvas) => {
        if (!(canvas instanceof HTMLCanvasElement)) return 0;
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        copy?.drawImage(canvas, 0, 0);
        const { data } = copy?.getImageData(0, 0, width, height) ?? { data: [] };
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if ((data[i] ?? 0) > 200) count += 1;
        return count;
      });
    await page.locator('.plot canvas').waitFor();
    await expect.poll(inked).toBeGreaterThan(1000);
    await page.getByRole('link', { name: 'Air temperature' }).click();
    expect(new URL(page.url()).pathname).toBe('/points/station/temperature');
    await page.getByRole('heading', { name: 'Air temperature' }).waitFor();
    await expect.poll(inked).toBeGreaterThan(1000);
    await page.getByText(/Lowest .* °C, mean .* °C, highest .* °C/).waitFor();
    await page.getByRole('button', { name: '7 d' }).click();
    await expect.poll(inked).toBeGreaterThan(1000);
    await page.goBack();
    await page.locator('[data-figure=stored]').waitFor();
    expect(troubles).toEqual([]);
  });

  test('the camera shows its frame with boxes, only while it is looked at', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    await page.getByRole('link', { name: 'Cameras' }).click();
    const canvas = page.locator('.camera canvas');
    await expect.poll(() => canvas.getAttribute('width')).toBe('960');
    await expect.poll(() => canvas.getAttribute('aria-label')).toBe('Street camera: 3 found');
    const [r = 0, g = 0, b = 0] = await canvas.evaluate((element) =>
      element instanceof HTMLCanvasElement
        ? [...(element.getContext('2d')?.getImageData(560, 300, 1, 1).data ?? [])]
        : [],
    );
    expect([Math.abs(r - 0x4f) < 24, Math.abs(g - 0xd6) < 24, Math.abs(b - 0xc9) < 24]).toEqual([
      true,
      true,
      true,
    ]);
    await page.getByRole('link', { name: 'Commands' }).click();
    await page.getByRole('heading', { name: 'Commands and audit' }).waitFor();
    await page.waitForTimeout(500);
    const looked = street.previews;
    await page.waitForTimeout(1500);
    expect(street.previews).toBe(looked);
    expect(troubles).toEqual([]);
  });

  test('a viewer sees neither picture nor a slider that works', async () => {
    const looked = street.previews;
    await using watched = await enter({}, 'viewer');
    const { page } = watched;
    await page.getByText('Only a technician may look.').waitFor();
    expect(await page.locator('.lamp input[type=range]').isDisabled()).toBe(true);
    expect(await page.getByRole('link', { name: 'Access' }).count()).toBe(0);
    expect(street.previews).toBe(looked);
    expect(watched.troubles).toEqual([]);
  });

  test('Chinese and English, day and night, kept over a reload', async () => {
    await using watched = await enter();
    const { page, troubles } = watched;
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '每条读数都有交代' }).waitFor();
    await page.locator('[data-point="meter-feeder/voltage"]').getByText('电压').waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const day = await ground();
    await page.getByRole('button', { name: /明暗/ }).click();
    expect(await ground()).not.toBe(day);
    await page.reload();
    await page.getByRole('heading', { name: '每条读数都有交代' }).waitFor();
    expect(await ground()).not.toBe(day);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Every reading, accounted for' }).waitFor();
    expect(troubles).toEqual([]);
  });

  test('keys alone lead through: skip link, pages, slider', async () => {
    await using watched = await enter();
    const { page } = watched;
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.locator('.lamp input[type=range]').focus();
    const level = await page.locator('.lamp output').textContent();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('.lamp output').textContent()).not.toBe(level);
  });

  test('an alarm is seen, acknowledged with a name and a note, and reset, without a reload', async () => {
    await using watched = await enter({ locale: 'en-GB' }, 'technician');
    const { page, troubles } = watched;
    const press = (pressed: boolean) =>
      street.publish([good({ device: 'board', point: 'sos-button', unit: '1' }, pressed, clock.mono())]);
    press(true);
    await page
      .locator('nav')
      .getByRole('link', { name: /Alarms/ })
      .click();
    const call = page.locator('.alarms > li', { hasText: 'Call for help' });
    await call.getByText('active, unacknowledged').waitFor();
    await page.getByLabel('Your name').fill('');
    await call.getByRole('button', { name: /Acknowledge/ }).click();
    await page.getByRole('alert').getByText('Enter your name first').waitFor();
    await page.getByLabel('Your name').fill('Li Wei');
    await page.getByLabel('Note or reason').fill('patrol sent');
    await call.getByRole('button', { name: /Acknowledge/ }).click();
    await call.getByText('Li Wei: patrol sent').waitFor();
    press(false);
    await call.getByText('over, to be reset').waitFor();
    await call.getByRole('button', { name: /Reset/ }).click();
    // The door of the moving street may have opened meanwhile; the call is over.
    await expect
      .poll(() =>
        page.getByRole('region', { name: 'Alarms' }).locator('li', { hasText: 'Call for help' }).count(),
      )
      .toBe(0);
    expect(troubles).toEqual([]);
  });

  test('the session ends on the page, too, and a used link says how to get in', async () => {
    await using watched = await enter();
    const { page } = watched;
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Who is there?' }).waitFor();
    await page.getByLabel('Code or link').fill(console_.link('viewer'));
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('[data-figure=stored]').waitFor();
    await page.goto(`${console_.url}/login?code=used`);
    await page.locator('main').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  test('nothing is loaded from elsewhere, and first paint does not wait for the chart library', async () => {
    await using watched = await watchedPage(browser);
    const { page } = watched;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(console_.link());
    await page.locator('.plot canvas').waitFor();
    expect(asked.filter((url) => !url.startsWith(console_.url) && !url.startsWith('blob:'))).toEqual([]);
    const library = asked.findIndex(
      (url) => url.includes('/assets/uPlot.esm') || /\/assets\/uPlot\.[\w-]{12}\.js/.test(url),
    );
    const main = asked.findIndex((url) => url.includes('/assets/main.'));
    expect([main >= 0, library > main]).toEqual([true, true]);
    expect(watched.troubles).toEqual([]);
  });
});
