/** The city's side of bundles: archives of folders, the same bytes for the same files, and the signed manifest beside them. */
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, constants as zlib } from 'node:zlib';
import { create } from 'tar';
import { sealEnvelope, UPDATE_TYPE } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { sha256Of } from '../core/resume.ts';
import type { UpdatePart } from '../core/update.ts';
import { readManifest } from './manifest.ts';

/** A window of 8 MB: what a gateway unpacks with. */
const LEVEL = 17;
const PIECE = 256 * 1024;
const WINDOW_BITS = 23;

/** Packs `names` of `folder` into `<out>/<name>.tar.zst`. Links and other things than files and folders are an error. */
export async function makePart(
  name: string,
  folder: string,
  names: readonly string[],
  out: string,
  level = LEVEL,
): Promise<UpdatePart> {
  const file = `${name}.tar.zst`;
  const path = join(out, file);
  await mkdir(out, { recursive: true });
  const totals = { unpacked: 0, entries: 0 };
  const params = { [zlib.ZSTD_c_compressionLevel]: level, [zlib.ZSTD_c_windowLog]: WINDOW_BITS };
  const entries = await list(folder, names, totals);
  const tar = create(
    {
      cwd: folder,
      portable: true,
      mtime: new Date(0),
      noDirRecurse: true,
      jobs: 1,
      linkCache: new NoLinks(),
    },
    [...entries],
  );
  await pipeline(Readable.from(pieces(tar)), createZstdCompress({ params }), createWriteStream(path));
  await using handle = await open(path, 'r');
  const { size } = await handle.stat();
  return { name, file, sha256: await sha256Of(handle), size, ...totals };
}

/** Every entry below `names`, folders before what is in them, in the same order everywhere. */
async function list(
  folder: string,
  names: readonly string[],
  totals: { unpacked: number; entries: number },
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const path of [...names].sort()) {
    const at = join(folder, path);
    const found = await lstat(at);
    if (!found.isFile() && !found.isDirectory()) {
      throw new AgentError('unsupported', `packing of ${at} failed: it is neither file nor folder`);
    }
    totals.entries += 1;
    all.push(path);
    if (found.isFile()) totals.unpacked += found.size;
    else {
      const below = (await readdir(at)).map((name) => `${path}/${name}`);
      all.push(...(await list(folder, below, totals)));
    }
  }
  return all;
}

/** The compressor's answer depends on how its input is cut: it is always cut alike. */
async function* pieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = Buffer.alloc(PIECE);
  let filled = 0;
  for await (const some of bytes) {
    for (let from = 0; from < some.length; ) {
      const part = some.subarray(from, from + PIECE - filled);
      piece.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < PIECE) continue;
      yield piece;
      piece = Buffer.alloc(PIECE);
      filled = 0;
    }
  }
  yield piece.subarray(0, filled);
}

/** A file with two names is packed twice: agents take no links. */
class NoLinks extends Map<`${number}:${number}`, string> {
  override set(): this {
    return this;
  }
}

/**
 * Signs a manifest and writes it as `<out>/manifest.json`. Throws `config-invalid` where an agent would not take it, whoever
 * signed it: an error is found here, not on a thousand poles.
 */
export async function writeManifest(
  manifest: object,
  out: string,
  key: { readonly id: string; readonly secret: string },
): Promise<void> {
  const payload = Buffer.from(JSON.stringify(manifest, null, 1));
  const read = readManifest(payload);
  if (!read.ok) throw new AgentError('config-invalid', `signing of the manifest failed: ${read.reason}`);
  const envelope = sealEnvelope(payload, key.id, key.secret, UPDATE_TYPE);
  await mkdir(out, { recursive: true });
  await rm(join(out, 'manifest.json'), { force: true });
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(envelope)}\n`);
}
