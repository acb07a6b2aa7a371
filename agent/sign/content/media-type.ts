/** What a media file is by its first bytes: a signed list says its type, and a player should get nothing else. */
import type { MediaType } from '../../core/content/content.ts';

/** Bytes that `mediaTypeOf` looks at. */
export const MAGIC_BYTES = 16;

export const EXTENSIONS: Readonly<Record<MediaType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
};

/** The type of a file that begins with `head`; undefined for anything that is not on the list. */
export function mediaTypeOf(head: Uint8Array): MediaType | undefined {
  const bytes = Buffer.from(head);
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  // PNG (ISO/IEC 15948 §5.2), JPEG (ISO/IEC 10918-1 B.1.1.3: SOI and a marker).
  if (bytes.toString('hex', 0, 8) === '89504e470d0a1a0a') return 'image/png';
  if (bytes.toString('hex', 0, 3) === 'ffd8ff') return 'image/jpeg';
  // RFC 9649 §2.4; ISO/IEC 14496-12 §4.3; RFC 8794 §11.2.1 (EBML).
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp';
  if (text(4, 8) === 'ftyp') return 'video/mp4';
  if (bytes.toString('hex', 0, 4) === '1a45dfa3') return 'video/webm';
  return undefined;
}
