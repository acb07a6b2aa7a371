/**
 * The inside of a backup: a list of its files with their sizes and digests, then their bytes one after another, all of
 * it compressed. The list comes first, so that a reader knows what to expect before it writes anything.
 */
import { createHash } from 'node:crypto';
import { Readable, type Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import * as z from 'zod';
import { damaged } from './seal.ts';

/** Bytes of the list. */
const LARGEST_LIST = 16 * 1024 * 1024;
/** Longest path of a file, characters. */
const LONGEST_PATH = 1024;

/** A path inside its folder, with slashes, that cannot lead out of it. */
export function isInside(path: string): boolean {
  return (
    path.length > 0 &&
    path.length <= LONGEST_PATH &&
    !/[\0\\]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

const file = z.strictObject({
  /** The state folder, or the folder of the site file. */
  area: z.enum(['state', 'site']),
  path: z.string().refine(isInside),
  size: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const list = z.strictObject({
  v: z.literal(1),
  created: z.string(),
  version: z.string(),
  site: z.string(),
  agent: z.string(),
  /** Id of the machine, hashed. */
  hardware: z.string(),
  generation: z.number().int().min(1),
  /** Name of the site file in area site. */
  siteFile: z.string().refine(isInside),
  /** Epoch and last numbers of the log, null where there is none. */
  log: z
    .strictObject({
      epoch: z.string().regex(/^[0-9a-f]{16}$/),
      heads: z.record(z.string(), z.number().int().min(0)),
      /** All its records, or those that have not left yet. */
      records: z.enum(['all', 'unsent']),
      /** The agent was stopped in order: no number was given after the backup. */
      clean: z.boolean(),
    })
    .nullable(),
  /** Keys and passwords are among the files. */
  secrets: z.boolean(),
  /** Environment variables that the site file names; their values are not in the backup. */
  environment: z.array(z.string()),
  /** Files that the site file names and that lie outside its folder: not in the backup. */
  outside: z.array(z.string()),
  files: z.array(file).max(100_000),
});

export type Listing = z.infer<typeof list>;
export type ListedFile = Listing['files'][number];

/** A file to be put in: its place, and where its bytes come from. */
export interface Entry extends Omit<ListedFile, 'size' | 'sha256'> {
  readonly bytes: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

/** Sizes and digests; reads everything once. */
export async function listed(entries: readonly Entry[]): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  for (const { area, path, bytes } of entries) {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of piecesOf(bytes)) {
      hash.update(piece);
      size += piece.length;
    }
    files.push({ area, path, size, sha256: hash.digest('hex') });
  }
  return files;
}

async function* piecesOf(bytes: Entry['bytes']): AsyncGenerator<Uint8Array> {
  if (bytes instanceof Uint8Array) yield bytes;
  else yield* bytes();
}

/** Compressed content. `entries` in the order of the listing; `progress` gets the plain bytes so far. */
export function pack(
  listing: Listing,
  entries: readonly Entry[],
  progress: (bytes: number) => void = () => {},
): AsyncIterable<Uint8Array> {
  async function* plain(): AsyncGenerator<Uint8Array> {
    const head = Buffer.from(JSON.stringify(listing));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(head.length);
    yield Buffer.concat([length, head]);
    let done = 0;
    for (const { bytes } of entries)
      for await (const piece of piecesOf(bytes)) {
        yield piece;
        done += piece.length;
        progress(done);
      }
  }
  return through(plain(), createGzip());
}

/** Where the bytes of a backup go. `file` is called for each in turn; its bytes are taken before the next one comes. */
export interface Taker {
  listing(listing: Listing): Promise<void> | void;
  file(file: ListedFile, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Reads all of it, holding each file to its digest. Rejects with `frame-invalid` at the first thing that is wrong. */
export async function unpack(content: AsyncIterable<Uint8Array>, taker: Taker): Promise<Listing> {
  const plain = through(content, createGunzip());
  const pieces = new Pieces(plain);
  try {
    const length = (await pieces.whole(4)).readUInt32BE();
    if (length > LARGEST_LIST) throw damaged(`a list of ${length} bytes`);
    const listing = listingOf(await pieces.whole(length));
    await taker.listing(listing);
    for (const one of listing.files) {
      const hash = createHash('sha256');
      await taker.file(
        one,
        pieces.some(one.size, (piece) => hash.update(piece)),
      );
      if (hash.digest('hex') !== one.sha256) throw damaged(`${one.area}/${one.path} is not what it was`);
    }
    if (!(await pieces.ended())) throw damaged('there is more in it than its list says');
    return listing;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('Z_'))
      throw damaged('its content cannot be decompressed', thrown);
    throw thrown;
  } finally {
    await plain.return(undefined);
  }
}

/** Bytes on their way through a compressor; what fails on either side comes out of the iteration. */
async function* through(bytes: AsyncIterable<Uint8Array>, by: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes, { objectMode: false });
  source.on('error', (error) => by.destroy(error));
  by.on('error', () => {});
  source.pipe(by);
  try {
    yield* by as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
    by.destroy();
  }
}

function listingOf(bytes: Buffer): Listing {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged('its list is no JSON', cause);
  }
  const parsed = list.safeParse(raw);
  if (!parsed.success) throw damaged('its list is not whole', parsed.error);
  const paths = new Set(parsed.data.files.map(({ area, path }) => `${area}/${path}`));
  if (paths.size !== parsed.data.files.length) throw damaged('its list names a file twice');
  if (!paths.has(`site/${parsed.data.siteFile}`)) throw damaged('its list does not name the site file');
  return parsed.data;
}

class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #have: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #fill(): Promise<boolean> {
    while (this.#have.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#have = value;
    }
    return true;
  }

  /** `size` bytes as they come. */
  async *some(size: number, seen: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (!(await this.#fill())) throw damaged('its content ends too early');
      const piece = this.#have.subarray(0, left);
      this.#have = this.#have.subarray(piece.length);
      left -= piece.length;
      seen(piece);
      yield piece;
    }
  }

  async whole(size: number): Promise<Buffer> {
    const taken: Uint8Array[] = [];
    for await (const piece of this.some(size, () => {})) taken.push(piece);
    return Buffer.concat(taken);
  }

  async ended(): Promise<boolean> {
    return !(await this.#fill());
  }
}
