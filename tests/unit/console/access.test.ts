/** Who gets in, and who does not. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CODE_LIFE, LoginCodes } from '../../../agent/console/access/codes.ts';
import { RateLimit } from '../../../agent/console/access/rate-limit.ts';
import { IDLE, LONGEST, Sessions } from '../../../agent/console/access/sessions.ts';
import { AccessTokens } from '../../../agent/console/access/tokens.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openConsole, pathOf, type TestConsole } from './open-console.ts';

let console_: TestConsole;

/** Where sessions of these tests were opened. */
const HERE = { door: 'local', address: '127.0.0.1' } as const;

beforeAll(async () => {
  console_ = await openConsole();
});
afterAll(() => console_[Symbol.asyncDispose]());

describe('names of this host', () => {
  const status = async (host: string, path = '/healthz') =>
    (await console_.ask(path, { headers: { host } })).status;

  test('loopback ones pass on any port, for a port may be forwarded', async () => {
    for (const host of ['localhost', 'localhost:9000', '127.0.0.1:80', '[::1]:8080', 'LOCALHOST']) {
      expect([host, await status(host)]).toEqual([host, 200]);
    }
  });

  test('others are refused on every route (DNS rebinding)', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.9']) {
      for (const path of ['/healthz', '/', '/login?code=x', '/api/v1/points', '/assets/x.js']) {
        expect([host, path, await status(host, path)]).toEqual([host, path, 421]);
      }
    }
    expect(await status('a b')).toBe(400);
  });
});

describe('a one-time link', () => {
  test('logs in once, leaves no code behind, and sets a strict cookie', async () => {
    const path = pathOf(console_.console.link());
    expect(path).toMatch(/^\/login\?code=[\w-]{43}$/);
    const { status, headers } = await console_.ask(path);
    expect(status).toBe(303);
    expect(headers.location).toMatch(/^\/#key=[\w-]{43}$/);
    expect(headers['set-cookie']?.[0]).toMatch(
      /^kerbside_pole-0817=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const again = await console_.ask(path);
    expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined]);
  });

  test('leads to the page that was asked for, and to no other place', async () => {
    const to = async (page: string) => {
      const path = `${pathOf(console_.console.link())}&${new URLSearchParams({ to: page })}`;
      return (await console_.ask(path)).headers.location?.replace(/#key=.*/, '');
    };
    expect(await to('/devices/meter-feeder/voltage-l1')).toBe('/devices/meter-feeder/voltage-l1');
    expect(await to('/uplinks/city')).toBe('/uplinks/city');
    for (const strange of [
      '//evil.example',
      'https://evil.example/',
      '/\\evil.example',
      '/a?b',
      '/a#b',
      '/a/../b',
      'x',
    ])
      expect([strange, await to(strange)]).toEqual([strange, '/']);
    expect(await to(`/${'a/'.repeat(500)}`)).toBe('/');
  });

  test('expires, is not used up by looking ahead, and does not open with other methods', async () => {
    const path = pathOf(console_.console.link());
    expect((await console_.ask(path, { method: 'HEAD' })).status).toBe(404);
    expect((await console_.ask(path, { headers: { 'sec-purpose': 'prefetch' } })).status).toBe(503);
    expect((await console_.ask(path)).status).toBe(303);
    const late = pathOf(console_.console.link());
    await console_.clock.advance(CODE_LIFE);
    expect((await console_.ask(late)).status).toBe(401);
  });

  test('a login ends the session before it', async () => {
    const before = await console_.login();
    await console_.ask(pathOf(console_.console.link()), { headers: { cookie: before.cookie } });
    expect((await console_.ask('/api/v1/session', { headers: before })).status).toBe(401);
  });

  test('wrong codes are slowed down, and the way opens again', async () => {
    await using other = await openConsole();
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await other.ask(`/login?code=wrong${i}`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const refused = await other.ask(pathOf(other.console.link()));
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '6']);
    await other.clock.advance(6000);
    expect((await other.ask(pathOf(other.console.link()))).status).toBe(303);
  });
});

