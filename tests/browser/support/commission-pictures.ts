/** Takes the pictures of docs/commissioning from the simulated street: `node tests/browser/support/commission-pictures.ts`. Needs chromium. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { program } from '../../support/programs.ts';
import { launch, watchedPage } from './chromium.ts';
import { commission } from './commission-run.ts';
import { startStreetProcess } from './street-process.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'commissioning');

const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
await using stack = new AsyncDisposableStack();
const state = await mkdtemp(join(tmpdir(), 'pole-'));
stack.defer(() => rm(state, { recursive: true, force: true }));
const street = stack.use(await startStreetProcess({ state, port: 18_580, scenario: 'commissioning' }));
const browser = await launch(chromium);
stack.defer(() => browser.close());
const { page } = await watchedPage(browser, { viewport: { width: 390, height: 844 } });
await mkdir(FOLDER, { recursive: true });
await page.goto(street.link);
await page.locator('[data-figure=stored]').waitFor();
const run = await commission(page, {
  look: async (step) => {
    const top = step === 'port' || step === 'scan' ? '.steps' : step === 'accept' ? '[data-found]' : '.steps';
    await page.locator(top).first().scrollIntoViewIfNeeded();
    await page.evaluate((selector) => {
      const at = document.querySelector(selector)?.getBoundingClientRect().top ?? 0;
      scrollTo(0, scrollY + at - 12);
    }, top);
    const png = await page.screenshot();
    await sharp(png)
      .png({ palette: true, colours: 32, dither: 0, effort: 10 })
      .toFile(join(FOLDER, `${step}.png`));
  },
});
console.log(`${run.clicks} clicks`);
