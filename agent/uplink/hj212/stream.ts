/** Cuts packets out of what a socket brings, by their length field alone: cipher text may hold any byte. */

import type { Frame } from './packet.ts';
import { LONGEST_SEGMENT } from './version.ts';

const HEAD = 6;
const TAIL = 6;
/** Some platforms send more than the norm allows; beyond this a length field is damage. */
const LONGEST_TAKEN = 4 * LONGEST_SEGMENT;

export class FrameStream {
  #held = Buffer.alloc(0);
  /** Bytes that belonged to no packet. */
  skipped = 0;

  /** Whole packets, in order. What is none is skipped up to the next `##`. */
  push(chunk: Uint8Array): Frame[] {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const start = this.#held.indexOf('##', at, 'latin1');
      if (start < 0) {
        // The last byte may be the first half of a beginning.
        const rest = this.#held.length > at && this.#held[this.#held.length - 1] === 0x23 ? 1 : 0;
        this.skipped += this.#held.length - at - rest;
        at = this.#held.length - rest;
        break;
      }
      this.skipped += start - at;
      at = start;
      const frame = frameAt(this.#held, at);
      if (frame === 'more') break;
      if (frame === undefined) {
        at += 1;
        this.skipped += 1;
        continue;
      }
      frames.push(frame);
      at += HEAD + frame.segment.length + TAIL;
    }
    this.#held = Buffer.from(this.#held.subarray(at));
    return frames;
  }
}

/** The packet that begins at `at`; 'more' where it is not whole yet; undefined where none begins there. */
function frameAt(bytes: Buffer, at: number): Frame | 'more' | undefined {
  const digits = bytes.toString('latin1', at + 2, Math.min(at + HEAD, bytes.length));
  if (!/^\d*$/.test(digits)) return undefined;
  if (digits.length < 4) return 'more';
  const length = Number(digits);
  if (length > LONGEST_TAKEN) return undefined;
  const end = at + HEAD + length;
  if (bytes.length < end + TAIL) return 'more';
  const crc = bytes.toString('latin1', end, end + 4);
  if (!/^[0-9A-Fa-f]{4}$/.test(crc) || bytes.toString('latin1', end + 4, end + TAIL) !== '\r\n')
    return undefined;
  return { length, segment: bytes.subarray(at + HEAD, end), crc };
}
