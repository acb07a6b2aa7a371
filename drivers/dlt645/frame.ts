/**
 * Frames of DL/T 645: `FE… 68 A0..A5 68 C L DATA CS 16`. Addresses are six BCD bytes, lowest first; 33H is added to every
 * byte of DATA, both ways; CS is the sum of all bytes from the first 68 to the last of DATA. DL/T 645-2007 §5.2
 */

export const START = 0x68;
export const END = 0x16;
/** Wakes the receiver; any number of them may come before a frame. DL/T 645-2007 §5.2.4 */
export const PREAMBLE = 0xfe;
/** Preambles we send, as the standard asks for. */
export const PREAMBLES = 4;
/** Bytes of a frame around its DATA. */
export const OVERHEAD = 12;
/** Longest DATA; a larger length is noise and is not waited for. DL/T 645-2007 §5.2.6 */
export const LONGEST_DATA = 200;
const OFFSET = 0x33;

/** Bits of the control code. DL/T 645-2007 §5.2.5 */
export const FROM_METER = 0x80;
export const ABNORMAL = 0x40;
export const FOLLOWS = 0x20;
export const FUNCTION_BITS = 0x1f;

/** Every byte of it matches any; a request to it is answered by whoever hears it. */
export const ANYBODY = 'AAAAAAAAAAAA';
const WILDCARD = 0xaa;

export interface Frame {
  /** Twelve digits, highest first, as printed on the meter. Real meters exist whose digits are hex. */
  readonly address: string;
  readonly control: number;
  /** DATA without the 33H. */
  readonly data: Uint8Array;
}

/** What stands at a place of received bytes. */
export type Found =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly length: number }
  /** It may become a frame. */
  | { readonly kind: 'more'; readonly missing: string }
  | { readonly kind: 'none'; readonly why: string; readonly frame?: Frame };

/** A frame as bytes, without preambles. */
export function encodeFrame({ address, control, data }: Frame): Uint8Array {
  const frame = new Uint8Array(OVERHEAD + data.length);
  frame[0] = START;
  frame.set(addressBytes(address), 1);
  frame[7] = START;
  frame[8] = control;
  frame[9] = data.length;
  frame.set(
    data.map((byte) => (byte + OFFSET) & 0xff),
    10,
  );
  frame[frame.length - 2] = sumOf(frame, 0, frame.length - 2);
  frame[frame.length - 1] = END;
  return frame;
}

/** As it goes onto the line: with preambles. */
export function request(frame: Frame): Uint8Array {
  const bytes = encodeFrame(frame);
  const whole = new Uint8Array(PREAMBLES + bytes.length).fill(PREAMBLE, 0, PREAMBLES);
  whole.set(bytes, PREAMBLES);
  return whole;
}

/** Looks for a frame whose first 68 is at `at`. */
export function frameAt(bytes: Uint8Array, at: number): Found {
  const left = bytes.length - at;
  if (left > 0 && bytes[at] !== START) return { kind: 'none', why: 'first 68 missing' };
  if (left > 7 && bytes[at + 7] !== START) return { kind: 'none', why: 'second 68 missing' };
  const size = bytes[at + 9];
  if (size === undefined)
    return { kind: 'more', missing: `${Math.max(0, left)} bytes, a frame has 12 at least` };
  if (size > LONGEST_DATA) {
    return { kind: 'none', why: `short: length ${size} is above ${LONGEST_DATA}, it is not waited for` };
  }
  const length = OVERHEAD + size;
  if (left < length) return { kind: 'more', missing: `${left} of ${length} bytes` };
  const frame: Frame = {
    address: addressText(bytes.subarray(at + 1, at + 7)),
    control: bytes[at + 8] ?? 0,
    data: bytes.slice(at + 10, at + 10 + size).map((byte) => (byte - OFFSET) & 0xff),
  };
  const sum = sumOf(bytes, at, at + length - 2);
  const sent = bytes[at + length - 2] ?? 0;
  if (sum !== sent)
    return { kind: 'none', why: `checksum: frame ${hex2(sent)} computed ${hex2(sum)}`, frame };
  const end = bytes[at + length - 1] ?? 0;
  if (end !== END) return { kind: 'none', why: `end byte: expected 16, got ${hex2(end)}`, frame };
  return { kind: 'frame', frame, length };
}

/** Sum of bytes `from` to before `to`, modulo 256. */
export function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

/** Six bytes, lowest first, of twelve hex digits. */
export function addressBytes(address: string): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(address.slice(10 - 2 * i, 12 - 2 * i), 16));
}

/** Twelve digits, highest first, of six bytes as they stand on the wire. */
export function addressText(bytes: Uint8Array): string {
  return Array.from(bytes, hex2).reverse().join('');
}

/** Whether an answer from `got` may come from who was asked as `asked`, in which AA stands for any byte. */
export function addressFits(asked: string, got: string): boolean {
  const [want, have] = [addressBytes(asked), addressBytes(got)];
  return want.every((byte, i) => byte === WILDCARD || byte === have[i]);
}

export function hex2(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}
