/**
 * The zip of a GTFS feed, read table by table and never unpacked to disk. What a hostile archive can do is bounded:
 * entries and sizes as told, sizes as found (yauzl checks them against what was told), names that leave the archive,
 * names told twice, compression that no table of times reaches.
 */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { sha256Of } from '../../core/resume.ts';
import { refused } from './problem.ts';
import type { Tables } from './table.ts';

export interface ArchiveLimits {
  /** Entries of the archive. */
  readonly entries: number;
  /** Bytes of one table when unpacked; stop_times.txt of a whole country has 2 GB. */
  readonly table: number;
  /** Bytes unpacked per byte packed above which a table of more than 1 MB is refused. Tables reach 30. */
  readonly ratio: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { entries: 1000, table: 4 * 1024 ** 3, ratio: 250 };

const SMALL = 1024 ** 2;
/** Bit 0 of the general purpose flags: encrypted (APPNOTE 4.4.4). */
const ENCRYPTED = 1;

export class GtfsArchive implements Tables, Disposable {
  /** Name for messages. */
  readonly name: string;
  readonly #zip: ZipFile;
  readonly #tables: ReadonlyMap<string, Entry>;

  private constructor(name: string, zip: ZipFile, tables: ReadonlyMap<string, Entry>) {
    this.name = name;
    this.#zip = zip;
    this.#tables = tables;
  }

  /** Opens the zip at `path`. Rejects with a fix where it is no zip, or one that is not to be trusted. */
  static async open(path: string, name: string, limits = ARCHIVE_LIMITS): Promise<GtfsArchive> {
    let zip: ZipFile;
    try {
      zip = await openPromise(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
    } catch (cause) {
      throw unusable(name, cause);
    }
    try {
      const entries: Entry[] = [];
      for await (const entry of zip.eachEntry()) {
        if (entries.length >= limits.entries) {
          throw refused({
            file: name,
            message: `more than ${limits.entries} files in it`,
            fix: 'A GTFS feed has some twenty; check that it is one.',
          });
        }
        check(name, entry, limits);
        entries.push(entry);
      }
      return new GtfsArchive(name, zip, tablesOf(name, entries));
    } catch (thrown) {
      zip.close();
      throw thrown instanceof Error && thrown.name === 'AgentError' ? thrown : unusable(name, thrown);
    }
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  /** Names of the tables. */
  tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /** The bytes of a table. The stream fails where they are more than the archive said, or damaged. */
  async read(table: string): Promise<Readable> {
    const entry = this.#tables.get(table);
    if (entry === undefined) {
      throw refused({
        file: table,
        message: 'missing in the feed',
        fix: 'Ask the agency for a complete feed.',
      });
    }
    try {
      return await this.#zip.openReadStreamPromise(entry);
    } catch (cause) {
      throw unusable(this.name, cause);
    }
  }

  [Symbol.dispose](): void {
    this.#zip.close();
  }
}

/** SHA-256 of a file, hex. */
export async function hashOf(path: string): Promise<string> {
  await using file = await open(path);
  return await sha256Of(file);
}

function unusable(name: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return refused({
    file: name,
    message: `cannot be read as a zip (${why})`,
    fix: 'Download it again; a feed is one .zip file.',
  });
}

function check(name: string, entry: Entry, limits: ArchiveLimits): void {
  const { fileName, uncompressedSize, compressedSize, generalPurposeBitFlag } = entry;
  const fail = (message: string) =>
    refused({ file: name, message: `${fileName} ${message}`, fix: 'Take a feed from the agency itself.' });
  if ((generalPurposeBitFlag & ENCRYPTED) !== 0) throw fail('is encrypted');
  if (uncompressedSize > limits.table) {
    throw fail(`has ${uncompressedSize} bytes, more than ${limits.table}`);
  }
  if (uncompressedSize > SMALL && uncompressedSize > compressedSize * limits.ratio) {
    throw fail(
      `unpacks ${Math.round(uncompressedSize / Math.max(1, compressedSize))}-fold, as no table does`,
    );
  }
}

/** Tables at the root, or in the one folder that holds stops.txt (some agencies zip the folder). */
function tablesOf(name: string, entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const files = entries.filter(
    ({ fileName }) => !fileName.endsWith('/') && !fileName.startsWith('__MACOSX/'),
  );
  const homes = files
    .filter(({ fileName }) => /^(?:[^/]+\/)?stops\.txt$/.test(fileName))
    .map(({ fileName }) => fileName.slice(0, -'stops.txt'.length));
  const home = homes.includes('') ? '' : homes[0];
  if (home === undefined || (home !== '' && homes.length > 1)) {
    throw refused({
      file: name,
      message: home === undefined ? 'no stops.txt in it' : `several feeds in it (${homes.join(', ')})`,
      fix: 'Give the zip of one GTFS feed, with its tables at the top.',
    });
  }
  const tables = new Map<string, Entry>();
  for (const entry of files) {
    if (!entry.fileName.startsWith(home)) continue;
    const table = entry.fileName.slice(home.length);
    if (table.includes('/')) continue;
    if (tables.has(table)) {
      throw refused({
        file: name,
        message: `${table} is in it twice`,
        fix: 'Ask the agency for a sound feed.',
      });
    }
    tables.set(table, entry);
  }
  return tables;
}
