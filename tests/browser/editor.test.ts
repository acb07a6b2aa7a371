/**
 * Node-RED's editor in chromium, as a technician uses it: drag nodes out of the palette, wire and configure them with the
 * pickers, deploy, see a value; in English and in Chinese. Left out by name where there is no chromium.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silent } from '../../agent/core/log.ts';
import { good } from '../../agent/core/reading.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { type NodeRed, startNodeRed } from '../../agent/node-red/node-red.ts';
import { nodeRedAdmin } from '../support/node-red-admin.ts';
import { program } from '../support/programs.ts';
import { openConsole, type TestConsole } from '../unit/console/open-console.ts';
import { launch, watchedPage } from './support/chromium.ts';

const chromium = program('chromium');

describe.skipIf(chromium === undefined)('the editor in chromium', { timeout: 90_000 }, () => {
  const stack = new AsyncDisposableStack();
  let console_: TestConsole;
  let nodeRed: NodeRed;
  let browser: Awaited<ReturnType<typeof launch>>;

  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kerbside-editor-'));
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    console_ = stack.use(await openConsole());
    const { authorization } = await console_.token('technician', 'node-red');
    nodeRed = stack.use(
      startNodeRed({
        config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6 },
        entry: new URL('../../flows/runtime/main.js', import.meta.url),
        nodesDir: new URL('../../flows/', import.meta.url),
        example: new URL('../../flows/examples/dim-by-traffic.json', import.meta.url),
        userDir: join(dir, 'state', 'node-red'),
        agent: { url: console_.console.url, token: authorization.replace('Bearer ', '') },
        clock: new SystemClock(),
        log: silent,
        onHealth: () => {},
        onEvent: () => {},
      }),
    );
    browser = await launch(chromium ?? '');
    stack.defer(() => browser.close());
  }, 120_000);
  afterAll(() => stack.disposeAsync(), 30_000);

  const link = () => vi.waitUntil(() => nodeRed.ticket(), { timeout: 60_000 });

  /** An editor over an empty tab; what the browser complains of is in `troubles`. */
  async function openEditor(locale: string) {
    const admin = await nodeRedAdmin(await link());
    await admin.deploy([
      { id: 'tab', type: 'tab', label: 'Test' },
      { id: 'kb-gateway', type: 'kerbside agent', name: 'gateway', url: '' },
    ]);
    const watched = await watchedPage(browser, { locale });
    watched.page.setDefaultTimeout(30_000);
    await watched.page.goto(await link());
    await watched.page.locator('#red-ui-palette-container .red-ui-palette-node').first().waitFor();
    await watched.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    return watched;
  }

  test.each([
    ['en-GB', 'reading', 'Device', 'Feeder meter', 'all devices'],
    ['zh-CN', '读数', '设备', '进线电表', '全部设备'],
  ])(
    'in %s: drag, wire, configure with the pickers, deploy, see the value',
    async (locale, label, device, title, all) => {
      await using watched = await openEditor(locale);
      const { page } = watched;
      const palette = page.locator('.red-ui-palette-node[data-palette-type="kerbside reading"]');
      await expect.poll(() => palette.locator('.red-ui-palette-label').textContent()).toBe(label);
      await dragIn(page, 'kerbside reading', 300, 200);
      await dragIn(page, 'debug', 560, 200);
      const reading = page.locator('.red-ui-flow-node-group').filter({ hasText: all });
      await wire(page, reading, page.locator('.red-ui-flow-node-group').filter({ hasText: /debug/ }));

      await reading.dblclick();
      await page.locator('#node-input-point').waitFor();
      expect(await page.locator('label[for=node-input-device]').textContent()).toContain(device);
      await choose(page, 'device', 'meter-feeder', title);
      await choose(page, 'point', 'voltage', 'V');
      await page.locator('#node-dialog-ok').click();
      await page.locator('#node-dialog-ok').waitFor({ state: 'detached' });

      await page.locator('#red-ui-header-button-deploy').click();
      const value = 200 + (locale === 'zh-CN' ? 31.5 : 32.5);
      await page.locator('.red-ui-flow-node-group').filter({ hasText: 'meter-feeder / voltage' }).waitFor();
      await page.evaluate(() =>
        (window as unknown as { RED: Editor }).RED.actions.invoke('core:show-debug-tab'),
      );
      const shown = page.locator('.red-ui-debug-msg-payload').filter({ hasText: String(value) });
      await vi.waitFor(
        async () => {
          console_.agent.publish([
            good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, value, console_.clock.mono()),
          ]);
          await console_.clock.advance(300);
          expect(await shown.count()).toBeGreaterThan(0);
        },
        { timeout: 30_000, interval: 200 },
      );
      const status = page.locator('.red-ui-flow-node-status-label').filter({ hasText: `${value} V` });
      await status.waitFor();
      expect(watched.troubles).toEqual([]);
    },
  );

  test('a wrong setting is marked before it is deployed, and help stands beside', async () => {
    await using watched = await openEditor('zh-CN');
    const { page } = watched;
    await dragIn(page, 'kerbside light', 300, 200);
    await page.locator('.red-ui-flow-node-group').dblclick();
    await page.locator('#node-input-minutes').fill('0');
    await page.locator('#node-input-minutes').blur();
    await expect
      .poll(() => page.locator('#node-input-minutes').getAttribute('class'))
      .toContain('input-error');
    await page.locator('#node-input-minutes').fill('5');
    await page.locator('#node-input-minutes').blur();
    await expect
      .poll(() => page.locator('#node-input-minutes').getAttribute('class'))
      .not.toContain('input-error');
    await page.locator('#node-dialog-cancel').click();
    await page.evaluate(() => (window as unknown as { RED: Editor }).RED.sidebar.help.show('kerbside light'));
    await page.getByText('让灯具在若干分钟内保持某一亮度').waitFor();
    expect(watched.troubles).toEqual([]);
  });
});

