/** The door from elsewhere: TLS, on an address of its own, with a certificate that is made, read again and renewed. */
import { X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  factsOf,
  ownCertificate,
  ownFiles,
  RENEW_BEFORE,
  readCertificate,
} from '../../../../agent/console/access/certificate.ts';
import { KeptCertificate, LOOK } from '../../../../agent/console/access/kept-certificate.ts';
import { AGAIN } from '../../../../agent/console/remote.ts';
import { silent } from '../../../../agent/core/log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { openConsole, pathOf, type TestConsole } from '../open-console.ts';

const PATIENCE = { timeout: 15_000 };
const NOW = Date.UTC(2026, 10, 28);
const REMOTE = { listen: { host: '127.0.0.1', port: 0 }, hosts: ['pole-0817.city.example'], hsts: false };

const stack = new AsyncDisposableStack();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerbside-tls-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
});
afterAll(() => stack.disposeAsync());

/** What a client sees that trusts `ca` alone and asks for `name`. */
function handshake(at: TestConsole, ca: string, name: string): Promise<PeerCertificate> {
  const { hostname, port } = new URL(at.console.remote ?? '');
  const host = hostname === 'pole-0817.city.example' ? '127.0.0.1' : hostname;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), ca, servername: name }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** Where tests reach the remote door, whatever its name. */
const doorOf = (at: TestConsole) => `https://127.0.0.1:${new URL(at.console.remote ?? '').port}`;

