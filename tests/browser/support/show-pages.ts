/** What a link of the street has to open: the page of the very thing. */
import type { BrowserContext, Page } from 'playwright-core';
import type { Thing, ThingPage } from '../../../hw-sim/show/things.ts';

/** Longest for one page on a busy machine, ms. */
const PATIENCE = 60_000;

/** What is to be seen on a page of the console that shows one thing, by the first part of its address. */
const SHOWN: Readonly<Record<string, (id: string, point: string) => string>> = {
  '': () => '#main h1, #main h2',
  devices: (id) => `#device-title small:has-text("${id}")`,
  lines: (id) => `section.line.named #line-${id}`,
  uplinks: (id) => `section.uplink.named #uplink-${id}`,
  light: (id) => `.light.named #lamp-${id}`,
  cameras: (id) => `section.camera.named canvas[aria-label], section.camera.named:has-text("${id}")`,
  points: (id, point) => `[data-point="${id}/${point}"] a[aria-current=true]`,
  alarms: (id) => (id === '' ? '#alarms-title' : `li.named[data-alarm="${id}"]`),
  sign: () => '#main h2',
  commands: () => '#main table.commands',
  'node-red': () => '#node-red-title',
};

/** Opens the link as a click on it does and waits until the page shows the thing. Rejects where it does not. */
export async function follow(
  context: BrowserContext,
  street: string,
  thing: Thing,
  link: ThingPage,
): Promise<void> {
  await using page = await opened(context);
  const { way } = link;
  await page.goto(`${street}/to/${thing.id}/${link.id}`, { timeout: PATIENCE });
  switch (way.kind) {
    case 'sign':
      await page.locator('body', { hasText: /路/ }).waitFor({ timeout: PATIENCE });
      return;
    case 'flow':
      await page.locator('.red-ui-tab.active', { hasText: 'Dim by traffic' }).waitFor({ timeout: PATIENCE });
      if (!page.url().endsWith(`#flow/${way.tab}`)) throw new Error(`the flow is not named in ${page.url()}`);
      return;
    case 'console': {
      const [, kind = '', id = '', point = ''] = way.page.split('/');
      const shown = SHOWN[kind];
      if (shown === undefined) throw new Error(`no page of the console begins with ${way.page}`);
      await page.locator(shown(id, point)).first().waitFor({ timeout: PATIENCE });
      const { pathname, hash } = new URL(page.url());
      if (pathname !== way.page || hash !== '') throw new Error(`${way.page} has become ${pathname}${hash}`);
    }
  }
}

async function opened(context: BrowserContext): Promise<Page & AsyncDisposable> {
  const page = await context.newPage();
  return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() });
}
