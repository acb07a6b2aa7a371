/** URIs of keys in tokens (RFC 7512): what is taken, what is refused, and that a PIN in one is never said again. */
import { expect, test } from 'vitest';
import { keyUri, parseKeyUri } from '../../../agent/core/token-key.ts';
import { seeded } from '../../support/seeded.ts';

const of = (uri: string) => {
  const parsed = parseKeyUri(uri);
  if (!parsed.ok) throw new Error(`${uri}: ${parsed.message}`);
  return parsed.name;
};
const why = (uri: string) => {
  const parsed = parseKeyUri(uri);
  return parsed.ok ? 'taken' : parsed.message;
};

test('all that RFC 7512 §3 shows of a key in a token', () => {
  expect(
    of(
      'pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=private;id=%69%95%3E%5C%F4%BD%EC%91;serial=',
    ).token,
  ).toBe('The Software PKCS#11 Softtoken');
});

test('texts, ids and slashes as they are in the token', () => {
  expect(of('pkcs11:token=kerbside;object=device')).toEqual({ token: 'kerbside', object: 'device' });
  expect(of('pkcs11:serial=18eb73ec6ee17157;id=%00%fF%41')).toEqual({
    serial: '18eb73ec6ee17157',
    id: Uint8Array.of(0, 255, 65),
  });
  expect(of('pkcs11:token=%E8%B7%AF%E7%81%AF;object=a%3Bb%3Dc&d=e').token).toBe('路灯');
  expect(of('pkcs11:token=a;object=a%3Bb%3Dc').object).toBe('a;b=c');
});

test.each([
  ['https://city.example', 'begins with pkcs11:'],
  ['pkcs11:', 'has to name the token'],
  ['pkcs11:token=kerbside', 'has to name the key'],
  ['pkcs11:object=device', 'has to name the token'],
  ['pkcs11:token=a;token=b;object=c', 'token stands there twice'],
  ['pkcs11:token=a;object=c;slot-id=1', 'got slot-id'],
  ['pkcs11:token=a;object=c;type=public', 'type is something else'],
  ['pkcs11:token=a b;object=c', 'percent-encoded'],
  ['pkcs11:token=%zz;object=c', 'percent-encoded'],
  ['pkcs11:token=%FF;object=c', 'token is no text'],
  ['pkcs11:token=%0A;object=c', 'token is no text'],
  [`pkcs11:token=${'a'.repeat(33)};object=c`, 'at most 32 bytes'],
  ['pkcs11:token=a;object=', 'has to name the key'],
  ['pkcs11:token=a;object=c;pin-value=73519024', 'pin-value does not belong'],
  ['pkcs11:token=a;object=c?pin-source=file:/etc/pin', 'pin-source does not belong'],
  ['pkcs11:token=a;object=c?module-path=/usr/lib/x.so', 'module-path does not belong'],
  [`pkcs11:${'a'.repeat(2000)}`, 'at most 1024'],
])('%s: %s', (uri, message) => {
  expect(why(uri)).toContain(message);
});

test('no message repeats what may be a PIN', () => {
  for (const uri of [
    'pkcs11:token=a;object=c;pin-value=73519024',
    'pkcs11:73519024',
    'pkcs11:token=a;object=c;73519024=x',
    'pkcs11:token=73519024%',
  ])
    expect(JSON.stringify(parseKeyUri(uri))).not.toContain('73519024');
});

test('what is written is read again, whatever is in it; garbage is refused in words', () => {
  const random = seeded(20261128);
  const upTo = (n: number) => Math.floor(random() * n);
  const text = (longest: number) =>
    Array.from({ length: 1 + upTo(longest) }, () => String.fromCodePoint(32 + upTo(95))).join('');
  for (let i = 0; i < 500; i++) {
    const name = {
      token: text(32),
      object: text(60),
      id: Uint8Array.from({ length: 1 + upTo(20) }, () => upTo(256)),
    };
    expect(of(keyUri(name))).toEqual(name);
    // With a PIN it is for the engine alone, and we would not take it.
    expect(why(keyUri(name, text(8)))).toContain('pin-value does not belong');
  }
  const alphabet = 'pkcs11:token=object;id=%0aFz?&/#"\\ 路\u0000';
  for (let i = 0; i < 3000; i++) {
    const noise = Array.from({ length: upTo(60) }, () => alphabet[upTo(alphabet.length)]).join('');
    const parsed = parseKeyUri(random() < 0.7 ? `pkcs11:token=a;${noise}` : noise);
    if (parsed.ok) expect(of(keyUri(parsed.name))).toEqual(parsed.name);
    else expect(parsed.fix).not.toBe('');
  }
});
