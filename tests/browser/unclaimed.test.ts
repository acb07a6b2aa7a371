/** The page of an unclaimed unit in a real browser on a phone, and the way over to the first login of the named one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { type ClaimCity, claimText, claimYaml, openClaimCity } from '../support/claims.ts';
import { freePort } from '../support/free-port.ts';
import { program } from '../support/programs.ts';
import { MINIMAL } from '../unit/config/site-folder.ts';
import { launch, watchedPage } from './support/chromium.ts';

const chromium = program('chromium');
const PHONE = { viewport: { width: 360, height: 740 } };
const START = 120_000;
/** Troubles but those of what is refused on purpose, of the moment between image and unit, and of a site without alarms. */
const broken = (troubles: readonly string[]) =>
  troubles.filter((one) => !/\b(401|422)\b|ERR_CONNECTION_REFUSED|v1\/alarms$|status of 404/.test(one));

describe.skipIf(chromium === undefined)('an unclaimed unit in chromium', () => {
  const stack = new AsyncDisposableStack();
  let city: ClaimCity;
  let agent: AgentProcess;
  let at: string;
  let site: string;
  let browser: Awaited<ReturnType<typeof launch>>;

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'unclaimed-'));
    stack.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
    city = stack.use(await openClaimCity());
    // The unit has its console where the image had it, as in the field.
    const listen = `127.0.0.1:${await freePort()}`;
    site = `${MINIMAL}console: { listen: "${listen}" }\n`;
    await writeFile(join(dir, 'claim.yaml'), claimYaml({ url: city.url, console: { listen } }));
    agent = stack.use(startAgent(join(dir, 'site.yaml')));
    at = await agent.unclaimed;
    browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
  }, START);
  afterAll(() => stack.disposeAsync(), 30_000);

  async function open(options: BrowserContextOptions) {
    const watched = await watchedPage(browser, options);
    watched.page.setDefaultTimeout(30_000);
    await watched.page.goto(at);
    await watched.page.getByRole('img').waitFor();
    return watched;
  }

  test.each([
    ['en-GB', 'light', 'This unit is nobody’s yet'],
    ['zh-CN', 'dark', '本机尚未认领'],
  ] as const)(
    '%s, %s: fits on 360 px, says who it is, axe finds nothing',
    async (locale, colorScheme, title) => {
      await using watched = await open({ ...PHONE, locale, colorScheme, bypassCSP: true });
      const { page } = watched;
      await page.getByRole('heading', { name: title }).waitFor();
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(await wide()).toBeLessThanOrEqual(0);
      await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
      const axe = () =>
        page.evaluate(async () => {
          const { axe: runner } = globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          };
          const { violations } = await runner.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
        });
      expect(await axe()).toEqual([]);
      await page.locator('#code').fill('AAAA-0000');
      await page.locator('#code').press('Enter');
      await page.getByRole('alert').waitFor();
      expect([(await wide()) <= 0, await axe()]).toEqual([true, []]);
      expect(broken(watched.troubles)).toEqual([]);
    },
    60_000,
  );

  test('says why a claim is refused, with the fix, in the language that is chosen', async () => {
    await using watched = await open(PHONE);
    const { page } = watched;
    const alert = page.getByRole('alert');
    await page.locator('#code').fill('bbbb-0000');
    await page.getByRole('button', { name: 'Take it' }).click();
    await alert.waitFor();
    const host = new URL(city.url).host;
    expect(await alert.textContent()).toContain(`${host} does not know this code`);
    await page.getByRole('button', { name: '中文' }).click();
    expect(await alert.textContent()).toContain(`${host} 不认识此认领码`);
    expect(await alert.textContent()).toContain('向城市索取新的认领码');

    const file = (text: string) =>
      page.locator('#file').setInputFiles({
        ...{ name: 'pole.claim', mimeType: 'application/json' },
        buffer: Buffer.from(text),
      });
    await file(claimText(site, { hardware: ['cpu:ffff'] }));
    await page.locator('[data-code=other-hardware]').waitFor();
    expect(await alert.textContent()).toContain('它属于其他硬件（cpu:ffff）');
    await file(claimText(`${site}lamp: 1\n`));
    await page.locator('[data-code=site-wrong]').waitFor();
    expect(await alert.locator('pre').textContent()).toMatch(/^site\.yaml:\d+:1 lamp: unknown key/);
    await page.getByRole('button', { name: 'English' }).click();
    expect(await alert.textContent()).toContain('The city mends it');
    // Debian's chromium reads no QR codes: then it is said, and no field is offered that does nothing.
    expect(await page.locator('#photo').count()).toBe(0);
    expect(broken(watched.troubles)).toEqual([]);
  }, 60_000);

  test('a photo of the label’s code makes it a unit, and the page logs in there', async () => {
    city.claims.set('K7QX-29TD', claimText(site));
    await using watched = await open(PHONE);
    const { page } = watched;
    // A browser that can: what it finds on the picture is the text of a label.
    await page.addInitScript(
      (label) => {
        Object.assign(globalThis, {
          BarcodeDetector: class {
            async detect(image: ImageBitmap) {
              return image.width === 8 ? [{ rawValue: label }] : [];
            }
          },
        });
      },
      city.url.replace('{code}', 'K7QX-29TD').replace('{hardware}', 'x'),
    );
    await page.reload();
    const photo = async (size: number) => {
      const picture = sharp({ create: { width: size, height: size, channels: 3, background: '#fff' } });
      const buffer = await picture.png().toBuffer();
      await page.locator('#photo').setInputFiles({ name: 'label.png', mimeType: 'image/png', buffer });
    };
    await photo(9);
    await page.locator('[data-code=no-qr]').waitFor();
    await photo(8);
    await page.getByRole('heading', { name: 'This unit is pole-0817 now' }).waitFor();
    await agent.ready;
    await page.locator('.where').waitFor({ timeout: START });
    expect(await page.locator('.where').textContent()).toContain('pole-0817');
    expect(await page.evaluate(() => localStorage.getItem('kerbside.key'))).toMatch(/./);
    expect(broken(watched.troubles)).toEqual([]);
    // Whoever had the image's page open is at the unit's door, and not logged in.
    await using other = await watchedPage(browser, PHONE);
    await other.page.goto(at);
    await other.page.getByRole('heading', { name: 'Who is there?' }).waitFor();
  }, 180_000);
});
