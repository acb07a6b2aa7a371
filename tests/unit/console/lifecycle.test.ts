/** Where the console listens, and that nothing is left of it. */
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLocalDoor, requestLink } from '../../../agent/console/access/local-door.ts';
import type { Facts, Log } from '../../../agent/core/log.ts';
import { openConsole, pathOf } from './open-console.ts';

/** A log that keeps its lines. */
function keeping(): { log: Log; lines: { event: string; facts: Facts }[] } {
  const lines: { event: string; facts: Facts }[] = [];
  const keep = (event: string, facts: Facts = {}) => void lines.push({ event, facts });
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, with: () => log };
  return { log, lines };
}

describe('listening', () => {
  test('takes the next free port and says so', async () => {
    await using stack = new AsyncDisposableStack();
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    stack.defer(async () => void (await new Promise((resolve) => other.close(resolve))));
    const address = other.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { log, lines } = keeping();
    const opened = stack.use(await openConsole({ log, listen: { host: '127.0.0.1', port: address.port } }));
    const port = Number(new URL(opened.console.url).port);
    expect(port).not.toBe(address.port);
    expect(lines.find(({ event }) => event === 'console.port_taken')?.facts).toEqual({
      wanted: address.port,
      port,
    });
    expect((await opened.ask('/healthz')).status).toBe(200);
  });

  test('is for this machine alone: plain HTTP elsewhere is refused with the fix', async () => {
    for (const host of ['0.0.0.0', '::', '203.0.113.7', 'gateway.local']) {
      await expect(openConsole({ listen: { host, port: 0 } })).rejects.toMatchObject({
        code: 'config-invalid',
        fix: expect.stringContaining('remote'),
      });
    }
  });

  test('listens on IPv6 loopback with a link that works', async () => {
    await using opened = await openConsole({ listen: { host: '::1', port: 0 } });
    expect(opened.console.link()).toMatch(/^http:\/\/\[::1\]:\d+\/login/);
    expect((await opened.ask('/api/v1/session', { headers: await opened.login() })).status).toBe(200);
  });
});

describe('the local door', () => {
  test('gives a link that logs in, to the owner of the state folder only, and closes with the console', async () => {
    const opened = await openConsole();
    const path = join(opened.stateDir, 'console', 'login.sock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const link = await requestLink(opened.stateDir);
    expect(link.startsWith(`${opened.console.url}/login?code=`)).toBe(true);
    expect((await opened.ask(pathOf(link))).status).toBe(303);
    await opened.console[Symbol.asyncDispose]();
    await expect(requestLink(opened.stateDir)).rejects.toMatchObject({ code: 'not-found' });
    await opened[Symbol.asyncDispose]();
  });

  test('opens again over the socket that a killed agent left behind', async () => {
    await using opened = await openConsole();
    const dead = join(opened.stateDir, 'dead', 'console');
    await mkdir(dead, { recursive: true });
    await writeFile(join(dead, 'login.sock'), '');
    await using door = await openLocalDoor(join(opened.stateDir, 'dead'), () => ({
      link: 'a-link',
      short: 'K7QM-3XPD',
    }));
    expect(door).toBeDefined();
    expect(await requestLink(join(opened.stateDir, 'dead'))).toBe('a-link');
  });

  test('says where the path is too long', async () => {
    await expect(
      openLocalDoor(`/tmp/${'x'.repeat(120)}`, () => ({ link: '', short: '' })),
    ).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});

describe('the end', () => {
  test('closes the port, twice does no harm, and links keep no secret in the log', async () => {
    const { log, lines } = keeping();
    const opened = await openConsole({ log });
    const person = await opened.login();
    const secret = await opened.console.issueToken('node-red', 'technician');
    await opened.console[Symbol.asyncDispose]();
    await opened.console[Symbol.asyncDispose]();
    await expect(opened.ask('/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const said = JSON.stringify(lines);
    expect(said).toContain('access.login');
    for (const hidden of [secret, person['x-kerbside-key'], person.cookie.split('=')[1] ?? '']) {
      expect(said).not.toContain(hidden);
    }
    await opened[Symbol.asyncDispose]();
  });

  test('comes by the signal, too', async () => {
    const stop = new AbortController();
    const opened = await openConsole({ signal: stop.signal });
    stop.abort();
    await expect.poll(() => opened.ask('/healthz').catch((error) => error.code)).toBe('ECONNREFUSED');
    await opened[Symbol.asyncDispose]();
    await expect(openConsole({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
