/** A download that goes on where a link broke, into a file whose size is known before. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Bytes from `offset` of a file on. They end early where a link breaks. */
export interface Stretch {
  /** Where they begin really: 0 where a server knows no ranges. */
  readonly offset: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * `whole`: it has its size; whether it is what was meant is for a hash to say. `partial`: what came is kept, and the next try
 * goes on from there. `too-long`: more came than there should be, and the file is of no use. `missing`: there is none there.
 */
export interface Resumed {
  readonly kind: 'whole' | 'partial' | 'too-long' | 'missing';
  /** Bytes that came by now. */
  readonly have: number;
}

const PIECE = 256 * 1024;

/**
 * Fills `file`, opened with `a+`, up to `size` bytes. `open` is asked for what is not there yet, and answers undefined where it
 * has no such file. Rejects as `open`, `signal` and the file system do; what has come by then stays.
 */
export async function resumeInto(
  file: FileHandle,
  size: number,
  open: (offset: number) => Promise<Stretch | undefined>,
  signal: AbortSignal,
): Promise<Resumed> {
  let have = (await file.stat()).size;
  if (have > size) {
    await file.truncate(0);
    have = 0;
  }
  if (have === size) return { kind: 'whole', have };
  const answer = await open(have);
  if (answer === undefined) return { kind: 'missing', have };
  if (answer.offset !== have) {
    if (answer.offset !== 0) return { kind: 'partial', have };
    await file.truncate(0);
    have = 0;
  }
  for await (const piece of answer.bytes) {
    signal.throwIfAborted();
    have += piece.length;
    if (have > size) return { kind: 'too-long', have };
    await file.appendFile(piece);
  }
  return { kind: have < size ? 'partial' : 'whole', have };
}

/** SHA-256 over a whole file, by position, 64 hex digits. */
export async function sha256Of(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(PIECE);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, PIECE, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}
