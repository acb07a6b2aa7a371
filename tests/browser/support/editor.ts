/** Node-RED's editor in the browser, as the tests and the screenshots use it. */
import type { BrowserContext, Page } from 'playwright-core';

export interface Editor {
  readonly page: Page;
  /** The address with the one-time ticket that opened it. */
  readonly ticket: string;
  /** Cookie headers of every request to Node-RED, '' where there was none. */
  readonly cookies: readonly string[];
  /** Errors of its scripts and console, and refused loads. */
  readonly troubles: string[];
}

/** Node-RED's start on a busy machine, ms. */
const START_MS = 60_000;
/** From the button to the window, ms. */
const PATIENCE_MS = 3000;
const TICKET = '/auth/strategy/callback?ticket=';

/** Opens the editor through the console's button on `console` and waits for its nodes. */
export async function openEditor(context: BrowserContext, console: Page): Promise<Editor> {
  const troubles: string[] = [];
  const cookies: string[] = [];
  const asked: Promise<void>[] = [];
  let ticket = '';
  const own = new URL(console.url()).origin;
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith('http') || url.startsWith(own)) return;
    if (url.includes(TICKET)) ticket = url;
    const seen = request.allHeaders().then(
      ({ cookie = '' }) => void cookies.push(cookie),
      // Its page was closed before the request was sent.
      () => {},
    );
    asked.push(seen);
  });
  const page = await pressed(context, console);
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`answer ${response.status()}: ${response.url()}`);
  });
  await page.locator('#kb-lamp').waitFor({ timeout: 60_000 });
  await Promise.all(asked);
  return { page, ticket, cookies, troubles };
}

/** Presses the button until a window opens: Node-RED comes up some seconds after the console. */
async function pressed(context: BrowserContext, console: Page): Promise<Page> {
  const end = performance.now() + START_MS;
  for (;;) {
    const opened = context.waitForEvent('page', { timeout: PATIENCE_MS }).catch(() => undefined);
    await console.locator('.node-red button').click();
    const page = await opened;
    if (page !== undefined) return page;
    if (performance.now() > end) {
      throw new Error(`Node-RED did not open: ${await console.locator('.node-red').textContent()}`);
    }
  }
}

/** What stands under a node; '' where there is nothing. */
export async function statusOf(page: Page, node: string): Promise<string> {
  const label = page.locator(`#${node} .red-ui-flow-node-status-label`);
  return (await label.count()) === 0 ? '' : ((await label.textContent()) ?? '');
}
