/** Login at a camera: the examples of the standards, and what cameras send instead of a challenge. */
import { describe, expect, test } from 'vitest';
import { Login, parseChallenges } from '../../../agent/vision/source/login.ts';
import { seeded } from '../../support/seeded.ts';

const MUFASA = { username: 'Mufasa', password: 'Circle of Life' };
const OLD = { username: 'Mufasa', password: 'Circle Of Life' };

/** RFC 7616 §3.9.1. */
const RFC7616 = [
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,',
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
].join(' ');
const CNONCE = () => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

describe('digest', () => {
  test.each([
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ])('%s answers as RFC 7616 §3.9.1 has it', (algorithm, response) => {
    const login = new Login(MUFASA, CNONCE);
    expect(login.challenged(RFC7616.replace('SHA-256', algorithm))).toBe(true);
    const sent = login.authorization('GET', '/dir/index.html') ?? '';
    expect(sent).toContain(`response="${response}"`);
    expect(sent).toContain('username="Mufasa", realm="http-auth@example.org"');
    expect(sent).toContain('uri="/dir/index.html"');
    expect(sent).toContain('qop=auth, nc=00000001');
    // The next request counts on: the camera need not ask again.
    expect(login.authorization('GET', '/dir/index.html')).toContain('nc=00000002');
  });

  test('the example of RFC 2617 §3.5', () => {
    const login = new Login(OLD, () => '0a4f113b');
    login.challenged(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
    expect(login.authorization('GET', '/dir/index.html')).toContain(
      'response="6629fae49393a05397450978507c4ef1"',
    );
  });

  test('without qop as RFC 2069 §2.4 has it, by the value its errata give', () => {
    const login = new Login({ username: 'Mufasa', password: 'CircleOfLife' });
    login.challenged(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
    const sent = login.authorization('GET', '/dir/index.html');
    expect(sent).toContain('response="1949323746fe6a43ef61f9606e7febea"');
    expect(sent).not.toMatch(/qop|nc=|cnonce/);
  });

  test('the strongest offered is taken, and basic only where nothing else is', () => {
    const login = new Login(MUFASA);
    const both = `Basic realm="x", ${RFC7616.replace('SHA-256', 'MD5')}, ${RFC7616}`;
    expect(parseChallenges(both).map(({ scheme }) => scheme)).toEqual(['basic', 'digest', 'digest']);
    login.challenged(both);
    expect(login.authorization('GET', '/')).toContain('algorithm=SHA-256');
    const plain = new Login(MUFASA);
    plain.challenged('Basic realm="x"');
    expect(plain.authorization('GET', '/')).toBe(
      `Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`,
    );
  });

  test('the same nonce again is a refusal, a new one is a new try', () => {
    const login = new Login(MUFASA);
    expect(login.challenged('Digest realm="a", nonce="1"')).toBe(true);
    expect(login.challenged('Digest realm="a", nonce="1"')).toBe(false);
    expect(login.challenged('Digest realm="a", nonce="2", stale=true')).toBe(true);
    expect(login.challenged('Negotiate')).toBe(false);
    expect(login.challenged(null)).toBe(false);
    expect(new Login(undefined).challenged('Basic realm="a"')).toBe(false);
  });
});

test('a quote in realm or name breaks out of nothing', () => {
  const login = new Login({ username: 'a"b\\c', password: 'x' });
  login.challenged('Digest realm="q\\"uote", nonce="n"');
  expect(login.authorization('GET', '/')).toContain('username="a\\"b\\\\c", realm="q\\"uote"');
});

test('any header is parsed or ignored, in linear time', () => {
  const random = seeded(20271127);
  const words = [
    'Digest',
    'Basic',
    ' ',
    ',',
    '=',
    '"',
    '\\',
    'realm',
    'nonce',
    'qop',
    'auth',
    '\u0000',
    'é',
    '  ,,',
  ];
  let asked = 0;
  for (let run = 0; run < 200_000; run++) {
    let header = '';
    for (let count = Math.floor(random() * 12); count > 0; count--) {
      header += words[Math.floor(random() * words.length)];
    }
    const login = new Login(MUFASA, () => 'c');
    if (login.challenged(header)) asked += 1;
    const sent = login.authorization('GET', '/');
    if (sent !== undefined) expect(sent).toMatch(/^(Basic|Digest) [^\r\n]*$/);
  }
  expect(asked).toBeGreaterThan(100);
  expect(parseChallenges(`Digest realm="${'\\'.repeat(100_000)}`).length).toBeLessThan(3);
});
