/**
 * SNMP from the device's side, written apart from the driver's library: BER of X.690 as far as RFC 3417 §8 needs it,
 * messages of RFC 1157, 1901 and 3412, keys and digests of RFC 3414, AES of RFC 3826.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

export const TAGS = {
  integer: 0x02,
  octets: 0x04,
  nothing: 0x05,
  oid: 0x06,
  sequence: 0x30,
  address: 0x40,
  counter: 0x41,
  gauge: 0x42,
  ticks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  noSuchObject: 0x80,
  get: 0xa0,
  response: 0xa2,
  report: 0xa8,
} as const;

/** A tag, its length and its contents. */
export function tlv(tag: number, ...contents: readonly (readonly number[])[]): number[] {
  const body = contents.flat();
  if (body.length < 0x80) return [tag, body.length, ...body];
  const length = [body.length >> 8, body.length & 0xff].filter((byte, i) => i > 0 || byte > 0);
  return [tag, 0x80 | length.length, ...length, ...body];
}

/** Two's complement in as few octets as it takes; unsigned types have a zero in front where the first bit is set. */
export function integer(value: number | bigint, tag: number = TAGS.integer): number[] {
  let left = BigInt(value);
  const octets: number[] = [];
  do {
    octets.unshift(Number(left & 0xffn));
    left >>= 8n;
  } while (left !== 0n && left !== -1n);
  const negative = ((octets[0] ?? 0) & 0x80) !== 0;
  if (left === 0n && negative) octets.unshift(0);
  if (left === -1n && !negative) octets.unshift(0xff);
  return tlv(tag, octets);
}

export const octets = (bytes: Iterable<number>, tag: number = TAGS.octets): number[] => tlv(tag, [...bytes]);

export function oid(text: string): number[] {
  const [first = 0, second = 0, ...arcs] = text.split('.').map(Number);
  const base128 = (arc: number): number[] => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift(0x80 | (left & 0x7f));
    }
    return digits;
  };
  return tlv(TAGS.oid, [first * 40 + second, ...arcs.flatMap(base128)]);
}

export interface Node {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** Behind it. */
  readonly end: number;
}

export function node(bytes: Uint8Array, at = 0): Node {
  const tag = bytes[at] ?? 0;
  let length = bytes[at + 1] ?? 0;
  let start = at + 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start++] ?? 0);
  }
  if (start + length > bytes.length) throw new RangeError('cut off');
  return { tag, contents: bytes.subarray(start, start + length), end: start + length };
}

export function children(bytes: Uint8Array): Node[] {
  const found: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = node(bytes, at);
    found.push(next);
    at = next.end;
  }
  return found;
}

export function numberIn({ contents }: Node): number {
  let value = (contents[0] ?? 0) & 0x80 ? -1 : 0;
  for (const byte of contents) value = value * 256 + byte;
  return value;
}

export function oidIn({ contents }: Node): string {
  const [first = 0, ...rest] = contents;
  const arcs = [Math.floor(first / 40), first % 40];
  let arc = 0;
  for (const byte of rest) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join('.');
}

/** The hash of RFC 3414 §A.2 over a megabyte of the password, then bound to the engine. */
export function localKey(hash: 'md5' | 'sha1' | 'sha256', password: string, engine: Uint8Array): Buffer {
  const name = `${hash} ${password} ${Buffer.from(engine).toString('hex')}`;
  const known = keys.get(name) ?? madeKey(hash, password, engine);
  keys.set(name, known);
  return known;
}

const keys = new Map<string, Buffer>();

function madeKey(hash: 'md5' | 'sha1' | 'sha256', password: string, engine: Uint8Array): Buffer {
  const bytes = Buffer.from(password);
  const long = Buffer.alloc(1_048_576);
  for (let i = 0; i < long.length; i++) long[i] = bytes[i % bytes.length] ?? 0;
  const key = createHash(hash).update(long).digest();
  return createHash(hash).update(key).update(engine).update(key).digest();
}

/** Octets that a digest is cut to. RFC 3414 §6.3.1, §7.3.1; RFC 7860 §4.2 */
export const DIGEST = { md5: 12, sha1: 12, sha256: 24 } as const;

export function digest(hash: keyof typeof DIGEST, key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac(hash, key).update(message).digest().subarray(0, DIGEST[hash]);
}

/** CFB with 128 bits; the vector is boots, time and the salt. RFC 3826 §3.1 */
export function aes(
  way: 'encrypt' | 'decrypt',
  key: Uint8Array,
  vector: Uint8Array,
  bytes: Uint8Array,
): Buffer {
  const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
  const cipher = make('aes-128-cfb', key.subarray(0, 16), vector);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}
