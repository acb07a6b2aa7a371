/** Finds the answer to a request among the bytes of a line, whatever stands before it. */
import type { Match, Matcher } from '../../agent/core/link.ts';
import {
  ABNORMAL,
  addressFits,
  FROM_METER,
  type Frame,
  FUNCTION_BITS,
  frameAt,
  PREAMBLE,
  START,
} from './frame.ts';

export interface Expected {
  /** The address asked for; AA stands for any byte of it. */
  readonly address: string;
  /** Control code of the request. */
  readonly control: number;
  /** First bytes of the DATA of a normal answer: the data identifier. */
  readonly head: Uint8Array;
}

/**
 * The matcher for one answer. Preambles belong to their frame. A request (an echo, another master), a frame of another
 * meter, function or data identifier is foreign.
 */
export function matcher(expected: Expected): Matcher {
  return (received): Match => {
    const begin = preambles(received, 0);
    if (begin === received.length) return { kind: 'more' };
    const here = frameAt(received, begin);
    if (here.kind === 'frame') {
      const kind = answers(here.frame, expected) ? 'frame' : 'foreign';
      return { kind, length: begin + here.length };
    }
    // A whole answer further on proves that what stands before it is noise, even where it could still grow.
    const next = nextAnswer(received, begin + 1, expected);
    if (next !== undefined) return { kind: 'skip', length: next };
    if (here.kind === 'more') return { kind: 'more' };
    return { kind: 'skip', length: nextStart(received, begin + 1) };
  };
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

/** Where the preambles that begin at `at` end. */
export function preambles(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] === PREAMBLE) end++;
  return end;
}

function nextAnswer(received: Uint8Array, from: number, expected: Expected): number | undefined {
  for (let at = received.indexOf(START, from); at >= 0; at = received.indexOf(START, at + 1)) {
    const found = frameAt(received, at);
    if (found.kind === 'frame' && answers(found.frame, expected)) return at;
  }
  return undefined;
}

/** Where the next byte is that a preamble or a frame could begin with. */
export function nextStart(received: Uint8Array, from: number): number {
  let at = from;
  while (at < received.length && received[at] !== START && received[at] !== PREAMBLE) at++;
  return at;
}
