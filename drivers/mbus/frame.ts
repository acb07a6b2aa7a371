/**
 * Link frames of the wired M-Bus: one byte E5 (acknowledge), `10 C A CS 16` (short), `68 L L 68 C A CI … CS 16` (long; a
 * control frame is one with nothing behind CI). CS is the sum from C on. EN 13757-2 §5.5
 */
import { END, type Found, hex2, START, sumOf } from '../meter-frame.ts';

export const ACK = 0xe5;
const SHORT = 0x10;
/** C, A and CI. */
const HEAD = 3;
/** Bytes of a long frame around what L counts. */
export const OVERHEAD = 6;
/** Bytes of a short frame. */
export const SHORT_LENGTH = 5;

/** Control field. EN 13757-2 §5.7.2 */
export const SND_NKE = 0x40;
export const SND_UD = 0x53;
export const REQ_UD1 = 0x5a;
export const REQ_UD2 = 0x5b;
/** Frame count bit: toggles from one request to the next; the same again asks for the same telegram again. */
export const FCB = 0x20;
/** Set from master to slave. */
const PRIMARY = 0x40;
/** What a RSP_UD may have besides 08: access demand and data flow control. */
const RSP_UD = 0x08;
const ACD_DFC = 0x30;

/** CI of the select telegram, of an application reset, and of what slaves answer. EN 13757-3 Table 1 */
export const SELECT = 0x52;
export const CI_ERROR = 0x70;
export const CI_LONG = 0x72;
export const CI_FIXED = 0x73;
export const CI_NONE = 0x78;
export const CI_SHORT = 0x7a;

/** Whoever was selected by its secondary address; whoever is alone on the bus; everybody, without an answer. */
export const SELECTED = 253;
export const ANYBODY = 254;
export const BROADCAST = 255;

export type Frame =
  | { readonly kind: 'ack' }
  | { readonly kind: 'short'; readonly c: number; readonly address: number }
  | {
      readonly kind: 'long';
      readonly c: number;
      readonly address: number;
      readonly ci: number;
      readonly data: Uint8Array;
    };
export type LongFrame = Extract<Frame, { kind: 'long' }>;

/** Whether a control field is of a slave. */
export function fromSlave(c: number): boolean {
  return (c & PRIMARY) === 0;
}

/** Whether a frame carries user data of a slave. */
export function isAnswer(frame: Frame): frame is LongFrame {
  return frame.kind === 'long' && (frame.c & ~ACD_DFC) === RSP_UD;
}

/** `10 C A CS 16` */
export function shortFrame(c: number, address: number): Uint8Array {
  return Uint8Array.of(SHORT, c, address, (c + address) & 0xff, END);
}

/** `68 L L 68 C A CI DATA CS 16`; `data` at most 252 bytes. */
export function longFrame(c: number, address: number, ci: number, data: Uint8Array): Uint8Array {
  const size = HEAD + data.length;
  const frame = Uint8Array.of(START, size, size, START, c, address, ci, ...data, 0, END);
  frame[frame.length - 2] = sumOf(frame, 4, frame.length - 2);
  return frame;
}

/** Looks for a frame that begins at `at`. A lone E5 is one. */
export function frameAt(bytes: Uint8Array, at: number): Found<Frame> {
  const left = bytes.length - at;
  switch (bytes[at]) {
    case ACK:
      return { kind: 'frame', frame: { kind: 'ack' }, length: 1 };
    case SHORT: {
      if (left < SHORT_LENGTH) return { kind: 'more', missing: `${left} of ${SHORT_LENGTH} bytes` };
      const frame = { kind: 'short', c: bytes[at + 1] ?? 0, address: bytes[at + 2] ?? 0 } as const;
      return judged(bytes, at, 1, SHORT_LENGTH, frame);
    }
    case START:
      return longAt(bytes, at, left);
    default:
      return { kind: 'none', why: 'no frame start: expected 68, 10 or E5' };
  }
}

function longAt(bytes: Uint8Array, at: number, left: number): Found<Frame> {
  const [size, again, start] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (size !== undefined && size < HEAD)
    return { kind: 'none', why: `length: expected ${HEAD} at least, got ${size}` };
  if (again !== undefined && again !== size) {
    return { kind: 'none', why: `length: ${hex2(size ?? 0)} and ${hex2(again)} differ` };
  }
  if (start !== undefined && start !== START) return { kind: 'none', why: 'second 68 missing' };
  if (size === undefined || start === undefined) {
    return { kind: 'more', missing: `${left} bytes, a long frame has ${HEAD + OVERHEAD} at least` };
  }
  const length = size + OVERHEAD;
  if (left < length) return { kind: 'more', missing: `${left} of ${length} bytes` };
  const frame = {
    kind: 'long',
    c: bytes[at + 4] ?? 0,
    address: bytes[at + 5] ?? 0,
    ci: bytes[at + 6] ?? 0,
    data: bytes.slice(at + 7, at + 4 + size),
  } as const;
  return judged(bytes, at, 4, length, frame);
}

function judged(bytes: Uint8Array, at: number, from: number, length: number, frame: Frame): Found<Frame> {
  const sum = sumOf(bytes, at + from, at + length - 2);
  const sent = bytes[at + length - 2] ?? 0;
  if (sum !== sent) {
    return { kind: 'none', why: `checksum: frame ${hex2(sent)} computed ${hex2(sum)}`, frame, length };
  }
  const end = bytes[at + length - 1] ?? 0;
  if (end !== END) return { kind: 'none', why: `end byte: expected 16, got ${hex2(end)}`, frame, length };
  return { kind: 'frame', frame, length };
}
