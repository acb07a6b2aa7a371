/**
 * Tables of the log and how older files become today's. `user_version` is the number of migrations done; a migration
 * that was ever shipped is never changed.
 *
 * Batches of each lane have a table of their own, keyed by their first number: a commit touches the last page of one
 * small tree, pages fill up whole, and retention takes from its other end. What changes with every commit (token of the
 * commit, cursors, high-water number of the rollups) stands together in `state`, so that it is one page.
 */
import { AgentError } from '../core/errors.ts';
import { LANES } from '../core/point.ts';
import { Batches } from './batches.ts';
import { beginChains } from './evidence/beginning.ts';
import { OLDEST_READER, SCHEMA_VERSION } from './schema-version.ts';
import type { Db } from './sqlite.ts';
import { State } from './state.ts';

/** Table of the rollup rows for buckets of `ms`. */
export const LEVELS = [
  { ms: 60_000, table: 'rollup_minute' },
  { ms: 900_000, table: 'rollup_quarter' },
  { ms: 3_600_000, table: 'rollup_hour' },
  { ms: 86_400_000, table: 'rollup_day' },
] as const;

function version1(db: Db): void {
  db.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE points (
      id INTEGER PRIMARY KEY, device TEXT NOT NULL, point TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
      decimals INTEGER NOT NULL, facts TEXT NOT NULL, UNIQUE (device, point, type, unit, decimals)
    );
    CREATE TABLE boots (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE);
    CREATE TABLE clock (
      id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, mono REAL NOT NULL, wall REAL NOT NULL, rate REAL NOT NULL,
      rank TEXT NOT NULL, uncertainty REAL NOT NULL
    );
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY, command_id TEXT NOT NULL UNIQUE, accepted REAL NOT NULL, command TEXT NOT NULL, result TEXT
    );
    CREATE TABLE refusals (
      id INTEGER PRIMARY KEY, uplink TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL,
      at REAL NOT NULL
    );`);
  for (const lane of LANES)
    db.exec(`CREATE TABLE batch_${lane} (
      first INTEGER PRIMARY KEY, count INTEGER NOT NULL, boot INTEGER NOT NULL, mono_min INTEGER NOT NULL,
      mono_max INTEGER NOT NULL, body BLOB NOT NULL
    )`);
  for (const { table } of LEVELS)
    db.exec(`CREATE TABLE ${table} (start INTEGER PRIMARY KEY, state INTEGER NOT NULL, body BLOB NOT NULL)`);
}

/** Evidence: the chains begin. What an older agent wrote stands before them. */
function version2(db: Db): void {
  const row = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'epoch'`).get();
  // A new log draws its epoch after this, and begins its chains itself.
  if (row !== undefined) beginChains(new State(db), new Batches(db), row.value);
}

/** Marks: exchanges, breaks of counters, corrections, maintenance windows. */
function version3(db: Db): void {
  db.exec(`CREATE TABLE marks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, mark TEXT NOT NULL, device TEXT NOT NULL, body TEXT NOT NULL
  )`);
}

const MIGRATIONS: readonly ((db: Db) => void)[] = [version1, version2, version3];
if (MIGRATIONS.length !== SCHEMA_VERSION) throw new Error('schema-version.ts counts other migrations');

/**
 * 0 for a file without tables. Throws `store-failed`, not retryable, for a file of a newer agent that this one could not go on
 * with; one that only has more in it is taken as it is.
 */
export function versionOf(db: Db): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version <= SCHEMA_VERSION || oldestReader(db) <= SCHEMA_VERSION) return version;
  throw new AgentError(
    'store-failed',
    `opening of the log failed: it was written by a newer agent (schema ${version}, known up to ${SCHEMA_VERSION})`,
    { retryable: false, fix: 'Run the newer version, or move the state folder away to begin a new log.' },
  );
}

/** What the newer agent said of itself; without a word of it, nobody older can go on. */
function oldestReader(db: Db): number {
  const row = db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'oldest_reader'").get();
  return row === undefined ? Number.POSITIVE_INFINITY : Number(row.value);
}

/** Brings the tables up to date; called inside the opening transaction. */
export function migrate(db: Db): void {
  for (let version = versionOf(db); version < SCHEMA_VERSION; version++) {
    MIGRATIONS[version]?.(db);
    db.pragma(`user_version = ${version + 1}`);
  }
  if (versionOf(db) > SCHEMA_VERSION) return;
  const oldest = String(OLDEST_READER);
  db.prepare(
    "INSERT INTO meta VALUES ('oldest_reader', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
  ).run(oldest);
}
