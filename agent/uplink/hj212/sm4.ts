/**
 * SM4 over the data field (HJ 212-2025 §6.4 and A.2): ECB without padding over whole blocks of 16 bytes, a rest stays
 * as it is. Cipher text is bytes, not text, and exactly as long as the plain text.
 */
import { createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';

const CIPHER = 'sm4-ecb';
const BLOCK = 16;

/** The key printed in A.2 of the norm: everybody has it. Only `decode` reads with it; no centre may be spoken to with it. */
export const PUBLISHED_KEY = Buffer.alloc(BLOCK, 0x30);

/** Whether this runtime's OpenSSL has SM4. */
export function hasSm4(): boolean {
  return getCiphers().includes(CIPHER);
}

/** Bytes of a key: 16 characters. Undefined where it is none. */
export function keyOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === BLOCK ? bytes : undefined;
}

/** True for a key that protects nothing: the norm's example, or one character again and again. */
export function isWorthless(key: Uint8Array): boolean {
  return key.every((byte) => byte === key[0]);
}

/** Throws where the runtime has no SM4 (`hasSm4`). */
export function encrypt(plain: Uint8Array, key: Uint8Array): Buffer {
  return overBlocks(plain, createCipheriv(CIPHER, key, null));
}

export function decrypt(cipher: Uint8Array, key: Uint8Array): Buffer {
  return overBlocks(cipher, createDecipheriv(CIPHER, key, null));
}

interface Transform {
  setAutoPadding(on: boolean): unknown;
  update(data: Uint8Array): Buffer;
  final(): Buffer;
}

function overBlocks(data: Uint8Array, transform: Transform): Buffer {
  const whole = data.length - (data.length % BLOCK);
  transform.setAutoPadding(false);
  return Buffer.concat([transform.update(data.subarray(0, whole)), transform.final(), data.subarray(whole)]);
}

/**
 * The way the norm prints cipher text, `{0xE4,0x3E,…}` with a rest in clear behind it, as bytes; some senders put it on
 * the wire. Undefined where it is not that. Never sent by us: its length contradicts the length field.
 */
export function printedCipher(region: string): Buffer | undefined {
  const found = /^\{((?:0x[0-9A-Fa-f]{2},?\s*)+)\}([\s\S]*)$/.exec(region);
  if (found === null) return undefined;
  const bytes = (found[1] ?? '').match(/[0-9A-Fa-f]{2}(?=,|\s|$)/g) ?? [];
  return Buffer.concat([Buffer.from(bytes.join(''), 'hex'), Buffer.from(found[2] ?? '', 'utf8')]);
}
