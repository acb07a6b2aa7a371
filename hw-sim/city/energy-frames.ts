/** Frames and documents of building-energy upload as a centre makes and reads them: written apart from the agent's codec. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { inflateSync } from 'node:zlib';

export type EnergyStyle = 'guideline' | 'netdau' | 'acrel' | 'hex-ecb';

/** CRC table of polynomial 1021. */
const TABLE = Array.from({ length: 256 }, (_, n) => {
  let value = n * 256;
  for (let i = 0; i < 8; i++) value = value >= 0x8000 ? ((value * 2) ^ 0x11021) % 0x10000 : value * 2;
  return value;
});

function check(bytes: Buffer): number {
  let value = 0;
  for (const byte of bytes) value = ((value * 256) % 0x10000) ^ (TABLE[Math.floor(value / 256) ^ byte] ?? 0);
  return value;
}

function aes(style: EnergyStyle, key: Buffer) {
  return style === 'hex-ecb'
    ? { name: 'aes-128-ecb', start: null, zeros: false }
    : { name: 'aes-128-cbc', start: key, zeros: style === 'netdau' };
}

/** A document as it goes over the wire. */
export function energyFrame(
  style: EnergyStyle,
  key: Buffer,
  xml: string,
  number: number,
  kind: number,
): Buffer {
  const { name, start, zeros } = aes(style, key);
  let plain = Buffer.from(xml);
  if (zeros && plain.length % 16 !== 0)
    plain = Buffer.concat([plain, Buffer.alloc(16 - (plain.length % 16))]);
  const cipher = createCipheriv(name, key, start).setAutoPadding(!zeros);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  if (style === 'hex-ecb') {
    const digits = body.toString('hex');
    return Buffer.from(digits.length.toString(16).padStart(8, '0') + digits);
  }
  if (style === 'acrel') {
    const front = Buffer.from([0x1f, 0x1f, kind, 0, 0, 0, 0]);
    front.writeInt32BE(body.length, 3);
    return Buffer.concat([front, body]);
  }
  const [first, last] = style === 'guideline' ? ['68681616', '55aa55aa'] : ['55aa55aa', '68681616'];
  const middle = Buffer.alloc(8);
  middle.writeInt32LE(body.length + 4, 0);
  middle.writeInt32LE(number, 4);
  const head = Buffer.from(first, 'hex');
  const sum = Buffer.alloc(2);
  if (style === 'guideline') sum.writeUInt16BE(check(Buffer.concat([head, middle, body])));
  else sum.writeUInt16LE(check(Buffer.concat([middle.subarray(4), body])));
  return Buffer.concat([head, middle, body, sum, Buffer.from(last, 'hex')]);
}

export interface HeardDocument {
  readonly xml: string;
  readonly kind: number;
}

/** Cuts whole frames off the front of `bytes`; throws where they are none, as a strict centre would hang up. */
export function energyDocuments(
  style: EnergyStyle,
  key: Buffer,
  bytes: Buffer,
): { heard: HeardDocument[]; rest: Buffer } {
  const heard: HeardDocument[] = [];
  let rest = bytes;
  for (;;) {
    const cut = bounds(style, rest);
    if (cut === undefined) return { heard, rest };
    const { name, start, zeros } = aes(style, key);
    const decipher = createDecipheriv(name, key, start).setAutoPadding(!zeros);
    const opened = Buffer.concat([decipher.update(cut.body), decipher.final()]);
    const plain = style === 'acrel' && cut.kind === 4 ? inflateSync(opened) : opened;
    heard.push({ xml: plain.toString().replace(/\0+$/, ''), kind: cut.kind });
    rest = rest.subarray(cut.size);
  }
}

function bounds(style: EnergyStyle, bytes: Buffer): { body: Buffer; size: number; kind: number } | undefined {
  if (style === 'hex-ecb') {
    if (bytes.length < 8) return undefined;
    const count = Number(`0x${bytes.toString('latin1', 0, 8)}`);
    if (!(count > 0)) throw new Error('a frame without its length');
    if (bytes.length < 8 + count) return undefined;
    return { body: Buffer.from(bytes.toString('latin1', 8, 8 + count), 'hex'), size: 8 + count, kind: 3 };
  }
  if (style === 'acrel') {
    if (bytes.length < 7) return undefined;
    if (bytes[0] !== 0x1f || bytes[1] !== 0x1f) throw new Error('a frame without 1F 1F');
    const count = bytes.readInt32BE(3);
    if (bytes.length < 7 + count) return undefined;
    return { body: bytes.subarray(7, 7 + count), size: 7 + count, kind: bytes[2] ?? 0 };
  }
  if (bytes.length < 12) return undefined;
  const [first, last] = style === 'guideline' ? ['68681616', '55aa55aa'] : ['55aa55aa', '68681616'];
  if (bytes.toString('hex', 0, 4) !== first) throw new Error(`a frame without ${first}`);
  const count = bytes.readInt32LE(4) - 4;
  const size = 12 + count + 6;
  if (bytes.length < size) return undefined;
  const sent = style === 'guideline' ? bytes.readUInt16BE(12 + count) : bytes.readUInt16LE(12 + count);
  if (sent !== check(bytes.subarray(style === 'guideline' ? 0 : 8, 12 + count)))
    throw new Error('a wrong check');
  if (bytes.toString('hex', 14 + count, size) !== last) throw new Error(`a frame without ${last}`);
  return { body: bytes.subarray(12, 12 + count), size, kind: 3 };
}

/** First text of an element. */
export function textIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

export interface HeardValue {
  readonly meter: string;
  readonly id: string;
  readonly coding: string | undefined;
  readonly error: string | undefined;
  readonly value: string;
}

/** Values of a report. */
export function valuesIn(xml: string): HeardValue[] {
  return [...xml.matchAll(/<meter id="([^"]*)"[^>]*>(.*?)<\/meter>/gs)].flatMap(
    ([, meter = '', inside = '']) =>
      [...inside.matchAll(/<function ([^>]*)>([^<]*)<\/function>/g)].map(
        ([, attributes = '', value = '']) => {
          const of = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
          return { meter, id: of('id') ?? '', coding: of('coding'), error: of('error'), value };
        },
      ),
  );
}
