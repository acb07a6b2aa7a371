/**
 * One media file onto the disk: into a part file, hashed while it comes, bounded by the signed size, taken up again where
 * a link broke, and given its name only when it is what was signed.
 */
import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContentRefusal, MediaItem } from '../../core/content.ts';
import { EXTENSIONS, MAGIC_BYTES, mediaTypeOf } from './media-type.ts';

/** Where media come from. */
export interface MediaSource {
  /** For the log; no secret in it. */
  readonly name: string;
  /**
   * The bytes of a file from `offset` on; `offset` of the answer is where they begin really (0 where a server knows no
   * ranges). Undefined: it has no such file. Rejects where it cannot be reached; the bytes end early where a link breaks.
   */
  open(
    item: MediaItem,
    offset: number,
    signal: AbortSignal,
  ): Promise<{ readonly offset: number; readonly bytes: AsyncIterable<Uint8Array> } | undefined>;
}

/** `partial`: what came is kept, and the next try goes on from there. */
export type Downloaded =
  | { readonly kind: 'done'; readonly file: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'partial'; readonly have: number }
  | { readonly kind: 'refused'; readonly code: ContentRefusal; readonly reason: string };

const PIECE = 256 * 1024;

/** Name of a media file in its folder, and at its source. */
export function mediaName({ sha256, type }: MediaItem): string {
  return `${sha256}.${EXTENSIONS[type]}`;
}

/** Brings `item` into `dir`. Rejects as the source and the file system do; what has come by then stays for the next try. */
export async function download(
  item: MediaItem,
  dir: string,
  source: MediaSource,
  signal: AbortSignal,
): Promise<Downloaded> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const part = join(dir, `${item.sha256}.part`);
  const hash = createHash('sha256');
  await using file = await open(part, 'a+', 0o600);
  let have = (await file.stat()).size;
  if (have > item.size) {
    await file.truncate(0);
    have = 0;
  }
  if (have < item.size) {
    const answer = await source.open(item, have, signal);
    if (answer === undefined) return { kind: 'missing' };
    if (answer.offset !== have) {
      if (answer.offset !== 0) return { kind: 'partial', have };
      await file.truncate(0);
      have = 0;
    }
    for await (const piece of answer.bytes) {
      signal.throwIfAborted();
      have += piece.length;
      if (have > item.size) {
        await rm(part, { force: true });
        return refused('wrong-size', `${name(item)} goes on behind its ${item.size} bytes`);
      }
      await file.appendFile(piece);
    }
    if (have < item.size) return { kind: 'partial', have };
  }
  await hashInto(hash, file);
  if (hash.digest('hex') !== item.sha256) {
    await rm(part, { force: true });
    return refused('bad-hash', `${name(item)} from ${source.name} has another SHA-256`);
  }
  const head = new Uint8Array(MAGIC_BYTES);
  await file.read(head, 0, MAGIC_BYTES, 0);
  if (mediaTypeOf(head) !== item.type) {
    await rm(part, { force: true });
    return refused('wrong-type', `${name(item)} is no ${item.type} by its first bytes`);
  }
  await file.sync();
  const done = join(dir, mediaName(item));
  await rename(part, done);
  return { kind: 'done', file: done };
}

/** Whether a file on the disk is what was signed: asked at a start, for cards lose bytes. */
export async function isIntact(item: MediaItem, path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r');
    if ((await file.stat()).size !== item.size) return false;
    const hash = createHash('sha256');
    await hashInto(hash, file);
    return hash.digest('hex') === item.sha256;
  } catch {
    return false;
  }
}

/** From the start, by position: what a part file holds from before counts too. */
async function hashInto(hash: Hash, file: Awaited<ReturnType<typeof open>>): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, PIECE, at);
    if (bytesRead === 0) return;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function name({ sha256 }: MediaItem): string {
  return `media ${sha256.slice(0, 12)}…`;
}

function refused(code: ContentRefusal, reason: string): Downloaded {
  return { kind: 'refused', code, reason };
}
