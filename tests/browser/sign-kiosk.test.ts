/**
 * Out of the kiosk: the usual ways a rider, a keyboard or a finger leaves a page, each tried in chromium with the shipped
 * flags. What only a policy, a compositor or the kernel can hold back is in docs/sign/kiosk.md and tested as text.
 */
import { readFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium as playwright } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KIOSK_FLAGS } from '../../agent/sign/screen/kiosk.ts';
import { program } from '../support/programs.ts';
import { boardIn } from '../support/sign-states.ts';
import { KEY, openStage, type Stage } from './support/sign-stage.ts';

const chromium = program('chromium');
const deploy = (name: string) => readFileSync(new URL(`../../deploy/kiosk/${name}`, import.meta.url), 'utf8');

describe.runIf(chromium !== undefined)('the kiosk', () => {
  const stack = new AsyncDisposableStack();
  let stage: Stage;
  let context: BrowserContext;
  let page: Page;
  const opened: Page[] = [];
  const dialogs: string[] = [];
  const downloads: string[] = [];

  beforeAll(async () => {
    const live = { name: 'live', change: {} };
    stage = stack.use(await openStage((run, seq) => boardIn(live, ['zh-CN', 'en'], undefined, run, seq)));
    const flags = KIOSK_FLAGS.filter((flag) => flag !== '--kiosk');
    const browser = await playwright.launch({
      executablePath: chromium ?? '',
      args: [...flags, '--headless=new', '--no-sandbox', '--disable-gpu'],
    });
    stack.defer(() => browser.close());
    context = await browser.newContext({ viewport: { width: 1080, height: 1920 }, hasTouch: true });
    page = await context.newPage();
    context.on('page', (one) => opened.push(one));
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('download', (download) => downloads.push(download.url()));
    // Sees what becomes of events before the page's own guard hides them.
    await page.addInitScript(() => {
      const seen: Record<string, boolean> = {};
      (globalThis as unknown as { seen: typeof seen }).seen = seen;
      for (const kind of [
        'keydown',
        'contextmenu',
        'auxclick',
        'drop',
        'dragover',
        'copy',
        'paste',
        'wheel',
      ]) {
        addEventListener(
          kind,
          (event) => {
            const name = event instanceof KeyboardEvent ? `${kind} ${event.key}` : kind;
            // Behind all listeners; a microtask would come between two of them.
            setTimeout(() => {
              seen[name] = event.defaultPrevented;
            });
          },
          { capture: true },
        );
      }
    });
    await page.goto(`${stage.server.url}/?key=${KEY}`);
    await page.locator('.line').first().waitFor();
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  const prevented = (name: string) =>
    page.evaluate((key) => (globalThis as unknown as { seen: Record<string, boolean> }).seen[key], name);

  /** Still the sign, and nothing beside it. */
  async function stays(): Promise<void> {
    await page.locator('.line').first().waitFor({ timeout: 5000 });
    expect({
      url: page.url().split('?')[0],
      opened: opened.length,
      pages: context.pages().length,
      dialogs,
      downloads,
    }).toEqual({ url: `${stage.server.url}/`, opened: 0, pages: 1, dialogs: [], downloads: [] });
  }

  test.each([
    ['F11 leaves full screen', 'F11', 'F11'],
    ['F12 opens the tools', 'F12', 'F12'],
    ['Ctrl+Shift+I opens the tools', 'Control+Shift+I', 'I'],
    ['Ctrl+N opens a window', 'Control+n', 'n'],
    ['Ctrl+T opens a tab', 'Control+t', 't'],
    ['Ctrl+W closes it', 'Control+w', 'w'],
    ['Ctrl+P prints', 'Control+p', 'p'],
    ['Ctrl+S saves', 'Control+s', 's'],
    ['Ctrl+O opens a file', 'Control+o', 'o'],
    ['Ctrl+U shows the source', 'Control+u', 'u'],
    ['Ctrl+L goes to an address', 'Control+l', 'l'],
    ['Ctrl+J shows downloads', 'Control+j', 'j'],
    ['Ctrl+H shows the history', 'Control+h', 'h'],
    ['F5 reloads', 'F5', 'F5'],
    ['Ctrl+R reloads', 'Control+r', 'r'],
    ['Alt+ArrowLeft goes back', 'Alt+ArrowLeft', 'ArrowLeft'],
    ['Alt+Home goes home', 'Alt+Home', 'Home'],
    ['Ctrl+Plus zooms', 'Control+=', '='],
    ['F1 opens the help', 'F1', 'F1'],
    ['Alt+F4 closes the window', 'Alt+F4', 'F4'],
    ['the menu key opens a menu', 'ContextMenu', 'ContextMenu'],
  ])('%s: fails', async (_what, press, key) => {
    await page.keyboard.press(press);
    await expect.poll(() => prevented(`keydown ${key}`)).toBe(true);
    await stays();
  });

  test('a right click or a long press opens a menu: fails', async () => {
    await page.mouse.click(400, 800, { button: 'right' });
    await expect.poll(() => prevented('contextmenu')).toBe(true);
    await stays();
  });

  test('a middle click opens or pastes: fails', async () => {
    await page.mouse.click(400, 800, { button: 'middle' });
    await expect.poll(() => prevented('auxclick')).toBe(true);
    await stays();
  });

  test('a file that is dropped is opened: fails', async () => {
    const allowed = await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(['<h1>hello</h1>'], 'x.html', { type: 'text/html' }));
      return ['dragover', 'drop'].map((kind) =>
        document.body.dispatchEvent(
          new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }),
        ),
      );
    });
    expect(allowed).toEqual([false, false]);
    await stays();
  });

  test.each([
    'file:///etc/passwd',
    'view-source:http://127.0.0.1/',
    'chrome://settings',
    'devtools://devtools',
    'javascript:document.title="x"',
  ])('a way to %s: fails', async (target) => {
    await page
      .evaluate((to) => {
        location.href = to;
      }, target)
      .catch(() => {});
    await stays();
    expect(await page.title()).toBe('Kerbside');
  });

  test('a link to another window, and one that saves a file: fail', async () => {
    await page.evaluate(() => {
      for (const [id, download] of [
        ['out', ''],
        ['save', 'x.txt'],
      ] as const) {
        const link = document.createElement('a');
        link.id = id;
        link.href = '/assets/';
        link.target = '_blank';
        if (download !== '') link.download = download;
        link.textContent = 'x';
        link.style.cssText = 'position:fixed;left:0;top:0;z-index:99';
        document.body.append(link);
        link.click();
      }
    });
    await page.locator('#out').dispatchEvent('click');
    await page.locator('#save').dispatchEvent('click');
    await page.evaluate(() => {
      for (const one of document.querySelectorAll('#out, #save')) one.remove();
    });
    await stays();
  });

  test('a popup, a dialog, a print: fail', async () => {
    const got = await page.evaluate(() => {
      alert('a');
      print();
      return [window.open('about:blank'), confirm('b'), prompt('c')];
    });
    expect(got).toEqual([null, false, null]);
    await stays();
  });

  test('pinching and Ctrl with the wheel zoom: fail', async () => {
    const cdp = await context.newCDPSession(page);
    await cdp.send('Input.synthesizePinchGesture', { x: 500, y: 800, scaleFactor: 3, relativeSpeed: 2000 });
    await page.mouse.move(500, 800);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -500);
    await page.keyboard.up('Control');
    expect(await page.evaluate(() => [visualViewport?.scale, devicePixelRatio])).toEqual([1, 1]);
    await stays();
  });

  test('a swipe from the edge goes back, a pull reloads: fail', async () => {
    const born = await page.evaluate(() => performance.timeOrigin);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Input.synthesizeScrollGesture', {
      x: 10,
      y: 900,
      xDistance: 900,
      speed: 4000,
      gestureSourceType: 'touch',
    });
    await cdp.send('Input.synthesizeScrollGesture', {
      x: 500,
      y: 10,
      yDistance: 1500,
      speed: 4000,
      gestureSourceType: 'touch',
    });
    expect(await page.evaluate(() => performance.timeOrigin)).toBe(born);
    expect(await page.evaluate(() => [scrollX, scrollY])).toEqual([0, 0]);
    await stays();
  });

  test('text is selected and copied, the clipboard is read: fail', async () => {
    await page.mouse.move(100, 60);
    await page.mouse.down();
    await page.mouse.move(900, 900);
    await page.mouse.up();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+c');
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('');
    const read = await page.evaluate(
      () =>
        navigator.clipboard?.readText().then(
          () => 'read',
          () => 'refused',
        ) ?? 'refused',
    );
    expect(read).toBe('refused');
    await stays();
  });

  test('camera, microphone, place, USB, serial, notifications, full screen: are all refused without asking', async () => {
    const got = await page.evaluate(async () => {
      const refused = (ask: (() => Promise<unknown>) | undefined) =>
        ask === undefined
          ? 'refused'
          : ask().then(
              () => 'given',
              () => 'refused',
            );
      const nav = navigator as Navigator & {
        usb?: { requestDevice(filter: object): Promise<unknown> };
        serial?: { requestPort(): Promise<unknown> };
        hid?: { requestDevice(filter: object): Promise<unknown> };
      };
      return Promise.all([
        refused(() => navigator.mediaDevices.getUserMedia({ video: true })),
        refused(() => navigator.mediaDevices.getUserMedia({ audio: true })),
        refused(
          () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject)),
        ),
        refused(nav.usb && (() => nav.usb?.requestDevice({ filters: [] }) ?? Promise.reject())),
        refused(nav.serial && (() => nav.serial?.requestPort() ?? Promise.reject())),
        refused(nav.hid && (() => nav.hid?.requestDevice({ filters: [] }) ?? Promise.reject())),
        refused(
          typeof Notification === 'undefined'
            ? undefined
            : () =>
                Notification.requestPermission().then((answer) =>
                  answer === 'granted' ? 1 : Promise.reject(),
                ),
        ),
        refused(() => document.documentElement.requestFullscreen()),
      ]);
    });
    expect(got).toEqual(Array(8).fill('refused'));
    await stays();
  });

  test('a keyboard on the screen comes up: nothing takes text', async () => {
    expect(
      await page
        .locator('input, textarea, select, [contenteditable], [role=textbox], iframe, object, embed, form')
        .count(),
    ).toBe(0);
  });

  test('script of somebody else runs, markup of somebody else is taken: fail', async () => {
    const got = await page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.textContent = 'globalThis.taken = true';
        document.body.append(script);
      } catch {
        // Trusted Types.
      }
      let html = 'refused';
      try {
        document.body.insertAdjacentHTML('beforeend', '<b id="taken"></b>');
        html = 'taken';
      } catch {
        // Trusted Types.
      }
      return [(globalThis as { taken?: boolean }).taken ?? false, html];
    });
    expect(got).toEqual([false, 'refused']);
    await stays();
  });
});

