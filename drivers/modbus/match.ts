/** Finds the answer to a request among the bytes of a line: by length, unit, function and check, never by silence. */
import type { Match, Matcher } from '../../agent/core/link.ts';
import { crcFits } from './crc.ts';
import { answerLength, type Expected, expectedAnswer, validFrame } from './frame.ts';

/**
 * The matcher for the answer to an RTU request (with CRC). Bytes before it are skipped as noise, whole valid frames of
 * other units, of other functions or of another length (a late answer) are told as foreign.
 */
export function rtuMatcher(request: Uint8Array): Matcher {
  const expected = expectedAnswer(request);
  return (received) => {
    if (received.length === 0) return { kind: 'more' };
    const own = ownAnswer(received, 0, expected);
    if (own > 0) return { kind: 'frame', length: own };
    const other = validFrame(received, 0);
    if (other !== undefined && other > 0) return { kind: 'foreign', length: other };
    for (let at = 1; at + 5 <= received.length; at++) {
      if (ownAnswer(received, at, expected) > 0) return { kind: 'skip', length: at };
    }
    if (own < 0 || other === undefined) return { kind: 'more' };
    return { kind: 'skip', length: nextStart(received, expected) };
  };
}

/** Length of our complete answer at `at`; 0: it is not ours; −1: it may become ours. */
function ownAnswer(received: Uint8Array, at: number, expected: Expected): number {
  const unit = received[at];
  const code = received[at + 1];
  if (unit !== expected.unit) return 0;
  if (code === undefined) return -1;
  if (code === (expected.code | 0x80)) {
    if (received.length < at + 5) return -1;
    return crcFits(received, at, at + 5) ? 5 : 0;
  }
  for (let i = 1; i < expected.head.length; i++) {
    const byte = received[at + i];
    if (byte === undefined) return -1;
    if (byte !== expected.head[i]) return 0;
  }
  const length = expected.length ?? answerLength(received, at);
  if (length === undefined) return -1;
  if (length === 0) return 0;
  if (received.length < at + length) return -1;
  return crcFits(received, at, at + length) ? length : 0;
}

/** Where the next byte is that an answer of ours could begin with. */
function nextStart(received: Uint8Array, expected: Expected): number {
  for (let at = 1; at < received.length; at++) {
    if (ownAnswer(received, at, expected) !== 0) return at;
  }
  return received.length;
}

/**
 * The matcher for the answer to a Modbus TCP request (MBAP header and PDU). A frame with another transaction id (a late
 * answer), unit or function is foreign. Modbus Messaging on TCP/IP V1.0b §3.1.3
 */
export function mbapMatcher(request: Uint8Array): Matcher {
  const expected = expectedAnswer(request.subarray(6));
  const tid = [request[0] ?? 0, request[1] ?? 0] as const;
  return (received): Match => {
    const size = mbapLength(received, 0);
    if (size === undefined) return { kind: 'more' };
    if (size === 0) {
      let at = 1;
      while (at < received.length && !startsWith(received, at, tid)) at++;
      return { kind: 'skip', length: at };
    }
    if (received.length < size) return { kind: 'more' };
    const ours =
      received[0] === tid[0] && received[1] === tid[1] && pduFits(received.subarray(6, size), expected);
    return { kind: ours ? 'frame' : 'foreign', length: size };
  };
}

/** Whether `unit + PDU` is the answer expected, apart from the value it carries. */
export function pduFits(body: Uint8Array, expected: Expected): boolean {
  if (body[0] !== expected.unit) return false;
  if (body[1] === (expected.code | 0x80)) return body.length === 3;
  if (expected.length !== undefined && body.length !== expected.length - 2) return false;
  return expected.head.every((byte, i) => body[i] === byte);
}

/** Whole length of the MBAP frame at `at`; undefined while the header is not complete, 0 where there is none. */
export function mbapLength(received: Uint8Array, at: number): number | undefined {
  for (const i of [2, 3]) {
    const byte = received[at + i];
    if (byte === undefined) return undefined;
    if (byte !== 0) return 0;
  }
  const high = received[at + 4];
  const low = received[at + 5];
  if (high === undefined || low === undefined) return undefined;
  const length = (high << 8) | low;
  // unit + function + one byte at least, ADU of 260 at most
  return length < 3 || length > 254 ? 0 : length + 6;
}

/** Whether a header with this transaction id and protocol 0 may begin at `at`. */
function startsWith(received: Uint8Array, at: number, tid: readonly [number, number]): boolean {
  const head = [tid[0], tid[1], 0, 0];
  return head.every((byte, i) => received[at + i] === undefined || received[at + i] === byte);
}
