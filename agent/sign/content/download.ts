/**
 * One media file onto the disk: into a part file, hashed while it comes, bounded by the signed size, taken up again where
 * a link broke, and given its name only when it is what was signed.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContentRefusal, MediaItem } from '../../core/content/content.ts';
import { resumeInto, type Stretch, sha256Of } from '../../core/resume.ts';
import { EXTENSIONS, MAGIC_BYTES, mediaTypeOf } from './media-type.ts';

/** Where media come from. */
export interface MediaSource {
  /** For the log; no secret in it. */
  readonly name: string;
  /** The bytes of a file from `offset` on. Undefined: it has no such file. Rejects where it cannot be reached. */
  open(item: MediaItem, offset: number, signal: AbortSignal): Promise<Stretch | undefined>;
}

/** `partial`: what came is kept, and the next try goes on from there. */
export type Downloaded =
  | { readonly kind: 'done'; readonly file: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'partial'; readonly have: number }
  | { readonly kind: 'refused'; readonly code: ContentRefusal; readonly reason: string };

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
  await using file = await open(part, 'a+', 0o600);
  const { kind, have } = await resumeInto(
    file,
    item.size,
    (offset) => source.open(item, offset, signal),
    signal,
  );
  if (kind === 'missing') return { kind };
  if (kind === 'partial') return { kind, have };
  if (kind === 'too-long') {
    await rm(part, { force: true });
    return refused('wrong-size', `${name(item)} goes on behind its ${item.size} bytes`);
  }
  if ((await sha256Of(file)) !== item.sha256) {
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
    return (await sha256Of(file)) === item.sha256;
  } catch {
    return false;
  }
}

function name({ sha256 }: MediaItem): string {
  return `media ${sha256.slice(0, 12)}…`;
}

function refused(code: ContentRefusal, reason: string): Downloaded {
  return { kind: 'refused', code, reason };
}
