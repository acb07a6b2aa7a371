/** Guessing: codes, links, passwords and tokens, from one address and from many, without shutting the owner out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoginLimit, network } from '../../../../agent/console/access/login-limit.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { openConsole, type Person, pathOf, type TestConsole } from '../open-console.ts';

const REMOTE = { listen: { host: '127.0.0.1', port: 0 }, hosts: [], hsts: false };
const PASSWORD = 'lantern rides past eleven';

let at: TestConsole;
let boss: Person;
let remote: string;
beforeAll(async () => {
  at = await openConsole({ remote: REMOTE });
  boss = await at.login();
  remote = at.console.remote ?? '';
  await at.post('/api/v1/people', { name: 'owner', role: 'administrator', password: PASSWORD }, boss);
});
afterAll(() => at[Symbol.asyncDispose]());

/** One of many addresses of loopback. */
const address = (i: number) => `127.0.${1 + Math.floor(i / 200)}.${1 + (i % 200)}`;

async function guess(path: string, from: string, body?: object): Promise<number> {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  return (await at.ask(path, { at: remote, from, headers, ...sent })).status;
}

describe('guesses', () => {
  test('of short codes from many addresses are held together, and shut out neither a real link nor the cabinet', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 110; i++) {
      const wrong = `AAAA-${String(i).padStart(4, '0')}`;
      statuses.push(await guess(`/login?code=${wrong}`, address(i)));
    }
    expect(statuses).toEqual([...Array<number>(100).fill(401), ...Array<number>(10).fill(429)]);
    const { short } = at.console.login();
    expect(await guess(`/login?code=${short}`, address(500))).toBe(429);
    expect(await guess(pathOf(at.console.link()), address(501))).toBe(303);
    expect((await at.ask(`/login?code=${short}`)).status).toBe(303);
    await at.clock.advance(600);
    expect(await guess(`/login?code=${at.console.login().short}`, address(502))).toBe(303);
  });

  test('of a password from many addresses are held for the account, and its owner at the cabinet gets in', async () => {
    const body = (password: string) => ({ name: 'owner', password });
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++)
      statuses.push(await guess('/api/v1/login', address(600 + i), body(`wrong password ${i}`)));
    expect(statuses).toEqual([...Array<number>(20).fill(401), 429, 429]);
    expect(await guess('/api/v1/login', address(700), body(PASSWORD))).toBe(429);
    expect((await at.post('/api/v1/login', body(PASSWORD))).status).toBe(200);
    // Another account is not held, and this one opens again.
    expect(await guess('/api/v1/login', address(701), { name: 'nobody', password: 'x' })).toBe(401);
    await at.clock.advance(60_000);
    expect(await guess('/api/v1/login', address(702), body(PASSWORD))).toBe(200);
  });

  test('from one address are held for that address, right ones included', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++)
      statuses.push(await guess('/api/v1/login', address(900), { name: `n${i}`, password: 'x' }));
    expect(statuses.at(-1)).toBe(429);
    expect(await guess(pathOf(at.console.link()), address(900))).toBe(429);
    expect(await guess(pathOf(at.console.link()), address(901))).toBe(303);
  });

  test('at once are not more than were allowed, and never more checks than memory for them', async () => {
    const tries = Array.from({ length: 16 }, (_, i) =>
      guess('/api/v1/login', address(1000), { name: `p${i}`, password: 'x' }),
    );
    const statuses = await Promise.all(tries);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses.filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
  });

  test('of tokens and sessions open nothing, whatever they begin with', async () => {
    const { authorization } = await at.token('administrator');
    for (const cut of [10, 30, 49, 50]) {
      const guessed = {
        authorization: `${authorization.slice(0, cut + 7)}${'A'.repeat(50)}`.slice(0, authorization.length),
      };
      if (guessed.authorization === authorization) continue;
      expect((await at.ask('/api/v1/session', { headers: guessed })).status).toBe(401);
    }
    const other = {
      ...boss,
      'x-kerbside-key': `${boss['x-kerbside-key'].slice(0, 42)}${boss['x-kerbside-key'].endsWith('A') ? 'E' : 'A'}`,
    };
    expect((await at.ask('/api/v1/session', { headers: other })).status).toBe(401);
  });

  test('say nothing of who has an account', async () => {
    const ask = (name: string) => at.post('/api/v1/login', { name, password: 'not the password' });
    const [known, unknown] = [await ask('owner'), await ask('stranger')];
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
  });
});

test('an address of IPv6 counts as its /64, one of IPv4 in IPv6 as itself', () => {
  expect(network('2001:db8:1:2:3:4:5:6')).toBe(network('2001:db8:1:2::9'));
  expect(network('2001:db8:1:3::9')).not.toBe(network('2001:db8:1:2::9'));
  expect(network('fe80::1%wlan0')).toBe(network('fe80::2%eth0'));
  expect(network('::ffff:192.168.7.20')).toBe('192.168.7.20');
  expect(network('192.168.7.20')).toBe('192.168.7.20');
});

test('what was right is taken off the count again', () => {
  const limit = new LoginLimit(new VirtualClock());
  const one = { address: '192.0.2.1', near: false, account: 'owner' };
  for (let i = 0; i < 50; i++) {
    expect(limit.wait(one)).toBe(0);
    limit.failed(one);
    limit.right(one);
  }
});