describe('a made certificate', () => {
  test('is for the names of the console, valid under any clock, with a key that its owner alone may read', async () => {
    const dir = join(folder, 'made');
    const { cert, key, made } = await ownCertificate(dir, ['pole-0817.local', '192.168.7.20'], 0);
    expect(made).toBe(true);
    const read = new X509Certificate(cert);
    expect([read.checkHost('pole-0817.local'), read.checkIP('192.168.7.20')]).toEqual([
      'pole-0817.local',
      '192.168.7.20',
    ]);
    expect(read.verify(read.publicKey)).toBe(true);
    expect([read.ca, read.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
    const facts = factsOf(cert);
    expect([facts.from <= Date.UTC(2026, 0, 1), facts.until > Date.UTC(2035, 0, 1)]).toEqual([true, true]);
    expect(facts.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const [certFile, keyFile] = ownFiles(dir);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readCertificate(certFile, keyFile)).toEqual({ cert, key });
    expect((await ownCertificate(dir, ['pole-0817.local'], NOW)).made).toBe(false);
  });

  test('is renewed on the same key before it ends, and where a name is missing', async () => {
    const dir = join(folder, 'renewed');
    const first = await ownCertificate(dir, ['a.local'], NOW);
    const facts = factsOf(first.cert);
    expect((await ownCertificate(dir, ['a.local'], facts.until - RENEW_BEFORE - 1)).made).toBe(false);
    const second = await ownCertificate(dir, ['a.local'], facts.until - RENEW_BEFORE);
    expect([second.made, second.key]).toEqual([true, first.key]);
    expect(factsOf(second.cert).keyFingerprint).toBe(facts.keyFingerprint);
    expect(factsOf(second.cert).until).toBeGreaterThan(facts.until);
    const third = await ownCertificate(dir, ['a.local', 'b.local'], NOW);
    expect(factsOf(third.cert)).toMatchObject({
      names: ['a.local', 'b.local'],
      keyFingerprint: facts.keyFingerprint,
    });
  });

  test('is made anew where its files are damaged', async () => {
    const dir = join(folder, 'damaged');
    await ownCertificate(dir, ['a.local'], NOW);
    await writeFile(ownFiles(dir)[1], 'none');
    expect((await ownCertificate(dir, ['a.local'], NOW)).made).toBe(true);
  });
});

describe('the remote door', () => {
  test('is shut unless the site turns it on', async () => {
    await using at = await openConsole();
    expect([at.console.remote, at.console.health()]).toEqual([undefined, []]);
  });

  test('speaks TLS that a browser can check, and nothing older than 1.2', async () => {
    await using at = await openConsole({ remote: REMOTE });
    const [certFile] = ownFiles(at.stateDir);
    const ca = await readFile(certFile, 'utf8');
    expect(at.console.remote).toMatch(/^https:\/\/pole-0817\.city\.example:\d+$/);
    const { fingerprint256 } = await handshake(at, ca, 'pole-0817.city.example');
    expect(fingerprint256).toBe(factsOf(ca).fingerprint);
    const { port } = new URL(doorOf(at));
    const old = new Promise((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: Number(port),
        ca,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
      });
      socket.on('error', () => resolve('refused'));
      socket.on('secureConnect', () => resolve('taken'));
    });
    expect(await old).toBe('refused');
    const plain = await at.ask('/healthz', { at: `http://127.0.0.1:${port}` }).then(
      ({ status }) => status,
      () => 'no HTTP',
    );
    expect(plain).not.toBe(200);
  });

  test('knows its own names and addresses only', async () => {
    await using at = await openConsole({ remote: { ...REMOTE, listen: { host: '0.0.0.0', port: 0 } } });
    const ask = async (host: string) =>
      (await at.ask('/healthz', { headers: { host }, at: doorOf(at) })).status;
    expect(await ask('pole-0817.city.example:8443')).toBe(200);
    expect(await ask('192.168.7.20:8443')).toBe(200);
    expect(await ask('evil.example')).toBe(421);
    await using narrow = await openConsole({ remote: REMOTE });
    const other = await narrow.ask('/healthz', { headers: { host: '192.168.7.20' }, at: doorOf(narrow) });
    expect(other.status).toBe(421);
  });

  test('gives sessions of its own, in a cookie that goes nowhere without TLS', async () => {
    await using at = await openConsole({ remote: REMOTE });
    const answer = await at.ask(pathOf(at.console.link('viewer')), { at: doorOf(at) });
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-kerbside_pole-0817=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const person = await at.login('viewer', doorOf(at));
    const status = async (door?: string, headers: Record<string, string> = person) =>
      (await at.ask('/api/v1/session', { headers, at: door })).status;
    expect([await status(doorOf(at)), await status()]).toEqual([200, 401]);
    // The same halves under the other door's cookie name open nothing either.
    const carried = { ...person, cookie: person.cookie.replace('__Host-', '') };
    expect([await status(undefined, carried), await status(doorOf(at), carried)]).toEqual([401, 401]);
  });

  test('takes no page that came without TLS for its own', async () => {
    await using at = await openConsole({ remote: REMOTE });
    const door = doorOf(at);
    const person = await at.login('viewer', door);
    const ask = async (origin: string) =>
      (await at.ask('/api/v1/session', { headers: { ...person, origin }, at: door })).status;
    expect([await ask(door), await ask(door.replace('https:', 'http:'))]).toEqual([200, 403]);
  });

  test('says HSTS only where the site asks for it, and never at the local door', async () => {
    const [cert, key] = ['hsts.crt', 'hsts.key'].map((name) => join(folder, name)) as [string, string];
    const made = await ownCertificate(join(folder, 'hsts'), ['pole-0817.city.example'], NOW);
    await Promise.all([writeFile(cert, made.cert), writeFile(key, made.key)]);
    await using strict = await openConsole({ remote: { ...REMOTE, certificate: { cert, key }, hsts: true } });
    const said = async (at: TestConsole, door?: string) =>
      (await at.ask('/', { at: door })).headers['strict-transport-security'];
    expect(await said(strict, doorOf(strict))).toBe('max-age=31536000');
    expect(await said(strict)).toBeUndefined();
    await using plain = await openConsole({ remote: REMOTE });
    expect(await said(plain, doorOf(plain))).toBeUndefined();
  });

  test('takes renewed files without a restart, and keeps the old ones where they are no pair', async () => {
    const [cert, key] = ['own.crt', 'own.key'].map((name) => join(folder, name)) as [string, string];
    const put = async (dir: string) => {
      const made = await ownCertificate(join(folder, dir), ['pole-0817.city.example'], NOW);
      await Promise.all([writeFile(cert, made.cert), writeFile(key, made.key)]);
      return made.cert;
    };
    const first = await put('own-1');
    await using at = await openConsole({ remote: { ...REMOTE, certificate: { cert, key } } });
    const seen = async (ca: string) => (await handshake(at, ca, 'pole-0817.city.example')).fingerprint256;
    expect(await seen(first)).toBe(factsOf(first).fingerprint);
    const second = await put('own-2');
    await at.clock.advance(LOOK);
    await expect
      .poll(() => seen(second).catch(() => 'the old one'), PATIENCE)
      .toBe(factsOf(second).fingerprint);
    await copyFile(join(folder, 'own-1', 'console', 'tls.crt'), cert);
    await at.clock.advance(LOOK);
    await expect.poll(() => at.console.health()[0]?.state, PATIENCE).toBe('degraded');
    expect(await seen(second)).toBe(factsOf(second).fingerprint);
    await put('own-2');
    await at.clock.advance(LOOK);
    await expect.poll(() => at.console.health()[0]?.state, PATIENCE).toBe('ok');
  });

  test('says in time that its certificate ends', async () => {
    const stateDir = join(folder, 'end');
    const made = await ownCertificate(stateDir, ['a.local'], NOW);
    const [cert, key] = ownFiles(stateDir);
    const { until } = factsOf(made.cert);
    let now = until - 14 * 86_400_000;
    const source = { stateDir, names: [], clock: new VirtualClock(), log: silent, now: () => now };
    using kept = await KeptCertificate.open({ ...source, files: { cert, key } });
    expect(kept.state().state).toBe('ok');
    now += 1;
    expect(kept.state()).toMatchObject({
      state: 'degraded',
      message: 'the certificate ends in 13 days',
      fix: expect.stringContaining('Renew'),
    });
    now = until;
    expect(kept.state()).toMatchObject({ state: 'down', message: 'the certificate has ended' });
  });

  test('that cannot be opened leaves the local one open, says why and is tried again', async () => {
    const missing = { cert: join(folder, 'none.crt'), key: join(folder, 'none.key') };
    await using at = await openConsole({ remote: { ...REMOTE, certificate: missing } });
    expect((await at.ask('/healthz')).status).toBe(200);
    expect(at.console.remote).toBeUndefined();
    expect(at.console.health()).toMatchObject([
      {
        part: 'certificate',
        state: 'down',
        message: expect.stringContaining('none.crt'),
        fix: expect.any(String),
      },
    ]);
    const made = await ownCertificate(join(folder, 'late'), ['a.local'], NOW);
    await Promise.all([writeFile(missing.cert, made.cert), writeFile(missing.key, made.key)]);
    await at.clock.advance(AGAIN);
    await expect.poll(() => at.console.remote, PATIENCE).toMatch(/^https:/);
  });
});