describe('what holds outside the page', () => {
  test('the policy lets one address in and closes every other door', () => {
    const policy = JSON.parse(deploy('chromium-policy.json'));
    expect(policy.URLBlocklist).toContain('*');
    for (const scheme of ['file://*', 'view-source:*', 'chrome://*', 'devtools://*']) {
      expect(policy.URLBlocklist).toContain(scheme);
    }
    expect(policy.URLAllowlist).toEqual(['http://127.0.0.1:8082']);
    expect(policy).toMatchObject({
      DeveloperToolsAvailability: 2,
      DownloadRestrictions: 3,
      PrintingEnabled: false,
      AllowFileSelectionDialogs: false,
      DefaultPopupsSetting: 2,
      IncognitoModeAvailability: 1,
      ExtensionInstallBlocklist: ['*'],
    });
  });

  test('the service of the browser has the flags that the agent gives', () => {
    const unit = deploy('kerbside-kiosk.service');
    for (const flag of [
      '--kiosk',
      '--disable-pinch',
      '--overscroll-history-navigation=0',
      '--pull-to-refresh=0',
      '--deny-permission-prompts',
      '--disable-extensions',
    ]) {
      expect(KIOSK_FLAGS).toContain(flag);
      expect(unit).toContain(flag);
    }
  });

  test.each([
    ['a keyboard', { idVendor: '046d', idProduct: 'c31c', bDeviceClass: '00' }, '0'],
    ['a stick', { idVendor: '0781', idProduct: '5567', bDeviceClass: '00' }, '0'],
    ['a network card', { idVendor: '0bda', idProduct: '8153', bDeviceClass: 'ff' }, '0'],
    ['a hub', { idVendor: '05e3', idProduct: '0610', bDeviceClass: '09' }, '1'],
    ['a serial bridge of the sign', { idVendor: '1a86', idProduct: '7523', bDeviceClass: 'ff' }, '1'],
  ])('%s that is plugged in', (_what, device, authorized) => {
    expect(udev(deploy('90-kerbside-usb.rules'), device)).toBe(authorized);
  });
});

