/**
 * Frames of DL/T 645: `FE… 68 A0..A5 68 C L DATA CS 16`. Addresses are six BCD bytes, lowest first; 33H is added to every
 * byte of DATA, both ways; CS is the sum of all bytes from the first 68 to the last of DATA. DL/T 645-2007 §5.2
 */
import {
  addressBytes,
  addressFits,
  addressText,
  type Found,
  judged,
  missing,
  onTheLine,
  START,
} from '../meter-frame.ts';

/** Bytes of a frame around its DATA. */
export const OVERHEAD = 12;
const OFFSET = 0x33;

/** Bits of the control code. DL/T 645-2007 §5.2.5 */
export const FROM_METER = 0x80;
export const ABNORMAL = 0x40;
export const FOLLOWS = 0x20;
export const FUNCTION_BITS = 0x1f;

/** Every byte of it matches any; a request to it is answered by whoever hears it. */
export const ANYBODY = 'AAAAAAAAAAAA';

export interface Frame {
  /** Twelve digits, highest first, as printed on the meter. Real meters exist whose digits are hex. */
  readonly address: string;
  readonly control: number;
  /** DATA without the 33H. */
  readonly data: Uint8Array;
}

/** A frame as it goes onto the line: with preambles. */
export function request({ address, control, data }: Frame): Uint8Array {
  const shifted = data.map((byte) => (byte + OFFSET) & 0xff);
  return onTheLine([START, ...addressBytes(address), START, control, data.length, ...shifted]);
}

/** Looks for a frame whose first 68 is at `at`. */
export function frameAt(bytes: Uint8Array, at: number): Found<Frame> {
  const left = bytes.length - at;
  if (left > 0 && bytes[at] !== START) return { kind: 'none', why: 'first 68 missing' };
  if (left > 7 && bytes[at + 7] !== START) return { kind: 'none', why: 'second 68 missing' };
  const size = bytes[at + 9];
  const lacking = missing(left, OVERHEAD, size);
  if (lacking !== undefined || size === undefined) return lacking ?? { kind: 'more', missing: 'its length' };
  return judged(bytes, at, OVERHEAD + size, {
    address: addressText(bytes.subarray(at + 1, at + 7)),
    control: bytes[at + 8] ?? 0,
    data: bytes.slice(at + 10, at + 10 + size).map((byte) => (byte - OFFSET) & 0xff),
  });
}

export interface Expected {
  /** The address asked for; AA stands for any byte of it. */
  readonly address: string;
  /** Control code of the request. */
  readonly control: number;
  /** First bytes of the DATA of a normal answer: the data identifier. */
  readonly head: Uint8Array;
}

/** Whether `frame` is the answer expected, apart from what it carries. */
export function answers({ address, control, data }: Frame, expected: Expected): boolean {
  if ((control & FROM_METER) === 0) return false;
  if ((control & FUNCTION_BITS) !== (expected.control & FUNCTION_BITS)) return false;
  if (!addressFits(expected.address, address)) return false;
  // DL/T 645-2007 §7.1.3: an abnormal answer carries the error word alone.
  if ((control & ABNORMAL) !== 0) return data.length === 1;
  return expected.head.every((byte, i) => data[i] === byte);
}
