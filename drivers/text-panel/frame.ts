/**
 * Frames of the text panel protocol, version 1 (README.md): a question is STX, two hex digits of the address, a letter,
 * data, ETX and four hex digits of CRC-16; an answer begins with SOH instead. Data are bytes from 20 on, and LF.
 */

export const STX = 0x02;
export const SOH = 0x01;
const ETX = 0x03;
const LF = 0x0a;
/** Behind STX or SOH: address and letter. */
const HEAD = 3;
/** Behind the data: ETX and CRC. */
const TAIL = 5;
export const OVERHEAD = 1 + HEAD + TAIL;
/** Longest data, bytes. */
export const LONGEST = 1500;

export interface Frame {
  readonly address: number;
  /** `R` read, `W` write; in an answer `E` refused. */
  readonly letter: string;
  readonly data: Uint8Array;
}

export type FrameAt =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly length: number }
  /** It can still become one. */
  | { readonly kind: 'more' }
  | { readonly kind: 'none' };

/** CRC-16/CCITT-FALSE: polynomial 1021, begins with FFFF. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

export function frame(start: typeof STX | typeof SOH, { address, letter, data }: Frame): Uint8Array {
  const head = Buffer.from(hex(address, 2) + letter, 'latin1');
  const body = Buffer.concat([head, data, Uint8Array.of(ETX)]);
  return Buffer.concat([Uint8Array.of(start), body, Buffer.from(hex(crc16(body), 4), 'latin1')]);
}

/** The frame that begins at `at` with `start`. Takes any bytes. */
export function frameAt(bytes: Uint8Array, at: number, start: typeof STX | typeof SOH): FrameAt {
  if (bytes[at] !== start) return { kind: 'none' };
  const address = digits(bytes, at + 1, 2);
  if (address === undefined) return { kind: 'none' };
  if (address === 'more') return { kind: 'more' };
  const letter = bytes[at + HEAD];
  if (letter === undefined) return { kind: 'more' };
  if (letter < 0x41 || letter > 0x5a) return { kind: 'none' };
  const from = at + 1 + HEAD;
  let end = from;
  for (; bytes[end] !== ETX; end += 1) {
    const byte = bytes[end];
    if (byte === undefined) return end - from > LONGEST ? { kind: 'none' } : { kind: 'more' };
    if ((byte < 0x20 && byte !== LF) || end - from > LONGEST) return { kind: 'none' };
  }
  const crc = digits(bytes, end + 1, 4);
  if (crc === 'more') return { kind: 'more' };
  if (crc !== crc16(bytes.subarray(at + 1, end + 1))) return { kind: 'none' };
  const data = Uint8Array.from(bytes.subarray(from, end));
  return {
    kind: 'frame',
    frame: { address, letter: String.fromCharCode(letter), data },
    length: end + TAIL - at,
  };
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0');
}

/** A number of `count` upper-case hex digits; `more` while they may still come. */
function digits(bytes: Uint8Array, at: number, count: number): number | 'more' | undefined {
  let value = 0;
  for (let i = 0; i < count; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return 'more';
    const digit =
      byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x41 && byte <= 0x46 ? byte - 0x37 : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}
