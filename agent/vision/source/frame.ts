/** A frame as a source gives it, and what every source promises. */
import { AgentError } from '../../core/errors.ts';
import type { Mono } from '../../core/reading.ts';

export interface Frame {
  /** A JPEG (a folder or a snapshot may hold others that sharp reads). */
  readonly bytes: Uint8Array;
  /** When its last byte had arrived; of a clip, when it is shown. */
  readonly time: Mono;
}

/** Where frames come from. One reader; a failed one begins anew with the next call. */
export interface Source extends AsyncDisposable {
  /**
   * The newest frame that has not been given yet; waits for one. What came between two calls is dropped, all but the
   * last. Rejects with `AgentError`: `timeout`, `source-failed`, `auth-failed`, `not-found`, `aborted`.
   */
  next(signal: AbortSignal): Promise<Frame>;
  /** The same picture for longer than this is no live picture any more, ms. */
  readonly frozenAfter: number;
}

/** Largest frame taken, bytes. */
export const MAX_FRAME_BYTES = 10 * 1024 * 1024;

const START_OF_SCAN = Buffer.from([0xff, 0xda]);
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/**
 * Throws `AgentError` `source-failed` for what is no whole JPEG. A picture cut short decodes without complaint where
 * something follows it: after the last start of scan (FF DA), which cannot occur within coded data, must stand an end
 * of image (FF D9). ISO/IEC 10918-1 B.1.1.3.
 */
export function wholeJpeg(bytes: Buffer, what: string): void {
  const size = bytes.length;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[2] !== 0xff) {
    throw new AgentError('source-failed', `${what} failed: ${size} bytes that are no JPEG`);
  }
  const end = bytes.lastIndexOf(END_OF_IMAGE);
  if (end === -1 || end < bytes.lastIndexOf(START_OF_SCAN)) {
    throw new AgentError('source-failed', `${what} failed: the JPEG of ${size} bytes is cut short`);
  }
}