/** What rules of udev make of a new USB device: matches, assignments and jumps, as far as this file uses them (udev(7)). */
function udev(rules: string, device: Readonly<Record<string, string>>): string {
  const facts: Record<string, string> = {
    ACTION: 'add',
    SUBSYSTEM: 'usb',
    'ENV{DEVTYPE}': 'usb_device',
    // What usbcore.authorized_default=0 makes of it before.
    'ATTR{authorized}': '0',
    ...Object.fromEntries(Object.entries(device).map(([name, value]) => [`ATTR{${name}}`, value])),
  };
  let target: string | undefined;
  for (const line of rules.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const parts = [...line.matchAll(/([\w{}]+)\s*(==|!=|\+=|=)\s*"([^"]*)"/g)].map(
      ([, key = '', operator = '', value = '']) => ({ key, operator, value }),
    );
    const mark = parts.find(({ key }) => key === 'LABEL');
    if (target !== undefined) {
      if (mark?.value === target) target = undefined;
      continue;
    }
    const holds = parts.every(({ key, operator, value }) => {
      if (operator === '==') return facts[key] === value;
      return operator === '!=' ? facts[key] !== value : true;
    });
    if (!holds) continue;
    for (const { key, operator, value } of parts) {
      if (operator !== '=') continue;
      if (key === 'GOTO') target = value;
      else if (key.startsWith('ATTR')) facts[key] = value;
    }
  }
  return facts['ATTR{authorized}'] ?? '';
}
