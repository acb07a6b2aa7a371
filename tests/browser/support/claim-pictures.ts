/** Takes the pictures of docs/provisioning: `node tests/browser/support/claim-pictures.ts`. Needs chromium. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { claimText, openClaimCity } from '../../support/claims.ts';
import { program } from '../../support/programs.ts';
import { STREET } from '../../unit/config/site-folder.ts';
import { openUnit } from '../../unit/unclaimed/unit.ts';
import { launch, watchedPage } from './chromium.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'provisioning');

const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
await using stack = new AsyncDisposableStack();
const city = stack.use(await openClaimCity());
const at = stack.use(await openUnit({ url: city.url }));
const browser = await launch(chromium);
stack.defer(() => browser.close());
await mkdir(FOLDER, { recursive: true });
for (const [name, locale] of [
  ['unclaimed', 'en-GB'],
  ['refused-zh', 'zh-CN'],
] as const) {
  const viewport = { width: 390, height: 1060 };
  const { page } = stack.use(await watchedPage(browser, { viewport, locale }));
  await page.goto(at.unit.console);
  await page.getByRole('img').waitFor();
  if (name === 'refused-zh') {
    const text = claimText(STREET, { hardware: ['cpu:10000000deadbeef'] });
    const buffer = Buffer.from(text);
    await page.locator('#file').setInputFiles({ name: 'pole.claim', mimeType: 'application/json', buffer });
    await page.getByRole('alert').scrollIntoViewIfNeeded();
  }
  await sharp(await page.screenshot())
    .png({ palette: true, colours: 32, dither: 0, effort: 10 })
    .toFile(join(FOLDER, `${name}.png`));
}
