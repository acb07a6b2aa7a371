/**
 * How a damaged answer is damaged. A disturbed line turns over single bits; two devices that talk at once spoil several
 * bytes. CRC-16 finds every single bit, so that turning each one over in thought tells the two apart.
 */
import { crc16 } from '../../../drivers/modbus/crc.ts';
import { type Expected, expectedAnswer } from '../../../drivers/modbus/frame.ts';

export interface Damage {
  /** Bytes that came in place of the answer. */
  readonly length: number;
  /** Bytes of the answer had it been whole and no exception. */
  readonly expected: number;
  /** One bit turned over makes it a valid answer. */
  readonly oneBit: boolean;
  /** It is as long as an answer, and one byte changed makes it a valid one. */
  readonly oneByte: boolean;
  /** Bytes too many for the answer that one bit would make. */
  readonly extra: number;
}

/** Longest frame looked into. */
const LONGEST = 100;
/** In longer ones a whole byte may fit by chance: only single bits are tried there. */
const LONGEST_BYTES = 16;
/** Stray bytes before and after it that are tried as such. */
const AROUND = 4;

/** Looks at the bytes that came instead of the answer to `request`; `bytes` has no echo any more. */
export function damageOf(bytes: Uint8Array, request: Uint8Array): Damage {
  const expected = expectedAnswer(request);
  const { length = 5 } = expected;
  let oneBit = false;
  let oneByte = false;
  let extra = 0;
  for (const size of new Set([length, 5])) {
    if (size > LONGEST) continue;
    const last = Math.min(bytes.length - size, AROUND);
    if (bytes.length - size > 2 * AROUND) continue;
    for (let from = 0; from <= last; from++) {
      const change = repair(bytes.subarray(from, from + size), expected);
      if (change === undefined) continue;
      if (bytes.length === size) oneByte = true;
      if ((change & (change - 1)) === 0) {
        oneBit = true;
        extra = bytes.length - size;
      }
    }
  }
  return { length: bytes.length, expected: length, oneBit, oneByte, extra };
}

/** What has to be XORed to one byte of `frame` for it to be an answer; the change with the fewest bits. */
function repair(frame: Uint8Array, { unit, code, head, length }: Expected): number | undefined {
  const exception = frame.length === 5 && length !== 5;
  const wanted = exception ? [unit, code | 0x80] : [...head];
  const wrong = wanted.filter((byte, i) => frame[i] !== byte).length;
  if (wrong > 1) return undefined;
  const trial = frame.slice();
  let best: number | undefined;
  for (let i = 0; i < frame.length; i++) {
    const byte = frame[i] ?? 0;
    const due = wanted[i];
    // A wrong head byte is the one change that may be made.
    if (wrong === 1 && (due === undefined || due === byte)) continue;
    const any = frame.length <= LONGEST_BYTES ? BYTES : BITS;
    const changes = due === undefined ? any : [byte ^ due];
    for (const change of changes) {
      if (change === 0) continue;
      trial[i] = byte ^ change;
      if (sound(trial) && (best === undefined || ones(change) < ones(best))) best = change;
    }
    trial[i] = byte;
  }
  return best;
}

const BYTES = Array.from({ length: 256 }, (_, i) => i);
const BITS = Array.from({ length: 8 }, (_, i) => 1 << i);

function sound(frame: Uint8Array): boolean {
  const end = frame.length - 2;
  return crc16(frame, 0, end) === ((frame[end] ?? 0) | ((frame[end + 1] ?? 0) << 8));
}

function ones(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
}
