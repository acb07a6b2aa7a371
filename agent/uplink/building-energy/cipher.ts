/** The encryption of the XML: AES-128 in the modes and paddings of the field. Wrong keys give `undefined`, not garbage. */
import { createCipheriv, createDecipheriv } from 'node:crypto';

export interface Cipher {
  readonly mode: 'cbc' | 'ecb' | 'none';
  /** `zero` adds nothing where the text fills its last block; `pkcs7` always adds. */
  readonly padding: 'zero' | 'pkcs7';
  /** Start value of CBC: the key itself, zeros, or one of its own. */
  readonly iv: 'key' | 'zero' | 'own';
}

export interface Keys {
  /** 16 bytes; absent with mode none. */
  readonly key?: Uint8Array;
  /** 16 bytes, for `iv: own`. */
  readonly iv?: Uint8Array;
}

const BLOCK = 16;

/** A key as people write it: 16 characters, or 32 hex digits. Undefined where it is neither. */
export function keyBytes(text: string): Uint8Array | undefined {
  if (/^[0-9a-fA-F]{32}$/.test(text)) return Buffer.from(text, 'hex');
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === BLOCK ? bytes : undefined;
}

export function encrypt(cipher: Cipher, keys: Keys, plain: Uint8Array): Uint8Array {
  if (cipher.mode === 'none') return plain;
  const { key, start } = parts(cipher, keys);
  const machine = createCipheriv(cipher.mode === 'ecb' ? 'aes-128-ecb' : 'aes-128-cbc', key, start);
  const zeros = cipher.padding === 'zero';
  machine.setAutoPadding(!zeros);
  const fill = zeros ? (BLOCK - (plain.length % BLOCK)) % BLOCK : 0;
  return Buffer.concat([machine.update(plain), machine.update(new Uint8Array(fill)), machine.final()]);
}

/** Undefined where `body` is no cipher text of these keys. */
export function decrypt(cipher: Cipher, keys: Keys, body: Uint8Array): Uint8Array | undefined {
  if (cipher.mode === 'none') return body;
  if (body.length === 0 || body.length % BLOCK !== 0) return undefined;
  const { key, start } = parts(cipher, keys);
  const machine = createDecipheriv(cipher.mode === 'ecb' ? 'aes-128-ecb' : 'aes-128-cbc', key, start);
  const zeros = cipher.padding === 'zero';
  machine.setAutoPadding(!zeros);
  try {
    const plain = Buffer.concat([machine.update(body), machine.final()]);
    if (!zeros) return plain;
    let end = plain.length;
    while (end > 0 && plain[end - 1] === 0) end -= 1;
    return plain.subarray(0, end);
  } catch {
    return undefined;
  }
}

function parts({ mode, iv }: Cipher, keys: Keys) {
  const key = keys.key ?? new Uint8Array(BLOCK);
  const own = iv === 'own' ? keys.iv : undefined;
  const start = mode === 'ecb' ? null : iv === 'key' ? key : (own ?? new Uint8Array(BLOCK));
  return { key, start };
}
