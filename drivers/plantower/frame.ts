/** Frames of Plantower particle sensors: `42 4D`, length, words, 16-bit sum. PMS5003 data manual v2.3, appendix I. */

const HEAD = [0x42, 0x4d] as const;
/** Bytes behind the length field: PMS5003, PMS7003 and PMSA003 send 28, PMS3003 20, PMS5003ST 36; 4 answers a command. */
const LENGTHS: readonly number[] = [28, 20, 36, 4];
const LONGEST = 40;

export interface Frame {
  /** Behind the length field: 28, 20, 36 or 4. */
  readonly length: number;
  /** Data words, the first is word 1 of the manual at index 0; without the check sum. */
  readonly words: readonly number[];
}

/** The 16-bit sum of all bytes before the check. */
export function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xffff;
}

/** What stands at `at`: a frame, a bad one with the reason, or undefined while bytes are missing. */
export type Found =
  | { readonly ok: true; readonly size: number; readonly frame: Frame }
  | { readonly ok: false; readonly error: string };

/** Looks for a frame that starts exactly at `at`. */
export function frameAt(bytes: Uint8Array, at = 0): Found | undefined {
  const word = (offset: number) => ((bytes[at + offset] ?? 0) << 8) | (bytes[at + offset + 1] ?? 0);
  const have = bytes.length - at;
  for (const [i, byte] of HEAD.entries()) {
    if (have <= i) return undefined;
    if (bytes[at + i] !== byte) return { ok: false, error: 'header is not 42 4D' };
  }
  if (have < 4) return undefined;
  const length = word(2);
  if (!LENGTHS.includes(length)) return { ok: false, error: `header length ${length} is not known` };
  const size = length + 4;
  if (have < size) return undefined;
  const sum = sumOf(bytes, at, at + size - 2);
  const sent = word(size - 2);
  if (sum !== sent) return { ok: false, error: `checksum ${sent} != ${sum}` };
  const words = Array.from({ length: (length - 2) / 2 }, (_, i) => word(4 + 2 * i));
  return { ok: true, size, frame: { length, words } };
}

/** Takes bytes as they come and gives the frames in them; noise between frames is dropped. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): readonly Frame[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const frames: Frame[] = [];
    let at = 0;
    while (at < all.length) {
      const found = frameAt(all, at);
      if (found === undefined) break;
      if (found.ok) frames.push(found.frame);
      at += found.ok ? found.size : 1;
    }
    this.#rest = all.slice(Math.max(at, all.length - LONGEST));
    return frames;
  }
}

/** A host command of 7 bytes: E1 mode (data 0 passive, 1 active), E2 read, E4 sleep (0) or wake (1). Appendix II. */
export function command(code: number, data: number): Uint8Array {
  const bytes = Uint8Array.of(...HEAD, code, data >> 8, data & 0xff, 0, 0);
  const sum = sumOf(bytes, 0, 5);
  bytes[5] = sum >> 8;
  bytes[6] = sum & 0xff;
  return bytes;
}
