/** TLS by a key in a token: at a real server that asks for certificates, with a real library (SoftHSM2) and its troubles. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TokenTool } from '../../../agent/compose/token-tool.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { TokenKey } from '../../../agent/core/token-key.ts';
import { HttpClient } from '../../../agent/uplink/http/request.ts';
import { dialByToken } from '../../../agent/uplink/token/dial.ts';
import { keyTrouble, pinRefused } from '../../../agent/uplink/token/trouble.ts';
import { authority, certificate, newKeys, pem } from '../../support/authority.ts';
import { seeded } from '../../support/seeded.ts';
import { PIN, SoftToken, softHsm } from '../../support/soft-token.ts';

const file = (name: string) =>
  readFileSync(new URL(`../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');
const URI = 'pkcs11:token=kerbside;object=device';
const clock = new SystemClock();

describe.skipIf(softHsm === undefined)('with a token of SoftHSM', () => {
  let token: SoftToken;
  let server: Server;
  let cert: string;
  let other: string;
  const heard: string[] = [];

  beforeAll(async () => {
    token = new SoftToken();
    process.env.SOFTHSM2_CONF = token.env.SOFTHSM2_CONF;
    token.makeKey('device');
    const tool = new TokenTool();
    const [found] = await tool.tokens();
    if (found === undefined) throw new Error('SoftHSM shows no token');
    const root = await authority('CN=City root');
    const spki = (await tool.publicKey(found, { label: 'device' })).export({ type: 'spki', format: 'der' });
    const kind = { name: 'ECDSA', namedCurve: 'P-256' };
    const publicKey = await crypto.subtle.importKey('spki', spki, kind, true, ['verify']);
    cert = pem(await certificate('CN=pole-0817', publicKey, root, false));
    other = pem(await certificate('CN=another', (await newKeys()).publicKey, root, false));
    server = createServer(
      {
        cert: file('broker'),
        key: file('broker-key'),
        ca: pem(root.cert),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          heard.push(bytes.toString());
          // What an HTTP client takes for an answer, and any other for an echo.
          socket.write(`HTTP/1.1 204 ${socket.getPeerCertificate().subject.CN}\r\n\r\n`);
        });
      },
    ).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => {});
    await once(server, 'listening');
  }, 60_000);

  afterAll(() => {
    server?.close();
    token?.[Symbol.dispose]();
  });

  const url = () => `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dial = (key: Partial<TokenKey> = {}, more = {}, to = url()) =>
    dialByToken(
      to,
      { tokenKey: { uri: URI, pin: PIN, ...key }, cert, ca: file('ca'), ...more },
      clock,
      AbortSignal.timeout(30_000),
    );

  test('logs in; neither arguments nor environment of the process hold the PIN', async () => {
    process.env.SITE_SECRET = 'sesame-open';
    const { socket, validTo } = await dial();
    expect(Date.parse(validTo)).toBeGreaterThan(Date.now());
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('pole-0817');
    const [child] = childrenOf(process.pid);
    expect(child).toContain('token/process.ts');
    expect(child).not.toContain(PIN);
    expect(child).not.toContain('sesame-open');
    socket.destroy();
    await expect.poll(() => childrenOf(process.pid), { timeout: 10_000 }).toEqual([]);
  }, 60_000);

  test('posts over HTTPS', async () => {
    const settings = { format: 'json', compression: 'none', timeout: 20_000 } as const;
    const more = { id: 'city', kind: 'http', inFlight: 1, maxBody: 1e6, replayRate: 0 } as const;
    const tokenKey = { uri: URI, pin: PIN };
    const to = { url: url().replace('mqtts', 'https'), ca: file('ca'), cert, tokenKey };
    using client = new HttpClient({ ...settings, ...more, ...to }, clock);
    const signal = AbortSignal.timeout(30_000);
    for (const body of ['first', 'second']) {
      const answer = await client.send({ method: 'POST', body: Buffer.from(body), deadline: 20_000 }, signal);
      expect(answer.status).toBe(204);
    }
    expect(heard.join('')).toMatch(/Host: 127\.0\.0\.1:\d+\r\n[\s\S]*second/);
    expect(childrenOf(process.pid).length).toBe(1);
  }, 60_000);

  test('each trouble has its words', async () => {
    await expect(dial({ uri: 'pkcs11:token=none;object=device' })).rejects.toMatchObject({
      code: 'auth-failed',
      retryable: true,
      message: expect.stringContaining('no token that is plugged in has such a key'),
    });
    await expect(dial({ module: '/nowhere/token.so' })).rejects.toThrow('/nowhere/token.so cannot be loaded');
    await expect(dial({}, { cert: other })).rejects.toThrow('the certificate is for another key');
    const { pin: _, ...without } = { uri: URI, pin: PIN };
    await expect(
      dialByToken(url(), { tokenKey: without, cert, ca: file('ca') }, clock, AbortSignal.timeout(30_000)),
    ).rejects.toThrow('asks for a PIN');
    // The far end is verified as strictly as without a token.
    await expect(dial({}, { ca: other })).rejects.toMatchObject({
      code: expect.stringMatching(/ISSUER|SELF_SIGNED|UNABLE/),
    });
    await expect(dial({}, {}, url().replace('127.0.0.1', '127.0.0.2'))).rejects.toMatchObject({
      code: expect.stringMatching(/ALTNAME|ECONNREFUSED/),
    });
    const ended = new AbortController();
    const waiting = dialByToken(url(), { tokenKey: { uri: URI, pin: PIN }, cert }, clock, ended.signal);
    ended.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect.poll(() => childrenOf(process.pid), { timeout: 10_000 }).toEqual([]);
  }, 120_000);

  test('a PIN that was refused is not tried a second time, or the token would be locked', async () => {
    await expect(dial({ pin: '11112222' })).rejects.toThrow('the token refuses the PIN');
    await expect.poll(() => childrenOf(process.pid), { timeout: 10_000 }).toEqual([]);
    await expect(dial({ pin: '11112222' })).rejects.toThrow('it is not tried again');
    // One that had been asked would still be seen as it is ended.
    expect(childrenOf(process.pid)).toEqual([]);
  }, 60_000);

  test('a token that is pulled out ends the connection with the reason, and is found again when it is back', async () => {
    const { socket } = await dial({}, { proofEvery: 300 });
    const lost = new Promise<Error>((resolve) => socket.once('error', resolve));
    token.pullOut();
    expect((await lost).message).toContain('the token does not sign any more');
    await expect(dial()).rejects.toThrow('no token that is plugged in has such a key');
    token.plugIn();
    const back = await dial();
    back.socket.destroy();
  }, 120_000);
});

test('whatever a library says, there is a sentence and a fix, and no log-in is repeated after a refusal', () => {
  const random = seeded(7512);
  const key = { uri: URI };
  const words = [
    'error:',
    '418000A0:',
    'PKCS#11 module',
    ':',
    'UI routines',
    'object not found',
    '\n',
    '\u0000',
    'ß',
  ];
  for (let i = 0; i < 2000; i++) {
    const message = Array.from({ length: 8 }, () => words[Math.floor(random() * words.length)]).join('');
    const error = keyTrouble({ code: '', message }, key, random() < 0.5);
    expect(error.message).toMatch(/^use of the key pkcs11:token=kerbside;object=device failed: ./);
    expect(error.fix).toBeTruthy();
  }
  // As OpenSSL 3.5 in Node 24 writes CKR_PIN_INCORRECT and CKR_PIN_LOCKED of libp11 0.4.12.
  for (const code of ['418000A0', '418000A4'])
    expect(pinRefused({ code: '', message: `error:${code}:PKCS#11 module::PIN` })).toBe(true);
  expect(pinRefused({ code: '', message: 'error:40800065:pkcs11 engine::object not found' })).toBe(false);
});

/** Command line and environment of our children that hold a token. */
function childrenOf(parent: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(of) !== parent || state === 'Z') return [];
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes('token/process.ts') ? [line + readFileSync(`/proc/${pid}/environ`, 'utf8')] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}
