/**
 * Unpacks a part: a tar, compressed with zstd, into a folder of its own. Signed or not, nothing in it is trusted: files and
 * folders only, no link, no path that leaves the folder, no name twice, never more bytes or entries than the manifest says.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createZstdDecompress, constants as zlib } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { AgentError } from '../core/errors.ts';

export interface Bounds {
  /** Bytes of all files together, exactly. */
  readonly unpacked: number;
  /** Files and folders, exactly. */
  readonly entries: number;
}

/** zstd may ask for a window of this many bits: 16 MB of memory, whatever an archive says. */
const WINDOW_BITS = 24;
const LONGEST_PATH = 400;
const DEEPEST = 40;
/** A tar has half a kilobyte of header for each entry and pads each file to half a kilobyte; names that are long take more. */
const PER_ENTRY = 4096;

/** Unpacks `file` into the new folder `into`. Rejects with `AgentError` `frame-invalid`; what is in `into` then is no use. */
export async function unpack(file: string, into: string, bounds: Bounds, signal: AbortSignal): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o755 });
  const parser = new Parser({ strict: true, maxMetaEntrySize: 8192 });
  const seen = { bytes: 0, entries: 0 };
  let failure: unknown;
  let current: ReadEntry | undefined;
  let wake = () => {};
  const fail = (cause: unknown) => {
    failure ??= cause ?? new Error('it ends early');
    wake();
  };
  let writing: Promise<void> = Promise.resolve();
  parser.on('entry', (entry: ReadEntry) => {
    // What is wrong with it reaches whoever reads it; an entry nobody reads any more has nobody to tell.
    entry.on('error', () => {});
    writing = writing
      .then(() => {
        current = entry;
        return failure === undefined ? take(entry, into, bounds, seen) : undefined;
      })
      .catch(fail)
      .finally(() => entry.resume());
  });
  parser.on('error', fail);
  parser.on('drain', () => wake());
  const ended = new Promise<void>((resolve) => parser.on('end', resolve));
  const limit = bounds.unpacked + bounds.entries * PER_ENTRY + 1_048_576;
  let plain = 0;
  const source = createReadStream(file, { highWaterMark: 64 * 1024 });
  const unzip = createZstdDecompress({ params: { [zlib.ZSTD_d_windowLogMax]: WINDOW_BITS } });
  source.on('error', (cause) => unzip.destroy(cause));
  source.pipe(unzip);
  try {
    for await (const piece of unzip as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      plain += piece.length;
      if (plain > limit) fail(invalid('it is larger than its manifest says'));
      if (failure !== undefined) break;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!parser.write(piece) && failure === undefined) await more;
    }
    if (failure === undefined) {
      parser.end();
      const failed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([ended, failed]);
    }
  } catch (cause) {
    fail(cause);
  } finally {
    source.destroy();
    unzip.destroy();
    // An entry whose bytes never come would be waited for without end.
    if (failure !== undefined) current?.destroy(new Error('given up'));
    await writing;
  }
  signal.throwIfAborted();
  if (failure instanceof AgentError) throw failure;
  if (failure !== undefined)
    throw invalid(failure instanceof Error ? failure.message : String(failure), failure);
  if (seen.bytes !== bounds.unpacked || seen.entries !== bounds.entries) {
    throw invalid(
      `${seen.entries} entries of ${seen.bytes} bytes, its manifest says ${bounds.entries} of ${bounds.unpacked}`,
    );
  }
}

async function take(
  entry: ReadEntry,
  into: string,
  bounds: Bounds,
  seen: { bytes: number; entries: number },
): Promise<void> {
  const { type, path } = entry;
  const folder = type === 'Directory';
  if (!folder && type !== 'File' && type !== 'OldFile') throw invalid(`${shown(path)} is a ${type}`);
  const name = folder ? path.replace(/\/+$/, '') : path;
  const wrong = wrongPath(name);
  if (wrong !== undefined) throw invalid(`${shown(path)} ${wrong}`);
  seen.entries += 1;
  seen.bytes += folder ? 0 : entry.size;
  if (seen.entries > bounds.entries || seen.bytes > bounds.unpacked)
    throw invalid('it holds more than its manifest says');
  const target = join(into, name);
  if (folder) {
    await mkdir(target, { recursive: true, mode: 0o755 });
    entry.resume();
    return;
  }
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  // Every folder was made here and no link ever is, so an exclusive open lands inside `into`.
  await using handle = await open(target, 'wx', ((entry.mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755);
  for await (const piece of entry as unknown as AsyncIterable<Uint8Array>) await handle.write(piece);
}

function wrongPath(path: string): string | undefined {
  if (path.length === 0 || Buffer.byteLength(path) > LONGEST_PATH) return 'has no name, or too long a one';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return 'has a character that no file of ours has';
  const steps = path.split('/');
  if (steps.length > DEEPEST) return 'lies too deep';
  if (steps.some((step) => step === '' || step === '.' || step === '..')) return 'leaves its folder';
  return undefined;
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 80));
}

function invalid(why: string, cause?: unknown): AgentError {
  return new AgentError('frame-invalid', `unpacking failed: ${why}`, { retryable: false, cause });
}