describe('sessions', () => {
  test('end by logout, by idleness and by age', async () => {
    const clock = new VirtualClock();
    const sessions = new Sessions(clock);
    const one = sessions.create({ role: 'viewer' }, HERE);
    expect(sessions.use(one.id, one.key, 'local')?.role).toBe('viewer');
    expect(sessions.use(one.id, one.id, 'local')).toBeUndefined();
    sessions.end(one.id);
    expect(sessions.use(one.id, one.key, 'local')).toBeUndefined();
    const idle = sessions.create({ role: 'viewer' }, HERE);
    await clock.advance(IDLE - 1);
    expect(sessions.alive(idle.id)).toBe(true);
    await clock.advance(1);
    expect(sessions.alive(idle.id)).toBe(false);
    const long = sessions.create({ role: 'viewer' }, HERE);
    for (let spent = 0; spent < LONGEST; spent += IDLE / 2) {
      expect(sessions.use(long.id, long.key, 'local')).toBeDefined();
      await clock.advance(IDLE / 2);
    }
    expect(sessions.use(long.id, long.key, 'local')).toBeUndefined();
  });

  test('logout takes both halves away', async () => {
    const person = await console_.login('viewer');
    expect((await console_.post('/api/v1/logout', {}, person)).status).toBe(200);
    expect((await console_.ask('/api/v1/session', { headers: person })).status).toBe(401);
  });

  test('are bounded: the one unused for longest goes', () => {
    const sessions = new Sessions(new VirtualClock());
    const first = sessions.create({ role: 'viewer' }, HERE);
    const second = sessions.create({ role: 'viewer' }, HERE);
    sessions.use(first.id, first.key, 'local');
    for (let i = 0; i < 63; i++) sessions.create({ role: 'viewer' }, HERE);
    expect([sessions.alive(first.id), sessions.alive(second.id)]).toEqual([true, false]);
  });
});

describe('codes and limits', () => {
  test('waiting codes are bounded', () => {
    const codes = new LoginCodes(new VirtualClock());
    const first = codes.create({ role: 'viewer' });
    for (let i = 0; i < 16; i++) codes.create({ role: 'viewer' });
    expect(codes.redeem(first.code)).toBeUndefined();
  });

  test('a limit forgets no debt while it lasts', async () => {
    const clock = new VirtualClock();
    const limit = new RateLimit(clock, { burst: 2, refill: 1000 });
    limit.failed('a');
    expect(limit.wait('a')).toBe(0);
    limit.failed('a');
    expect([limit.wait('a'), limit.wait('b')]).toEqual([1000, 0]);
    await clock.advance(999);
    expect(limit.wait('a')).toBe(1);
    await clock.advance(1);
    expect(limit.wait('a')).toBe(0);
  });
});

describe('tokens', () => {
  test('are kept as digests only, with rights for nobody else, and outlive a restart', async () => {
    const secret = await console_.console.issueToken('node-red', 'technician');
    expect(secret).toMatch(/^kb_[\w-]{43}$/);
    const path = join(console_.stateDir, 'console', 'tokens.json');
    expect(await readFile(path, 'utf8')).not.toContain(secret.slice(3));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await AccessTokens.open(console_.stateDir);
    const found = again.find(secret);
    expect([found?.name, found?.role, found?.valid()]).toEqual(['flow:node-red', 'technician', true]);
  });

  test('of the same name replace each other', async () => {
    const first = await console_.token('viewer', 'reader');
    const second = await console_.token('viewer', 'reader');
    expect((await console_.ask('/api/v1/points', { headers: first })).status).toBe(401);
    expect((await console_.ask('/api/v1/points', { headers: second })).status).toBe(200);
  });

  test('are made, listed and taken back by an administrator', async () => {
    const person = await console_.login();
    const made = JSON.parse(
      (await console_.post('/api/v1/tokens', { name: 'meter-app', role: 'viewer' }, person)).text,
    );
    const headers = { authorization: `Bearer ${made.secret}` };
    expect(JSON.parse((await console_.ask('/api/v1/session', { headers })).text)).toEqual({
      kind: 'token',
      name: 'api:meter-app',
      role: 'viewer',
      scopes: ['read', 'metrics'],
    });
    const listed = await console_.ask('/api/v1/tokens', { headers: person });
    expect(listed.text).toContain('meter-app');
    expect(listed.text).not.toContain(made.secret);
    const path = `/api/v1/tokens/${made.token.id}`;
    expect((await console_.ask(path, { method: 'DELETE', headers: person })).status).toBe(200);
    expect((await console_.ask(path, { method: 'DELETE', headers: person })).status).toBe(404);
    expect((await console_.ask('/api/v1/session', { headers })).status).toBe(401);
  });

  test('a damaged file is said, not overwritten', async () => {
    const { writeFile } = await import('node:fs/promises');
    await using other = await openConsole();
    await other.console.issueToken('a', 'viewer');
    await writeFile(join(other.stateDir, 'console', 'tokens.json'), '{"v":1,"tok');
    await expect(AccessTokens.open(other.stateDir)).rejects.toMatchObject({ code: 'store-damaged' });
  });

  test('an administrator makes a link for another role', async () => {
    const person = await console_.login();
    const { link } = JSON.parse((await console_.post('/api/v1/links', { role: 'viewer' }, person)).text);
    const answer = await console_.ask(pathOf(link));
    const [cookie = ''] = (answer.headers['set-cookie']?.[0] ?? '').split(';');
    const key = answer.headers.location?.split('#key=')[1] ?? '';
    const { text } = await console_.ask('/api/v1/session', { headers: { cookie, 'x-kerbside-key': key } });
    expect(JSON.parse(text).role).toBe('viewer');
  });
});
