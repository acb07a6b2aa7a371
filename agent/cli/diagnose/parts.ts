/** What is in the bytes after a request: echo, answer, answers to earlier requests, other masters' words, and the rest. */

import { crcFits } from '../../../drivers/modbus/crc.ts';
import {
  answerLength,
  type Expected,
  expectedAnswer,
  MAX_RTU,
  requestLength,
} from '../../../drivers/modbus/frame.ts';
import { equal } from '../../core/bytes.ts';

export type Part =
  /** A request of ours that came back. */
  | { readonly kind: 'echo'; readonly bytes: Uint8Array }
  /** Valid, and fits this request. */
  | { readonly kind: 'answer'; readonly bytes: Uint8Array; readonly exception: boolean; readonly end: number }
  /** Valid, and fits an earlier request only. */
  | { readonly kind: 'late'; readonly bytes: Uint8Array; readonly to: Past }
  /** A valid request that is not ours. */
  | { readonly kind: 'foreign-request'; readonly bytes: Uint8Array }
  /** Any other valid frame. */
  | { readonly kind: 'foreign'; readonly bytes: Uint8Array }
  | { readonly kind: 'stray'; readonly bytes: Uint8Array };

/** A request of ours from before. */
export interface Past {
  readonly request: Uint8Array;
  readonly expected: Expected;
  /** What it was answered with, late or not. */
  answer: Uint8Array | undefined;
}

/** Functions of which a request is not easily a coincidence: 8 bytes at least. */
const ASKED = new Set([1, 2, 3, 4, 5, 6, 15, 16, 22, 23]);

/** Splits what was heard; the parts are in order and together all of the bytes. `earlier`: our requests before it. */
export function partsOf(
  bytes: Uint8Array,
  request: Uint8Array | undefined,
  earlier: readonly Past[],
): readonly Part[] {
  const parts: Part[] = [];
  const expected = request === undefined ? undefined : expectedAnswer(request);
  let stray = 0;
  const flush = (to: number): void => {
    if (to > stray) parts.push({ kind: 'stray', bytes: bytes.slice(stray, to) });
  };
  for (let at = 0; at < bytes.length; ) {
    const part = frameAt(bytes, at, request, expected, earlier);
    if (part === undefined) {
      at += 1;
      continue;
    }
    flush(at);
    parts.push(part);
    at += part.bytes.length;
    stray = at;
  }
  flush(bytes.length);
  return parts;
}

function frameAt(
  bytes: Uint8Array,
  at: number,
  request: Uint8Array | undefined,
  expected: Expected | undefined,
  past: readonly Past[],
): Part | undefined {
  if (request !== undefined && equal(bytes.subarray(at, at + request.length), request)) {
    return { kind: 'echo', bytes: request };
  }
  const own = expected === undefined ? 0 : fitting(bytes, at, expected);
  if (own > 0) {
    const exception = ((bytes[at + 1] ?? 0) & 0x80) !== 0;
    return { kind: 'answer', bytes: bytes.slice(at, at + own), exception, end: at + own };
  }
  const asked = ASKED.has(bytes[at + 1] ?? 0) ? requestLength(bytes, at) : 0;
  if (validAt(bytes, at, asked) && (bytes[at] ?? 0) <= 247) {
    const frame = bytes.slice(at, at + (asked ?? 0));
    return past.some((one) => equal(one.request, frame))
      ? { kind: 'echo', bytes: frame }
      : { kind: 'foreign-request', bytes: frame };
  }
  const length = answerLength(bytes, at);
  if (!validAt(bytes, at, length)) return undefined;
  const frame = bytes.slice(at, at + (length ?? 0));
  const fits = past.filter((one) => fitting(frame, 0, one.expected) === frame.length);
  // Answers come in order: the oldest question that is still open is the one.
  const to =
    fits.find(({ answer }) => answer === undefined) ??
    fits.find(({ answer }) => answer !== undefined && equal(answer, frame)) ??
    fits.at(-1);
  return to === undefined ? { kind: 'foreign', bytes: frame } : { kind: 'late', bytes: frame, to };
}

function validAt(bytes: Uint8Array, at: number, length: number | undefined): boolean {
  if (length === undefined || length < 5 || length > MAX_RTU || at + length > bytes.length) return false;
  return crcFits(bytes, at, at + length);
}

/** Length of the valid answer `expected` at `at`, or 0. */
export function fitting(bytes: Uint8Array, at: number, expected: Expected): number {
  const { unit, code, head, length = 0 } = expected;
  if (bytes[at] !== unit) return 0;
  if (bytes[at + 1] === (code | 0x80)) return validAt(bytes, at, 5) ? 5 : 0;
  if (length > 0 && head.every((byte, i) => bytes[at + i] === byte) && validAt(bytes, at, length))
    return length;
  return 0;
}

/** Whether a valid answer to `request` is in `bytes`. */
export function hasAnswer(bytes: Uint8Array, request: Uint8Array): boolean {
  const expected = expectedAnswer(request);
  for (let at = 0; at + 5 <= bytes.length; at++) if (fitting(bytes, at, expected) > 0) return true;
  return false;
}
