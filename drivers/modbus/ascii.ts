/**
 * Modbus ASCII: `:`, each byte as two hex digits, the LRC, CR LF. A colon begins a frame wherever it stands, so nothing
 * of what came before it counts. Modbus over Serial Line V1.02 §2.5.2
 */
import type { Match, Matcher } from '../../agent/core/link.ts';
import { lrc, withCrc } from './crc.ts';
import { expectedAnswer } from './frame.ts';
import { pduFits } from './match.ts';

const COLON = 0x3a;
const CR = 0x0d;
const LF = 0x0a;
/** Longest frame, characters: colon, 2 × (unit, 253 of PDU, LRC), CR LF. */
const MAX_ASCII = 513;
/** Silence allowed between two characters of one frame, ms. */
export const MAX_ASCII_GAP = 1000;

/** The frame of `unit + PDU`. */
export function asciiFrame(body: Uint8Array): Uint8Array {
  const digits = Buffer.from([...body, lrc(body)])
    .toString('hex')
    .toUpperCase();
  return Uint8Array.from(Buffer.from(`:${digits}\r\n`, 'latin1'));
}

/** `unit + PDU` of a whole frame. */
export function unasciiFrame(frame: Uint8Array): Uint8Array {
  return (bytesOf(frame, 1, frame.length - 2) ?? new Uint8Array(1)).subarray(0, -1);
}

/**
 * The matcher for the answer to `request` (unit and PDU). What stands before a colon is skipped, a frame with a wrong LRC
 * is consumed, a good frame of another unit, function or length is foreign.
 */
export function asciiMatcher(request: Uint8Array): Matcher {
  const expected = expectedAnswer(withCrc(request));
  return (received): Match => {
    if (received.length === 0) return { kind: 'more' };
    if (received[0] !== COLON) return { kind: 'skip', length: nextColon(received, 1) };
    const end = frameEnd(received);
    if (end === undefined) return { kind: 'more' };
    if (end < 0) return { kind: 'skip', length: nextColon(received, 1) };
    const bytes = bytesOf(received, 1, end - 2);
    if (bytes === undefined || bytes.length < 3) return { kind: 'skip', length: end };
    if (lrc(bytes.subarray(0, -1)) !== bytes.at(-1)) return { kind: 'skip', length: end };
    return { kind: pduFits(bytes.subarray(0, -1), expected) ? 'frame' : 'foreign', length: end };
  };
}

/** Where the frame at 0 ends, CR LF included; undefined where it is not whole, −1 where it cannot become one. */
function frameEnd(received: Uint8Array): number | undefined {
  for (let at = 1; at < received.length; at++) {
    const byte = received[at] ?? 0;
    if (byte === CR) {
      if (at + 1 === received.length) return undefined;
      return received[at + 1] === LF ? at + 2 : -1;
    }
    if (digit(byte) < 0 || at > MAX_ASCII - 3) return -1;
  }
  return undefined;
}

function nextColon(received: Uint8Array, from: number): number {
  const at = received.indexOf(COLON, from);
  return at < 0 ? received.length : at;
}

/** The bytes whose digits stand in [from, to); undefined where a digit is missing. */
function bytesOf(received: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const count = (to - from) / 2;
  if (!Number.isInteger(count) || count < 0) return undefined;
  return Uint8Array.from(
    { length: count },
    (_, i) => 16 * digit(received[from + 2 * i] ?? 0) + digit(received[from + 2 * i + 1] ?? 0),
  );
}

/** Value of a hex digit of either case; −1 for anything else. */
function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte & 0xdf;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1;
}
