/** Envelopes against the published examples of DSSE and RFC 8032, and against everything that is none. */
import { createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cosign,
  openEnvelope,
  PAYLOAD_TYPE,
  preAuthentication,
  publicHalf,
  sealEnvelope,
} from '../../../../agent/core/envelope.ts';
import { CITY, NEXT, STRANGER, seal } from './pack.ts';

const hello = Buffer.from('hello world');

describe('envelopes', () => {
  test('DSSE protocol.md: the bytes that are signed', () => {
    expect(Buffer.from(preAuthentication(hello, 'http://example.com/HelloWorld')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  // RFC 8032 §7.1, test 2: a key, a message of one byte, its signature.
  test('RFC 8032 §7.1: a key as the site file has it', () => {
    const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(Buffer.from(publicHalf('rfc', pem).public, 'base64').toString('hex')).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    expect(sign(null, Buffer.from('72', 'hex'), key).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  test('open with the key that signed, and with no other', () => {
    const sealed = seal(hello);
    expect(openEnvelope(sealed, [NEXT.key, CITY.key])).toMatchObject({ ok: true, key: 'city-2026' });
    expect(openEnvelope(sealed, [NEXT.key])).toMatchObject({ ok: false, code: 'unknown-key' });
    const posing = seal(hello, { key: CITY.key, secret: STRANGER.secret });
    expect(openEnvelope(posing, [CITY.key])).toMatchObject({ ok: false, code: 'bad-signature' });
    expect(openEnvelope(sealed, [])).toMatchObject({ ok: false, code: 'unknown-key' });
  });

  test('two keys sign while one follows the other', () => {
    const both = cosign(sealEnvelope(hello, CITY.key.id, CITY.secret), NEXT.key.id, NEXT.secret);
    const bytes = Buffer.from(JSON.stringify(both));
    expect(openEnvelope(bytes, [CITY.key])).toMatchObject({ ok: true, key: 'city-2026' });
    expect(openEnvelope(bytes, [NEXT.key])).toMatchObject({ ok: true, key: 'city-2027' });
  });

  test('say what is wrong with what is none', () => {
    const ill = (envelope: unknown) => openEnvelope(Buffer.from(JSON.stringify(envelope)), [CITY.key]);
    const right = JSON.parse(Buffer.from(seal(hello)).toString());
    expect(ill({ ...right, signatures: [] })).toMatchObject({ code: 'unsigned' });
    expect(ill({ ...right, payloadType: 'text/plain' })).toMatchObject({ code: 'malformed' });
    expect(ill({ ...right, payload: '****' })).toMatchObject({ code: 'malformed' });
    // The same bytes spelt with a spare bit set: `Q=` ends in two of them.
    expect(right.payload).toMatch(/Q=$/);
    expect(ill({ ...right, payload: right.payload.replace(/Q=$/, 'R=') })).toMatchObject({
      code: 'malformed',
    });
    expect(ill({ ...right, signatures: Array(9).fill(right.signatures[0]) })).toMatchObject({
      code: 'malformed',
    });
    expect(ill([])).toMatchObject({ code: 'malformed' });
    expect(openEnvelope(Buffer.alloc(2 * 1024 ** 2), [CITY.key])).toMatchObject({ code: 'too-large' });
    // The same bytes signed as something else are no content.
    const other = Buffer.from(JSON.stringify({ ...right, payloadType: PAYLOAD_TYPE }));
    expect(openEnvelope(other, [CITY.key])).toMatchObject({ ok: true });
  });

  test('one bit changed anywhere opens nothing but the same payload', () => {
    const sealed = seal(hello);
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const bytes = Uint8Array.from(sealed);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const opened = openEnvelope(bytes, [CITY.key]);
        if (opened.ok) expect(Buffer.from(opened.payload).toString()).toBe('hello world');
      }),
      { seed: 20261127, numRuns: 1500 },
    );
  });

  test('any bytes at all are taken and refused', { timeout: 180_000 }, () => {
    const inputs = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
    let state = 20261127;
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    const bytes = new Uint8Array(64);
    let opened = 0;
    for (let i = 0; i < inputs; i += 1) {
      const length = next() % 64;
      for (let at = 0; at < length; at += 4) {
        const four = next();
        for (let k = 0; k < 4; k += 1) bytes[at + k] = four >>> (8 * k);
      }
      if (i % 2 === 0) bytes.set(Buffer.from('{"payload":"').subarray(0, Math.min(length, 12)));
      if (openEnvelope(bytes.subarray(0, length), [CITY.key]).ok) opened += 1;
    }
    expect(opened).toBe(0);
  });
});
