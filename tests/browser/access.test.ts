/** Getting in, in a real browser: a second device by its short code, a person by password, a technician by the label. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Console } from '../../agent/console/server.ts';
import { newLabelCode } from '../../agent/console/service/label-code.ts';
import { systemPrograms } from '../../agent/console/service/programs.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { AgentData } from '../support/agent-data.ts';
import { program } from '../support/programs.ts';
import { watchedPage } from './support/chromium.ts';
import { type Browser, openBrowser, openConsole } from './support/console.ts';

const chromium = program('chromium');
const SERVICE = {
  port: 0,
  lasts: 900_000,
  powerUp: false,
  button: { device: 'board', point: 'cabinet-door' },
};

/** Troubles but those of what is refused on purpose: nobody logged in yet, a camera without a picture. */
const broken = (troubles: readonly string[]) => troubles.filter((one) => !/\b(401|503|400)\b/.test(one));

describe.runIf(chromium !== undefined)('getting in', () => {
  const stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  const street = new AgentData({ clock, console: { host: '127.0.0.1', port: 0, service: SERVICE } });
  let console_: Console;
  let stateDir: string;
  let browser: Browser;

  beforeAll(async () => {
    const { opened, stateDir: folder } = await openConsole(stack, street, clock, {
      service: SERVICE,
      programs: systemPrograms('/nowhere'),
      uptime: 1e9,
    });
    console_ = opened;
    stateDir = folder;
    browser = await openBrowser(stack, chromium);
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  async function administrator() {
    const watched = await watchedPage(browser);
    await watched.page.goto(console_.link());
    await watched.page.goto(`${console_.url}/access`);
    await watched.page.getByRole('heading', { name: 'Another device or person' }).waitFor();
    return watched;
  }

  test('a phone comes in by the short code that the administrator shows, and is ended from there', async () => {
    await using boss = await administrator();
    const card = boss.page.getByRole('region', { name: 'Another device or person' });
    await card.getByLabel('For whom (optional)').fill('phone');
    await card.getByRole('button', { name: 'Make a link' }).click();
    const short = (await card.locator('.short').textContent()) ?? '';
    expect(short).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await card.getByRole('img', { name: 'The link as QR code' }).waitFor();
    await using phone = await watchedPage(browser, { viewport: { width: 360, height: 740 } });
    await phone.page.goto(console_.url);
    await phone.page.getByLabel('Code or link').fill(short.toLowerCase());
    await phone.page.getByRole('button', { name: 'Log in' }).first().click();
    await phone.page.getByRole('navigation').first().waitFor();
    await boss.page.reload();
    const row = boss.page
      .getByRole('region', { name: 'Who is logged in' })
      .getByRole('listitem')
      .filter({ hasText: 'phone' });
    await row.getByRole('button', { name: 'End' }).click();
    await expect.poll(() => row.count(), { timeout: 10_000 }).toBe(0);
    await phone.page.reload();
    await phone.page.getByLabel('Code or link').waitFor();
    expect(broken(boss.troubles)).toEqual([]);
  }, 60_000);

  test('a person gets an account, comes in by password, and a weak one is refused with the reason', async () => {
    await using boss = await administrator();
    const card = boss.page.getByRole('region', { name: 'People with a password' });
    await card.getByLabel('Name').fill('anna');
    await card.getByLabel('Password').fill('annaannaanna');
    await card.getByRole('button', { name: 'Add' }).click();
    await boss.page.getByRole('alert').getByText('password refused').waitFor();
    await card.getByLabel('Password').fill('lantern rides past eleven');
    await card.getByRole('button', { name: 'Add' }).click();
    await card.getByRole('listitem').filter({ hasText: 'anna' }).waitFor();
    await using other = await watchedPage(browser);
    await other.page.goto(console_.url);
    await other.page.getByText('By name and password').click();
    await other.page.getByLabel('Name').fill('anna');
    await other.page.getByLabel('Password').fill('lantern rides past eleven');
    await other.page.getByRole('button', { name: 'Log in' }).last().click();
    await other.page.getByRole('navigation').first().waitFor();
    expect(broken(other.troubles)).toEqual([]);
  }, 60_000);

  test('the QR of the label leads to commissioning, and to nothing else', async () => {
    await using boss = await administrator();
    const card = boss.page.getByRole('region', { name: 'Service link' });
    await card.getByRole('button', { name: 'Open now' }).click();
    await card.getByText(/Open until/).waitFor();
    const link = console_.health().find(({ part }) => part === 'service-link');
    const code = await newLabelCode(stateDir, 1);
    await using phone = await watchedPage(browser, {
      viewport: { width: 360, height: 740 },
      ignoreHTTPSErrors: true,
    });
    await phone.page.goto(`https://127.0.0.1:${link?.facts.port}/service#code=${code}`);
    await phone.page.getByRole('heading', { name: 'Service access' }).waitFor();
    await phone.page.getByRole('button', { name: 'Log in' }).click();
    await phone.page.waitForURL(/\/commission$/);
    await phone.page.getByRole('navigation').first().waitFor();
    const offered = await phone.page
      .locator('nav a')
      .evaluateAll((links) => links.map((one) => one.getAttribute('href')));
    expect(new Set(offered)).toEqual(new Set(['/commission']));
    await card.getByRole('button', { name: 'Close' }).click();
    await card.getByText('Closed.').waitFor();
  }, 60_000);

  test('axe finds nothing on the access page and at the door', async () => {
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    await using watched = await watchedPage(browser, { bypassCSP: true, colorScheme: 'dark' });
    const { page } = watched;
    const look = async () => {
      await page.addScriptTag({ path: axe });
      return page.evaluate(async () => {
        const { violations } = await (
          globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
        ).axe.run();
        return violations.map(({ id }) => id);
      });
    };
    await page.goto(console_.url);
    await page.getByText('By name and password').click();
    expect(await look()).toEqual([]);
    await page.goto(console_.link());
    await page.goto(`${console_.url}/access`);
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.locator('.short').waitFor();
    expect(await look()).toEqual([]);
  }, 60_000);
});
