/** Finds frames in bytes as they come, for protocols whose frame begins with a mark and stands or falls by its check. */
import { concat, fromHex } from '../agent/core/bytes.ts';
import { type Decoded, refused } from './decode.ts';

/** What stands at a place: a frame of `size` bytes, none and why, or undefined while bytes are missing. */
export type Found<F> =
  | { readonly ok: true; readonly size: number; readonly frame: F }
  | { readonly ok: false; readonly error: string };

/** Looks for a frame that starts exactly at `at`. */
export type FrameAt<F> = (bytes: Uint8Array, at: number) => Found<F> | undefined;

/** Takes bytes as they come and gives the frames in them; what is no frame is dropped byte by byte. */
export class FrameScanner<F> {
  readonly #frameAt: FrameAt<F>;
  readonly #longest: number;
  #rest: Uint8Array = new Uint8Array(0);

  /** `longest`: bytes of the longest frame; no more than that is kept. */
  constructor(frameAt: FrameAt<F>, longest: number) {
    this.#frameAt = frameAt;
    this.#longest = longest;
  }

  push(bytes: Uint8Array): readonly F[] {
    const all = concat(this.#rest, bytes);
    const frames: F[] = [];
    let at = 0;
    while (at < all.length) {
      const found = this.#frameAt(all, at);
      if (found === undefined) break;
      if (found.ok) frames.push(found.frame);
      at += found.ok ? found.size : 1;
    }
    this.#rest = all.slice(Math.max(at, all.length - this.#longest));
    return frames;
  }
}

/** The 8-bit sum of `bytes` from `from` up to and without `to`. */
export function sum8(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

/** Two hex digits, as manuals print a byte. */
export function byteText(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}

/** Bytes of what `kerbside decode` was given: bytes, or hex. */
export function bytesOf(input: Uint8Array | string): Uint8Array | undefined {
  return typeof input === 'string' ? fromHex(input) : input;
}

/** Exactly one frame of all `bytes`, or the refusal. `size`: how long the frame would be, for the message. */
export function exactly<F>(
  bytes: Uint8Array,
  found: Found<F> | undefined,
  size: number | string,
  explain: (frame: F) => Decoded,
): Decoded {
  if (found === undefined) return refused(`short: ${bytes.length} of ${size} bytes`);
  if (!found.ok) return refused(found.error);
  const more = bytes.length - found.size;
  if (more > 0) return refused(`length: ${found.size} bytes and ${more} more`);
  return explain(found.frame);
}
