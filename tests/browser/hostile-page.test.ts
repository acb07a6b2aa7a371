/**
 * A hostile page on Node-RED's origin, in a real browser whose person is logged in at the console: whatever a flow puts on
 * that page, it reads nothing of the console, does nothing there, and gets neither half of the session.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Console } from '../../agent/console/server.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { AgentData } from '../support/agent-data.ts';
import { program } from '../support/programs.ts';
import { type Browser, openBrowser, openConsole } from './support/console.ts';

const chromium = program('chromium');

/** What the page tries, told as JSON. `target`: the console's origin. */
const attack = async (target: string) => {
  const told: Record<string, unknown> = {};
  const attempt = async (name: string, work: () => Promise<unknown>) => {
    told[name] = await work().catch((error: Error) => `threw ${error.name}`);
  };
  const json = { 'content-type': 'application/json' };
  const command = JSON.stringify({
    id: 'evil',
    device: 'board',
    point: 'lamp-level',
    value: 0,
    expires_in_s: 60,
  });
  const read = async (init: RequestInit) => (await fetch(`${target}/api/v1/points`, init)).text();
  await attempt('reads', () => read({ credentials: 'include' }));
  await attempt('reads with a guessed key', () =>
    read({ credentials: 'include', headers: { 'x-kerbside-key': 'x' } }),
  );
  await attempt('reads without cors', async () => {
    const { type, status } = await fetch(`${target}/api/v1/points`, {
      mode: 'no-cors',
      credentials: 'include',
    });
    return `${type} ${status}`;
  });
  await attempt('commands', () =>
    fetch(`${target}/api/v1/commands`, {
      method: 'POST',
      credentials: 'include',
      headers: json,
      body: command,
    }),
  );
  await attempt('commands as a simple request', async () => {
    const init = { method: 'POST', mode: 'no-cors', credentials: 'include', body: command } as const;
    return (await fetch(`${target}/api/v1/commands`, init)).type;
  });
  await attempt('beacon', async () =>
    navigator.sendBeacon(`${target}/api/v1/commands`, new Blob([command], { type: 'text/plain' })),
  );
  await attempt(
    'socket',
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${target.replace('http', 'ws')}/api/v1/stream`);
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      }),
  );
  await attempt(
    'stream',
    () =>
      new Promise((resolve) => {
        const source = new EventSource(`${target}/api/v1/stream`, { withCredentials: true });
        source.onmessage = () => resolve('data');
        source.onerror = () => resolve('refused');
      }),
  );
  await attempt(
    'frame',
    () =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.src = `${target}/`;
        frame.onload = () => {
          try {
            resolve(frame.contentDocument?.body.textContent || 'empty');
          } catch (error) {
            resolve(`threw ${(error as Error).name}`);
          }
        };
        document.body.append(frame);
      }),
  );
  await attempt('window', async () => {
    const opened = window.open(`${target}/`, 'console');
    for (let i = 0; i < 20; i++) {
      opened?.postMessage({ type: 'kerbside', key: 'give' }, '*');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    try {
      return opened?.document.body.textContent || 'empty';
    } catch (error) {
      return `threw ${(error as Error).name}`;
    }
  });
  await attempt('form', async () => {
    const form = document.createElement('form');
    Object.assign(form, {
      method: 'POST',
      action: `${target}/api/v1/commands`,
      enctype: 'text/plain',
      target: 'sink',
    });
    const input = document.createElement('input');
    Object.assign(input, { name: command.slice(0, -1), value: '}' });
    form.append(input);
    document.body.append(form);
    form.submit();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return 'sent';
  });
  await attempt(
    'script',
    () =>
      new Promise((resolve) => {
        const script = document.createElement('script');
        script.src = `${target}/api/v1/site`;
        script.onload = () => resolve('ran');
        script.onerror = () => resolve('refused');
        document.body.append(script);
      }),
  );
  await attempt(
    'picture',
    () =>
      new Promise((resolve) => {
        const picture = new Image();
        picture.src = `${target}/api/v1/cameras/camera-1/frame`;
        picture.onload = () => resolve('seen');
        picture.onerror = () => resolve('refused');
      }),
  );
  told.cookie = document.cookie;
  told.storage = JSON.stringify({ ...localStorage });
  return told;
};

describe.runIf(chromium !== undefined)('a hostile page', () => {
  const stack = new AsyncDisposableStack();
  const clock = new SystemClock();
  const street = new AgentData({ clock });
  let console_: Console;
  let browser: Browser;
  let port: number;
  const asked: IncomingMessage['headers'][] = [];

  beforeAll(async () => {
    console_ = (await openConsole(stack, street, clock)).opened;
    const flows = createServer((request, response) => {
      asked.push(request.headers);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>a flow</title><body></body>');
    }).listen(0, '127.0.0.1');
    await once(flows, 'listening');
    stack.defer(() => {
      flows.closeAllConnections();
      flows.close();
    });
    port = (flows.address() as AddressInfo).port;
    browser = await openBrowser(stack, chromium);
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  // By localhost as the agent gives Node-RED's address, and by the very host of the console: same site, another port.
  test.each(['localhost', '127.0.0.1'])(
    'on %s gains nothing',
    async (host) => {
      await using context = await browser.newContext();
      const person = await context.newPage();
      await person.goto(console_.link('administrator'));
      await expect
        .poll(() => person.evaluate(() => localStorage.length), { timeout: 15_000 })
        .toBeGreaterThan(0);
      const key = await person.evaluate(() => localStorage.getItem('kerbside.key'));
      expect(key).toMatch(/^[\w-]{43}$/);
      const flow = await context.newPage();
      await flow.goto(`http://${host}:${port}/`);
      const told = await flow.evaluate(attack, console_.url);
      const said = JSON.stringify(told);
      expect(said).not.toContain('meter-feeder');
      expect(said).not.toContain(key);
      expect(told).toMatchObject({
        reads: 'threw TypeError',
        'reads with a guessed key': 'threw TypeError',
        commands: 'threw TypeError',
        socket: 'refused',
        stream: 'refused',
        script: 'refused',
        picture: 'refused',
        cookie: '',
        storage: '{}',
      });
      expect(told['reads without cors']).toMatch(/^(opaque 0|threw TypeError)$/);
      expect(['threw SecurityError', 'empty']).toContain(told.frame);
      expect(told.window).toBe('threw SecurityError');
      expect(street.submitted).toEqual([]);
      // What the browser gave it on the same host is half a session, which opens nothing.
      const halves = asked.flatMap(({ cookie }) => cookie ?? []);
      for (const cookie of halves) {
        const answer = await fetch(`${console_.url}/api/v1/session`, { headers: { cookie } });
        expect(answer.status).toBe(401);
      }
      expect(halves.length > 0).toBe(host === '127.0.0.1');
      asked.length = 0;
      // The person is still there.
      await person.reload();
      await person.getByRole('navigation').waitFor();
    },
    60_000,
  );
});