/** What is used of the editor's own interface. */
interface Editor {
  readonly actions: { invoke(action: string): void };
  readonly sidebar: { readonly help: { show(type: string): void } };
}

/** Drags a node out of the palette to a place of the workspace. */
async function dragIn(page: Page, type: string, x: number, y: number): Promise<void> {
  const source = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await source.scrollIntoViewIfNeeded();
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox();
  const from = await centre(source);
  const nodes = page.locator('.red-ui-flow-node-group');
  const before = await nodes.count();
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 30, from.y + 10, { steps: 4 });
  await page.mouse.move((chart?.x ?? 0) + x, (chart?.y ?? 0) + y, { steps: 12 });
  await page.mouse.up();
  await expect.poll(() => nodes.count()).toBe(before + 1);
}

/** Draws a wire from the output of one node to the input of another. */
async function wire(page: Page, from: Locator, to: Locator): Promise<void> {
  const out = await centre(from.locator('.red-ui-flow-port-output .red-ui-flow-port').first());
  const into = await centre(to.locator('.red-ui-flow-port-input .red-ui-flow-port').first());
  await page.mouse.move(out.x, out.y);
  await page.mouse.down();
  await page.mouse.move(into.x - 20, into.y, { steps: 6 });
  await page.mouse.move(into.x, into.y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => page.locator('.red-ui-flow-link').count()).toBeGreaterThan(0);
}

/** Opens the list of a field with the arrow key and takes the row with both texts. */
async function choose(page: Page, field: string, value: string, title: string): Promise<void> {
  const input = page.locator(`#node-input-${field}`);
  await input.click();
  await input.press('ArrowDown');
  const row = page
    .locator('.red-ui-autoComplete-container a, .red-ui-autoComplete-container li')
    .filter({ hasText: value })
    .filter({ hasText: title });
  await row.first().click();
  await expect.poll(() => input.inputValue()).toBe(value);
}

async function centre(of: Locator): Promise<{ x: number; y: number }> {
  const box = await of.boundingBox();
  if (box === null) throw new Error('it is not to be seen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
