/**
 * Frames of CJ/T 188: `FE… 68 T A0..A6 C L DATA CS 16`. Seven address bytes, lowest first: five of the meter's number and
 * two of the maker's code. CS is the sum of all bytes from 68 to the last of DATA. CJ/T 188-2004 §5.2; the frame of the
 * edition of 2018 is the same.
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
export const OVERHEAD = 13;

/** Bits of the control code. CJ/T 188-2004 §5.2.5 */
export const FROM_METER = 0x80;
export const ABNORMAL = 0x40;
export const FUNCTION_BITS = 0x3f;

export const READ = 0x01;
export const READ_ADDRESS = 0x03;

/** Any address. */
export const ANYBODY = 'AAAAAAAAAAAAAA';

export interface Frame {
  /** 10 cold water, 20 heat, 30 gas … */
  readonly type: number;
  /** Fourteen digits, highest first, as printed on the meter. */
  readonly address: string;
  readonly control: number;
  readonly data: Uint8Array;
}

/** A frame as it goes onto the line; `preambles` FE go first. */
export function request({ type, address, control, data }: Frame, preambles: number): Uint8Array {
  return onTheLine([START, type, ...addressBytes(address), control, data.length, ...data], preambles);
}

/** Looks for a frame whose 68 is at `at`. */
export function frameAt(bytes: Uint8Array, at: number): Found<Frame> {
  const left = bytes.length - at;
  if (left > 0 && bytes[at] !== START) return { kind: 'none', why: 'first 68 missing' };
  const size = bytes[at + 10];
  const lacking = missing(left, OVERHEAD, size);
  if (lacking !== undefined || size === undefined) return lacking ?? { kind: 'more', missing: 'its length' };
  return judged(bytes, at, OVERHEAD + size, {
    type: bytes[at + 1] ?? 0,
    address: addressText(bytes.subarray(at + 2, at + 9)),
    control: bytes[at + 9] ?? 0,
    data: bytes.slice(at + 11, at + 11 + size),
  });
}

export interface Expected {
  /** The address asked for; AA stands for any byte of it. */
  readonly address: string;
  /** Control code of the request. */
  readonly control: number;
  /** Data identifier, highest byte first, e.g. 901F. */
  readonly di: string;
}

/**
 * Whether `frame` is the answer expected, apart from what it carries. Its type and serial number may differ from the
 * request's, and the identifier may stand in either order: real meters do all of it.
 */
export function answers({ address, control, data }: Frame, expected: Expected): boolean {
  if ((control & FROM_METER) === 0) return false;
  if ((control & FUNCTION_BITS) !== expected.control) return false;
  if (!addressFits(expected.address, address)) return false;
  // CJ/T 188-2004 §5.3: an abnormal answer carries SER and a status.
  if ((control & ABNORMAL) !== 0) return data.length >= 1 && data.length <= 5;
  return data.length >= 3 && orderOf(data, expected.di) !== undefined;
}

/** `high`: highest byte first, as the standard prints the identifier; `low`: the other way round. */
export const ORDERS = ['high', 'low'] as const;
export type Order = (typeof ORDERS)[number];

/** The order in which the first two bytes hold `di`; undefined where they do not. */
export function orderOf(data: Uint8Array, di: string): Order | undefined {
  return ORDERS.find((order) => identifierBytes(di, order).every((byte, i) => data[i] === byte));
}

/** An identifier as it stands on the wire. */
export function identifierBytes(di: string, order: Order): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(di, 'hex'));
  return order === 'high' ? bytes : bytes.reverse();
}
