/** A unit that is nobody's yet: what its page is told, how it goes over, and what somebody at it cannot do. */
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { load } from '../../../agent/cli/site.ts';
import { takeClaim } from '../../../agent/compose/unclaimed/take.ts';
import { claimEndpoints } from '../../../agent/console/api/claim.ts';
import { openApi } from '../../../agent/console/api/openapi.ts';
import { CLAIM_PATHS } from '../../../agent/console/routes.ts';
import { newContentKey } from '../../../agent/core/envelope.ts';
import { silent } from '../../../agent/core/log.ts';
import { CITY_KEY, claimText, openClaimCity } from '../../support/claims.ts';
import { MINIMAL, STREET } from '../config/site-folder.ts';
import { HARDWARE, openUnit, type TestUnit } from './unit.ts';

const MINE = { hardware: [HARDWARE[0] ?? ''] };
const PATIENCE = { timeout: 15_000 };

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

/** Lets the unit look, again and again, until it has gone over. */
async function goesOver(at: TestUnit): Promise<void> {
  await expect
    .poll(async () => {
      await at.clock.advance(1000);
      return isSettled(at.unit.named);
    }, PATIENCE)
    .toBe(true);
  await at.unit.named;
}

test('says who it is, and is alive but not ready', async () => {
  await using city = await openClaimCity();
  await using at = await openUnit({ url: city.url });
  const told = JSON.parse((await at.get('/api/v1/claim')).text);
  expect(told).toMatchObject({
    ...{ state: 'unclaimed', hardware: HARDWARE, keys: ['city-1'] },
    exchange: new URL(city.url).host,
  });
  expect(told.qr.length).toBeGreaterThan(20);
  expect(Math.abs(told.now - Date.now())).toBeLessThan(60_000);
  expect((await at.get('/healthz')).status).toBe(200);
  const ready = await at.get('/readyz');
  expect([ready.status, JSON.parse(ready.text)]).toEqual([503, { ready: false, unclaimed: true }]);
  await at.unit.pulse();
  expect(at.said).toContain('agent.unclaimed');
  for (const path of CLAIM_PATHS) {
    const page = await at.get(path);
    expect([path, page.status, page.text.includes('/assets/claim-main.')]).toEqual([path, 200, true]);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  }
  expect(await isSettled(at.unit.named)).toBe(false);
});

test('becomes the unit of a code, once its page has the answer, and hands the first login over', async () => {
  await using city = await openClaimCity();
  city.claims.set('K7QX-29TD', claimText(STREET, MINE));
  await using at = await openUnit({ url: city.url });
  const answer = await at.offer(' k7qx-29td ');
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    200,
    { agent: 'pole-0817', site: 'demo-street', key: 'city-1', console: '127.0.0.1:8080' },
  ]);
  expect(city.asked).toEqual([`/claims/K7QX-29TD?hardware=${encodeURIComponent(HARDWARE[0] ?? '')}`]);
  expect(existsSync(at.siteFile)).toBe(true);
  expect(await isSettled(at.unit.named)).toBe(false);
  await at.clock.advance(250);
  await at.unit.named;
  const code = new URL(JSON.parse(answer.text).login, 'http://x').searchParams.get('code') ?? '';
  expect(at.memory.codes.redeem(code)).toEqual({ role: 'administrator', person: 'claim' });
  expect(at.memory.claimedOverLink).toBe(false);
  expect(at.said).toContain('claim.taken');
});

test('notices a claim that was taken on the shell, and a site file that was put there when it is right', async () => {
  {
    await using at = await openUnit();
    const taken = await takeClaim(Buffer.from(claimText(STREET)), {
      siteFile: at.siteFile,
      ...{ keys: [CITY_KEY.key], hardware: HARDWARE, now: Date.now() },
      load: (file) => load(file, 'skip'),
      refuseWhileRunning: async () => {},
    });
    expect(taken).toMatchObject({ ok: true });
    await goesOver(at);
  }
  await using at = await openUnit();
  writeFileSync(at.siteFile, 'site: [half a file');
  await expect
    .poll(async () => {
      await at.clock.advance(1000);
      return at.said;
    }, PATIENCE)
    .toContain('agent.unclaimed-site-wrong');
  expect(await isSettled(at.unit.named)).toBe(false);
  writeFileSync(at.siteFile, MINIMAL);
  await goesOver(at);
});

