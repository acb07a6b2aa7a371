/** `kerbside csr`: the key stays on the machine it was made on, the request is a plain one, the certificate serves a real TLS login. */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterAll, describe, expect, it } from 'vitest';
import { misfit } from '../../../agent/cli/csr/fit.ts';
import { bind, readUnbound, unbind } from '../../../agent/compose/bound-key.ts';
import { type Authority, authority, certificate, DAY, newKeys, pem } from '../../support/authority.ts';
import { seeded } from '../../support/seeded.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
afterAll(() => folder[Symbol.dispose]());

const { subtle } = globalThis.crypto;

describe('kerbside csr', () => {
  it('a request goes out, a chain comes in, and the uplink’s key and certificate log in over TLS', async () => {
    folder.write('site.yaml', STREET);
    const made = await kerbside(['csr', 'make', '--json'], { cwd });
    expect([made.code, made.err]).toEqual([0, '']);
    const { request, key } = JSON.parse(made.out) as { request: string; key: string };
    const csr = new x509.Pkcs10CertificateRequest(request);
    expect(await csr.verify()).toBe(true);
    expect(csr.subject).toContain('CN=pole-0817');
    expect(csr.extensions.map((one) => one.type)).toContain('2.5.29.17');
    expect(readFileSync(key, 'utf8')).not.toContain('PRIVATE KEY');
    // Asked again it is the same key.
    const again = await kerbside(['csr', 'make', '--out', 'again.csr'], { cwd });
    expect(again.err).toContain('the key was there');

    const root = await authority('CN=City root');
    const middle = await authority('CN=City units', root);
    const leaf = await certificate('CN=pole-0817', csr.publicKey, middle, false);
    writeFileSync(join(cwd, 'chain.pem'), pem(leaf, middle.cert));
    writeFileSync(join(cwd, 'root.pem'), pem(root.cert));
    const done = await kerbside(['csr', 'install', 'chain.pem', '--ca', 'root.pem'], { cwd });
    expect([done.code, done.err]).toEqual([0, '']);
    expect(done.out).toContain('cert: file:state/tls/device.pem');

    // As the uplink reads them.
    const read = async (name: string) => {
      const source = await readUnbound(join(cwd, 'state/tls', name));
      if (!source.ok) throw new Error(source.message);
      return source.text;
    };
    const server = createServer({
      cert: pem(await certificate('CN=127.0.0.1', root.keys.publicKey, root, false)),
      key: createPrivateKey({
        key: Buffer.from(await subtle.exportKey('pkcs8', root.keys.privateKey)),
        format: 'der',
        type: 'pkcs8',
      }).export({ type: 'pkcs8', format: 'pem' }),
      ca: pem(root.cert),
      requestCert: true,
      rejectUnauthorized: true,
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      ca: pem(root.cert),
      cert: await read('device.pem'),
      key: await read('device.key'),
      checkServerIdentity: () => undefined,
    });
    const [socket] = await once(server, 'secureConnection');
    expect((socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN).toBe('pole-0817');
    client.destroy();
    server.close();

    // A certificate that does not fit changes nothing.
    const before = readFileSync(join(cwd, 'state/tls/device.pem'), 'utf8');
    writeFileSync(join(cwd, 'wrong.pem'), pem(middle.cert));
    const wrong = await kerbside(['csr', 'install', 'wrong.pem', '--json'], { cwd });
    expect([wrong.code, JSON.parse(wrong.out).reason]).toEqual([1, 'it is for another key']);
    expect(readFileSync(join(cwd, 'state/tls/device.pem'), 'utf8')).toBe(before);
  }, 240_000);
});

it('a chain that cannot be is told apart', async () => {
  const root = await authority('CN=Root');
  const stranger = await authority('CN=Root');
  const keys = await newKeys();
  const key = createPrivateKey({
    key: Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const leaf = async (by: Authority, from?: number, until?: number) =>
    new X509Certificate(
      (await certificate('CN=unit', keys.publicKey, by, false, from, until)).toString('pem'),
    );
  const of = (one: Authority) => new X509Certificate(one.cert.toString('pem'));
  const now = Date.now();
  const why = (chain: X509Certificate[], roots?: X509Certificate[]) =>
    misfit(chain, roots, createPublicKey(key), now)?.reason;
  expect(why([await leaf(root)], [of(root)])).toBeUndefined();
  expect(why([])).toContain('no certificate');
  const { publicKey } = generateKeyPairSync('ed25519');
  expect(misfit([await leaf(root)], undefined, publicKey, now)?.reason).toBe('it is for another key');
  expect(why([await leaf(root, now - 2 * DAY, now - DAY)])).toContain('ran out');
  expect(why([await leaf(root, now + DAY, now + 2 * DAY)])).toContain('begins on');
  expect(why([await leaf(root), of(stranger)])).toContain('was not signed by what follows');
  expect(why([await leaf(root)], [of(stranger)])).toContain('does not come from the authority');
});

it('a bound key opens where it was made and nowhere else, whatever is done to its file', async () => {
  const text = bind('a key', 'cpu:1');
  expect(unbind(text, ['machine:x', 'cpu:1'])).toBe('a key');
  expect(unbind(text, ['cpu:2', 'machine:x'])).toBeUndefined();
  expect(unbind('-----BEGIN PRIVATE KEY-----', [])).toBe('-----BEGIN PRIVATE KEY-----');
  const random = seeded(20270405);
  for (let i = 0; i < 300; i++) {
    const damaged = Buffer.from(text);
    // Behind the first line, where the content is.
    damaged[37 + Math.floor(random() * (damaged.length - 37))] = Math.floor(random() * 256);
    expect([undefined, 'a key']).toContain(unbind(damaged.toString('latin1'), ['cpu:1']));
  }
  const foreign = await readUnbound(folder.write('foreign.key', bind('a key', 'cpu:nobody')));
  expect(foreign).toMatchObject({ ok: false, message: 'the key in it was made on another machine' });
});
