/**
 * Takes the pictures of docs/sign: `node tests/browser/support/sign-pictures.ts [state…]`, all of them without names. Needs
 * chromium and Noto Sans CJK.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { romaniser } from '../../../agent/sign/screen/names.ts';
import { program } from '../../support/programs.ts';
import { boardIn, STATES } from '../../support/sign-states.ts';
import { launch, watchedPage } from './chromium.ts';
import { LANGUAGES, openStage, SHAPES } from './sign-stage.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'sign');
/** Of the panel's own pixels. */
const SCALE = 0.31;
const MOST_BYTES = 4_200_000;
/** A poster as a city would show it. */
const POSTER = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="900" viewBox="0 0 1200 900">
  <rect width="1200" height="900" fill="#12355b"/><circle cx="930" cy="210" r="110" fill="#ffd36e"/>
  <path d="M0 640 180 470l160 130 200-230 210 220 150-120 300 240v160H0z" fill="#1f5f7a"/>
  <path d="M0 760h1200v140H0z" fill="#0b2a4a"/><path d="M0 826h1200" stroke="#ffd36e" stroke-width="8" stroke-dasharray="70 46"/>
  <rect x="330" y="640" width="420" height="150" rx="24" fill="#1b7f4d"/><path d="M360 665h80v56h-80zM460 665h80v56h-80zM560 665h80v56h-80zM660 665h66v80h-66z" fill="#d8f0e2"/>
  <circle cx="430" cy="796" r="32" fill="#101418"/><circle cx="650" cy="796" r="32" fill="#101418"/></svg>`;

const chromium = program('chromium');
if (chromium === undefined) throw new Error('chromium is missing: apt-get install chromium');
await mkdir(FOLDER, { recursive: true });
await using stack = new AsyncDisposableStack();
const browser = await launch(chromium);
stack.defer(() => browser.close());
const romanise = await romaniser();
const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
stack.defer(() => rm(folder, { recursive: true, force: true }));
const poster = join(folder, 'poster.png');
await sharp(Buffer.from(POSTER)).png().toFile(poster);
const asked = process.argv.slice(2);
const states = STATES.filter(({ name }) => asked.length === 0 || asked.includes(name));

for (const [tag, languages] of Object.entries(LANGUAGES)) {
  const [first] = STATES;
  if (first === undefined) break;
  await using stage = await openStage((run, seq) => boardIn(first, languages, romanise, run, seq), {
    media: () => ({ path: poster, type: 'image/png' }),
  });
  for (const [shape, [width, height]] of Object.entries(SHAPES)) {
    await using watched = await watchedPage(browser, { viewport: { width, height } });
    const { page } = watched;
    await page.goto(stage.server.url);
    for (const state of states) {
      const seq = await stage.show((run, next) => boardIn(state, languages, romanise, run, next));
      await page.waitForFunction((wanted) => Number(document.documentElement.dataset.seq) >= wanted, seq);
      if (state.change.content?.playlist !== undefined) await page.locator('.media[data-item] img').waitFor();
      const png = await page.screenshot();
      await sharp(png)
        .resize(Math.round(width * SCALE))
        .png({ palette: true, colours: 16, dither: 0, effort: 10 })
        .toFile(join(FOLDER, `${state.name}-${shape}-${tag}.png`));
    }
  }
}
const sizes = await Promise.all(
  (await readdir(FOLDER))
    .filter((name) => name.endsWith('.png'))
    .map(async (name) => (await stat(join(FOLDER, name))).size),
);
const bytes = sizes.reduce((sum, size) => sum + size, 0);
console.log(`${sizes.length} pictures, ${Math.round(bytes / 1000)} kB`);
if (bytes > MOST_BYTES) throw new Error(`the pictures are larger than ${MOST_BYTES / 1e6} MB`);
