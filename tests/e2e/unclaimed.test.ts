/** A factory image as it runs in the field: nobody's unit, then a named one, in one process; and killed in the middle of it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { claimText, claimYaml, openClaimCity } from '../support/claims.ts';
import { kerbside } from '../unit/cli/kerbside.ts';
import { MINIMAL } from '../unit/config/site-folder.ts';
import { openCity } from './city.ts';
import { openSite } from './site.ts';

const root = mkdtempSync(join(tmpdir(), 'kerbside-image-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
const SMALL = `${MINIMAL}console: { listen: "127.0.0.1:0" }\n`;
const START = 120_000;

/** A folder as an image has it; gives the path of the site file that is not there. */
function image(name: string, more: Readonly<Record<string, unknown>> = {}): string {
  const dir = join(root, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'claim.yaml'), claimYaml(more));
  return join(dir, 'site.yaml');
}

async function within<T>(what: string, promise: Promise<T>, agent: AgentProcess): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`waited in vain: ${what}\n${agent.log.join('\n')}`)),
    START,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const offer = (at: string, claim: string) =>
  fetch(`${at}/api/v1/claim`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ claim }),
  });

test('a code makes an image the unit of its pole, whose readings reach the city', {
  timeout: 300_000,
}, async () => {
  await using street = await openSite({ camera: false });
  await using city = await openCity(street.broker);
  await using codes = await openClaimCity();
  codes.claims.set('K7QX-29TD', claimText(readFileSync(street.file, 'utf8')));
  const file = image('street', { url: codes.url });
  await using agent = startAgent(file);
  const page = await within('unclaimed', agent.unclaimed, agent);
  // Nothing is read, nothing is written, nothing leaves.
  expect(readdirSync(join(root, 'street')).filter((name) => name !== 'claim.yaml')).toEqual([]);
  expect((await fetch(`${page}/api/v1/claim`)).status).toBe(200);
  const wrong = await offer(page, 'AAAA-0000');
  expect([wrong.status, await wrong.json()]).toMatchObject([422, { code: 'code-unknown' }]);
  expect(city.records.size).toBe(0);

  const answer = await offer(page, 'k7qx-29td');
  const taken = await answer.json();
  expect([answer.status, taken]).toMatchObject([200, { agent: 'pole-0817', site: 'demo-street' }]);
  const named = await within('named', agent.ready, agent);
  // The same process: it went over by itself.
  expect(process.kill(agent.pid, 0)).toBe(true);
  await city.until(() => city.records.size > 20, 'readings of the named unit', START);
  const epochs = new Set([...city.records.values()].map(({ epoch }) => epoch));
  expect(epochs.size).toBe(1);
  const state = join(root, 'street', 'state');
  expect(JSON.parse(readFileSync(join(state, 'identity.json'), 'utf8'))).toMatchObject({ generation: 1 });
  expect(existsSync(join(state, 'device-key.pem'))).toBe(true);
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
  // Whoever took the claim logs in once, and its page is gone.
  const first = await fetch(`${named.console}${taken.login}`, { redirect: 'manual' });
  expect([first.status, first.headers.get('location')]).toEqual([303, expect.stringContaining('#key=')]);
  expect((await fetch(`${named.console}${taken.login}`, { redirect: 'manual' })).status).toBe(401);
  expect((await offer(named.console, 'K7QX-29TD')).status).toBe(401);
  expect(await agent.stop()).toBeLessThan(10_000);
});

test('a claim of the shell is noticed, and doctor says what the unit is', { timeout: 300_000 }, async () => {
  const file = image('shell');
  const claim = join(root, 'pole.claim');
  writeFileSync(claim, claimText(SMALL));
  await using agent = startAgent(file);
  await within('unclaimed', agent.unclaimed, agent);
  const doctor = await kerbside(['doctor', '--offline', '--site', file], { cwd: root });
  expect(doctor.out).toMatch(/site file: none: the unit is unclaimed and waits for a claim signed by city-1/);
  const take = await kerbside(['claim', 'take', claim, '--site', file, '--json'], { cwd: root });
  expect([take.code, JSON.parse(take.out)]).toMatchObject([0, { ok: true, agent: 'pole-0817' }]);
  await within('named', agent.ready, agent);
  // A named unit is left alone while it runs.
  const again = await kerbside(['claim', 'take', claim, '--site', file], { cwd: root });
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('it was taken here before')]);
});

test.each([
  ['staged', '.restore-site'],
  ['committed', 'site.yaml.restore'],
  ['done', 'site.yaml'],
])('killed when the claim is %s it is the image or the unit', { timeout: 300_000 }, async (name, seen) => {
  const file = await killedAt(name, seen);
  await using agent = startAgent(file);
  const which = await within(
    'a start',
    Promise.race([agent.unclaimed.then(() => 'image'), agent.ready.then(() => 'unit')]),
    agent,
  );
  if (name !== 'staged') expect(which).toBe('unit');
  if (which === 'image') {
    expect(existsSync(file)).toBe(false);
    expect((await offer(await agent.unclaimed, claimText(SMALL))).status).toBe(200);
    await within('named', agent.ready, agent);
  }
  expect(readFileSync(file, 'utf8')).toBe(SMALL);
  expect(existsSync(`${file}.restore`)).toBe(false);
});

/** An image that was killed when `seen` stood beside its site file. That is so for less than a millisecond: what comes too late tries again. */
async function killedAt(name: string, seen: string): Promise<string> {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const file = image(`${name}-${attempt}`);
    const mark = join(root, `${name}-${attempt}`, seen);
    await using agent = startAgent(file);
    const page = await within('unclaimed', agent.unclaimed, agent);
    const answered = offer(page, claimText(SMALL)).catch(() => {});
    const end = performance.now() + START;
    while (!existsSync(mark) && !existsSync(file) && performance.now() < end)
      await new Promise((next) => setImmediate(next));
    const hit = existsSync(mark);
    await agent.kill();
    await answered;
    if (hit) return file;
  }
  throw new Error(`${seen} was never seen`);
}

test('without claim.yaml, or with a wrong one, the fix is told with its place', {
  timeout: 120_000,
}, async () => {
  const nothing = join(root, 'nothing');
  mkdirSync(nothing);
  const bare = await kerbside(['run', '--site', 'site.yaml'], { cwd: nothing });
  expect([bare.code, bare.err]).toEqual([
    1,
    expect.stringMatching(
      /^site\.yaml:1:1 .*there is no such file; write it .* claim\.yaml: then the unit takes a claim$/m,
    ),
  ]);
  const wrong = image('wrong');
  writeFileSync(join(root, 'wrong', 'claim.yaml'), 'keys:\n  - { id: city-1, public: abc }\n');
  const told = await kerbside(['run', '--site', wrong], { cwd: root });
  expect([told.code, told.err]).toEqual([
    1,
    expect.stringMatching(/^wrong\/claim\.yaml:2:19 keys\[0\]\.public: expected an Ed25519 public key/),
  ]);
});