test('ends a claim of the shell that was killed in the middle', async () => {
  await using at = await openUnit();
  let done = 0;
  const killed = takeClaim(Buffer.from(claimText(STREET)), {
    siteFile: at.siteFile,
    ...{ keys: [CITY_KEY.key], hardware: HARDWARE, now: Date.now() - 60_000 },
    load: (file) => load(file, 'skip'),
    refuseWhileRunning: async () => {},
    before: (step) => {
      if (step.startsWith('move') && ++done === 2) throw new Error('killed');
    },
  });
  await expect(killed).rejects.toThrow('killed');
  const plan = `${at.siteFile}.restore`;
  // Others have their turn first.
  await at.clock.advance(1000);
  expect([existsSync(plan), await isSettled(at.unit.named)]).toEqual([true, false]);
  const { utimes } = await import('node:fs/promises');
  await utimes(plan, 1, 1);
  await goesOver(at);
  expect([existsSync(plan), existsSync(at.siteFile)]).toEqual([false, true]);
});

test('refuses with code, reason, fix and facts, and changes nothing', async () => {
  await using city = await openClaimCity();
  await using at = await openUnit({ url: city.url });
  const now = Date.now();
  const other = newContentKey('city-1');
  const stranger = newContentKey('city-9');
  const cases: readonly (readonly [string, string, object])[] = [
    ['?', 'no-code', {}],
    [at.siteFile.replace('site.yaml', 'claim.yaml'), 'no-code', {}],
    ['https://evil.example/x', 'other-address', { host: 'evil.example' }],
    ['AAAA-0000', 'code-unknown', { host: new URL(city.url).host }],
    ['{"x":1}', 'malformed', {}],
    [claimText(STREET, MINE, now, other), 'bad-signature', {}],
    [claimText(STREET, MINE, now, stranger), 'unknown-key', { keys: 'city-1' }],
    [
      claimText(STREET, { hardware: ['cpu:2'] }),
      'other-hardware',
      { theirs: 'cpu:2', ours: HARDWARE.join(', ') },
    ],
    [claimText(STREET, MINE, now + 10 * 86_400_000), 'clock-behind', { clock: expect.any(String) }],
    [claimText(STREET, MINE, now - 2 * 86_400_000), 'expired', { expires: expect.any(String) }],
    [
      claimText(`${STREET}x: 1\n`, MINE),
      'site-wrong',
      { problems: expect.stringMatching(/^site\.yaml:\d+:1 x: /) },
    ],
    [
      claimText(STREET, { files: { 'site.yaml': STREET, '../../etc/cron.d/x': '* * * * *' } }),
      'malformed',
      {},
    ],
    [claimText(STREET, { files: { 'site.yaml': STREET, '/etc/cron.d/x': '' } }), 'malformed', {}],
    [claimText(STREET, { siteFile: '../site.yaml' }), 'malformed', {}],
    [claimText(STREET, { files: { 'site.yaml': 'x'.repeat(600_000) } }), 'malformed', {}],
  ];
  for (const [given, code, facts] of cases) {
    const answer = await at.offer(given);
    const body = JSON.parse(answer.text);
    expect([given.slice(0, 60), answer.status, body]).toMatchObject([
      given.slice(0, 60),
      422,
      { code, facts },
    ]);
    expect(body.fix).toMatch(/\.$/);
    await at.clock.advance(6000);
  }
  expect(existsSync(at.siteFile)).toBe(false);
  expect(existsSync(join(at.dir, 'etc', '.restore-site'))).toBe(false);
  expect(await isSettled(at.unit.named)).toBe(false);
  expect(at.said.filter((event) => event === 'claim.refused')).toHaveLength(cases.length);
});

