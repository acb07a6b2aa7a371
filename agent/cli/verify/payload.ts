/** A payload as it came over the wire: JSON, as it is or compressed, which its first bytes tell. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Bytes after decompression. */
const LARGEST = 64 * 1024 * 1024;

/** The JSON in `bytes`; undefined where there is none. Never throws. */
export function readPayload(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decompress(bytes)));
  } catch {
    return undefined;
  }
}

function decompress(bytes: Uint8Array): Uint8Array {
  // RFC 1952 §2.3.1; RFC 8878 §3.1.1: no text begins like this.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, { maxOutputLength: LARGEST });
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd)
    return zstdDecompressSync(bytes, { maxOutputLength: LARGEST });
  return bytes;
}
