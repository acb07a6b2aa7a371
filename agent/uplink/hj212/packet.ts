/** One HJ 212 packet: `##`, four digits of length, data segment, four hex digits of check value, CRLF. */
import { type CrcMode, crcOf } from './crc.ts';
import { decrypt, encrypt, printedCipher } from './sm4.ts';

/** Fields before CP, in the order they are sent (2025 Figure 4). */
export const FIELDS = ['QN', 'ST', 'CN', 'PW', 'MN', 'Flag', 'PNUM', 'PNO', 'RF'] as const;
export type Field = (typeof FIELDS)[number];
export type Fields = Partial<Readonly<Record<Field, string>>>;

export interface Packet {
  readonly fields: Fields;
  /** Text between the `&&` of CP, in clear. */
  readonly cp: string;
}

/** A packet cut out of the stream by its length field. */
export interface Frame {
  /** The length field. */
  readonly length: number;
  readonly segment: Uint8Array;
  /** Four hex digits as they came. */
  readonly crc: string;
}

export interface Sending {
  readonly crc: CrcMode;
  /** Encrypts the data field of the commands that want it (`encrypts`). */
  readonly key?: Uint8Array;
}

/** Commands whose data field is encrypted: data, the key, and logs (2025 §6.4.4). */
export function encrypts(cn: string | undefined): boolean {
  return cn !== undefined && (/^2\d{3}$/.test(cn) || cn === '1014' || cn === '3020');
}

/** Bytes of a packet. The check value is over the plain text; only then is it encrypted (2025 A.2). */
export function encodePacket({ fields, cp }: Packet, { crc, key }: Sending): Buffer {
  const head = FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [`${name}=${fields[name]};`]));
  const before = Buffer.from(`${head.join('')}CP=&&`, 'utf8');
  const region = Buffer.from(cp, 'utf8');
  const segment = Buffer.concat([before, region, Buffer.from('&&')]);
  const check = crcOf(segment, crc);
  const body = key !== undefined && encrypts(fields.CN) ? encrypt(region, key) : region;
  return Buffer.concat([
    Buffer.from(`##${String(segment.length).padStart(4, '0')}`),
    before,
    body,
    Buffer.from(`&&${check}\r\n`),
  ]);
}

/** Bytes of the data segment of a packet in clear; at most 1024 may be sent. */
export function segmentLength({ fields, cp }: Packet): number {
  let length = Buffer.byteLength(cp) + 'CP=&&&&'.length;
  for (const name of FIELDS)
    if (fields[name] !== undefined) length += name.length + Buffer.byteLength(fields[name]) + 2;
  return length;
}

/** Where the parts of a segment lie. */
export interface Parts {
  readonly fields: Fields;
  /** Bytes between the `&&`: text, or cipher text. */
  readonly region: Buffer;
  /** Bytes up to the region, and behind it. */
  readonly before: Buffer;
  readonly after: Buffer;
}

/** Why a segment is none. */
export interface Fault {
  readonly kind: 'crc' | 'syntax' | 'encrypted';
  readonly message: string;
}

const NAME = new Map(FIELDS.map((name) => [name.toLowerCase(), name]));

/**
 * Parts of a segment. The field names are always in clear; the region may hold any byte, so it is found from both ends
 * and never searched for in itself. One `&` instead of two is forgiven.
 */
export function partsOf(segment: Uint8Array): Parts | Fault {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  const at = bytes.indexOf('CP=&', 0, 'latin1');
  if (at < 0) return { kind: 'syntax', message: 'the data segment has no CP=&&' };
  const open = at + (bytes[at + 4] === 0x26 ? 5 : 4);
  const close = bytes[bytes.length - 2] === 0x26 ? bytes.length - 2 : bytes.length - 1;
  if (close < open || bytes[bytes.length - 1] !== 0x26)
    return { kind: 'syntax', message: 'the data segment does not end in &&' };
  const fields: Partial<Record<Field, string>> = {};
  for (const piece of bytes.toString('utf8', 0, at).split(';')) {
    const equals = piece.indexOf('=');
    if (piece.trim() === '') continue;
    const name = NAME.get(piece.slice(0, equals).trim().toLowerCase());
    if (equals < 0 || name === undefined)
      return { kind: 'syntax', message: `unknown field ${JSON.stringify(piece.slice(0, 40))} before CP` };
    fields[name] ??= piece.slice(equals + 1).trim();
  }
  return {
    fields,
    region: bytes.subarray(open, close),
    before: bytes.subarray(0, open),
    after: bytes.subarray(close),
  };
}

export interface Reading {
  readonly crc: CrcMode;
  /** Keys to try, newest first; data fields in clear are taken beside them unless `clear` is false. */
  readonly keys?: readonly Uint8Array[];
  readonly clear?: boolean;
}

export interface Read extends Packet {
  /** Whether the data field came encrypted. */
  readonly encrypted: boolean;
  readonly key?: Uint8Array;
}

/**
 * The packet of a frame. A data field that decrypts to text with the right check value was encrypted; of a platform that
 * mixes both, one that is text with the right check value was not (the check value alone is too weak to tell).
 */
export function readPacket(
  { segment, crc }: Frame,
  { crc: mode, keys = [], clear = true }: Reading,
): Read | Fault {
  const parts = partsOf(segment);
  if ('kind' in parts) return parts;
  const { fields, region, before, after } = parts;
  const stands = (plain: Buffer) =>
    mode === 'off' || crcOf(Buffer.concat([before, plain, after]), mode) === crc.toUpperCase();
  const wants = encrypts(fields.CN) && region.length >= 16;
  for (const key of wants ? keys : []) {
    const plain = decrypt(printedCipher(region.toString('latin1')) ?? region, key);
    const cp = textOf(plain);
    if (cp !== undefined && stands(plain)) return { fields, cp, encrypted: true, key };
  }
  const cp = textOf(region);
  if (cp !== undefined && stands(region)) {
    if (wants && !clear && keys.length > 0)
      return { kind: 'encrypted', message: `CN ${fields.CN} came in clear, where it is to be encrypted` };
    return { fields, cp, encrypted: false };
  }
  if (cp === undefined)
    return { kind: 'encrypted', message: 'the data field is no text, and no key of this centre opens it' };
  const want = crcOf(segment, mode);
  return { kind: 'crc', message: `the check value is ${crc.toUpperCase()}, and ${want} by CRC mode ${mode}` };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** HJ/T 212-2005 platforms write Chinese in GBK. */
const GBK = new TextDecoder('gbk', { fatal: true });

/** Text of a data field: UTF-8, or GBK; undefined where it holds control characters or is neither. */
export function textOf(bytes: Uint8Array): string | undefined {
  for (const byte of bytes)
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) return undefined;
  for (const decoder of [UTF8, GBK]) {
    try {
      return decoder.decode(bytes);
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
