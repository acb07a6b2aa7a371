/** One `unit + PDU` on the wire in each of the three forms Modbus has. */
import type { Matcher } from '../../agent/core/link.ts';
import { asciiFrame, asciiMatcher, MAX_ASCII_GAP, unasciiFrame } from './ascii.ts';
import { withCrc } from './crc.ts';
import { mbapMatcher, rtuMatcher } from './match.ts';

export type Framing = 'rtu' | 'tcp' | 'ascii';

export interface Framed {
  readonly bytes: Uint8Array;
  /** Accepts nothing but the answer. */
  readonly match: Matcher;
  /** Longest silence within the answer, ms; absent: the line's. */
  readonly gap?: number;
  /** `unit + PDU` of the answer. */
  body(answer: Uint8Array): Uint8Array;
}

/** The request `body` (unit and PDU) in its frame. `transaction` gives the next id, 0..65535; used by `tcp` only. */
export function framed(framing: Framing, body: Uint8Array, transaction: () => number): Framed {
  switch (framing) {
    case 'rtu': {
      const bytes = withCrc(body);
      return { bytes, match: rtuMatcher(bytes), body: (answer) => answer.subarray(0, -2) };
    }
    case 'ascii':
      return { bytes: asciiFrame(body), match: asciiMatcher(body), gap: MAX_ASCII_GAP, body: unasciiFrame };
    case 'tcp': {
      const bytes = mbap(transaction(), body);
      return { bytes, match: mbapMatcher(bytes), body: (answer) => answer.subarray(6) };
    }
  }
}

/** Bytes on the wire of a frame with `length` bytes of unit and PDU. */
export function frameLength(framing: Framing, length: number): number {
  if (framing === 'rtu') return length + 2;
  return framing === 'tcp' ? length + 6 : 2 * length + 5;
}

/** MBAP header before `unit + PDU`. Modbus Messaging on TCP/IP V1.0b §3.1.3 */
function mbap(transaction: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(6 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, transaction);
  view.setUint16(4, body.length);
  bytes.set(body, 6);
  return bytes;
}
