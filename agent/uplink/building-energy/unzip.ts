/** zlib for the compressed packets of one vendor, with an end to what a few bytes may become. */
import { deflateSync, inflateSync } from 'node:zlib';

/** Undefined where it is no zlib data or becomes longer than `longest` bytes. */
export function inflate(bytes: Uint8Array, longest: number): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: longest });
  } catch {
    return undefined;
  }
}

export function deflate(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes);
}