test('refuses what another page sends, a name that is not its own, and any body that is no JSON', async () => {
  await using at = await openUnit();
  const claim = claimText(STREET);
  const own = new URL(at.unit.console).host;
  for (const headers of [
    { origin: 'http://evil.example' },
    { origin: `http://${own.replace(/\d+$/, '1')}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    expect([headers, (await at.offer(claim, headers)).status]).toEqual([headers, 403]);
  for (const host of ['evil.example', 'kerbside.local', '10.0.0.7'])
    expect([host, (await at.offer(claim, { host })).status]).toEqual([host, 421]);
  expect((await at.get('/api/v1/claim', { host: 'evil.example' })).status).toBe(421);
  expect((await at.offer(claim, { 'content-type': 'text/plain' })).status).toBe(415);
  for (const wrong of [undefined, 7, '', ['x'], { $: 1 }]) expect((await at.offer(wrong)).status).toBe(400);
  expect(existsSync(at.siteFile)).toBe(false);
});

test('counts what is offered before it is read: codes are not guessed, and the city is not flooded', async () => {
  await using city = await openClaimCity();
  await using at = await openUnit({ url: city.url });
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await at.offer(`AAAA-${1000 + i}`)).status);
  expect(statuses).toEqual([...Array<number>(10).fill(422), 429, 429]);
  expect(city.asked).toHaveLength(10);
  const held = await at.offer(claimText(STREET));
  expect([held.status, held.headers['retry-after'], JSON.parse(held.text).facts]).toEqual([
    429,
    '6',
    { seconds: '6' },
  ]);
  await at.clock.advance(6000);
  expect((await at.offer('AAAA-2000')).status).toBe(422);
});

test('reads no huge body, and few at once', async () => {
  await using at = await openUnit();
  const huge = await at.offer('x'.repeat(2 * 1024 * 1024)).catch((error: Error) => error);
  // It is hung up on somebody who goes on sending.
  if (!(huge instanceof Error)) expect(huge.status).toBe(413);
  // Four that have begun and say no more.
  const { hostname, port } = new URL(at.unit.console);
  const slow = Array.from({ length: 4 }, () => {
    const headers = { 'content-type': 'application/json', 'content-length': '900000' };
    const asked = request({ hostname, port, path: '/api/v1/claim', method: 'POST', agent: false, headers });
    asked.on('error', () => {});
    asked.write('{"claim":"');
    return asked;
  });
  await expect.poll(async () => (await at.offer('AAAA-0000')).status, PATIENCE).toBe(409);
  for (const asked of slow) asked.destroy();
  await expect
    .poll(async () => {
      await at.clock.advance(6000);
      return (await at.offer('AAAA-0000')).status;
    }, PATIENCE)
    .toBe(422);
  await at.unit.pulse();
  expect(existsSync(at.siteFile)).toBe(false);
});

test('takes one of two that come at once', async () => {
  await using at = await openUnit();
  const answers = await Promise.all([
    at.offer(claimText(STREET, { id: 'claim-0001' })),
    at.offer(claimText(STREET, { id: 'claim-0002' })),
  ]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
});

test('answers to its page, its two routes and the probes, and to nothing of a named unit', async () => {
  await using at = await openUnit();
  for (const path of [
    '/session',
    '/points',
    '/site',
    '/config',
    '/openapi.json',
    '/people',
    '/commissioning/ports',
  ])
    expect([path, (await at.get(`/api/v1${path}`)).status]).toEqual([path, 401]);
  expect((await at.get('/metrics')).status).toBe(404);
  const session = at.memory.sessions.create(
    { role: 'administrator' },
    { door: 'local', address: '127.0.0.1' },
  );
  expect(session.key).toMatch(/./);
});

test('over the service link takes a claim, too, and then is held to commissioning', async () => {
  const service = { port: 0, lasts: 900_000, powerUp: true };
  await using at = await openUnit();
  const state = join(at.dir, 'linked');
  await using linked = await openUnit({
    image: { keys: [CITY_KEY.key], state, listen: { host: '127.0.0.1', port: 0 }, service, secrets: [] },
  });
  await expect.poll(() => linked.unit.link?.open, PATIENCE).toBe(true);
  const door = `https://127.0.0.1:${linked.unit.link?.port}`;
  const answer = await linked.offer(claimText(STREET), {}, door);
  expect(answer.status).toBe(200);
  const code = new URL(JSON.parse(answer.text).login, door).searchParams.get('code') ?? '';
  expect(linked.memory.codes.redeem(code)).toEqual({
    ...{ role: 'administrator', person: 'claim' },
    scopes: ['commission', 'read'],
  });
  expect(linked.memory.claimedOverLink).toBe(true);
  // After power-up, and for a while: a unit that has run for an hour opens nothing.
  await using late = await openUnit({
    image: { keys: [CITY_KEY.key], state, listen: { host: '127.0.0.1', port: 0 }, service, secrets: [] },
    link: { uptime: 3_600_000 },
  });
  expect(late.unit.link?.open).toBe(false);
});

test('its API stands in the repository as it is served', async () => {
  const desk = { hardware: [], exchange: undefined, keys: [], now: Date.now, take: () => Promise.reject() };
  const table = claimEndpoints({ desk, version: '', log: silent, onTaken: () => '' });
  const info = {
    title: 'Kerbside API of an unclaimed unit',
    description:
      'What a factory image without a site file answers to. Nobody is logged in: the signature of a claim decides.',
  };
  await expect(
    stringify(JSON.parse(JSON.stringify(openApi(table, info))), { aliasDuplicateObjects: false }),
  ).toMatchFileSnapshot('../../../docs/openapi-unclaimed.yaml');
});
