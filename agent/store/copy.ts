/**
 * A copy of the log for a backup: one consistent moment of it, taken over a read-only connection while the agent goes on
 * writing. Either all of it, or what a successor needs: records that have not left yet, marks (alarms, exchanges,
 * corrections), commands, cursors, and the rollups of quarters, hours and days.
 */
import { rmSync } from 'node:fs';
import type { Lane } from '../core/point.ts';
import { LANES } from '../core/point.ts';
import type { Heads } from '../core/record.ts';
import { Batches, byLane } from './batches.ts';
import { fileId } from './identity.ts';
import { versionOf } from './schema.ts';
import { type Db, openForReading, openForWriting, storeError } from './sqlite.ts';
import { State } from './state.ts';

/** Minutes of rollups that a copy without its records keeps, ms: what a display of the day needs. */
const MINUTES_KEPT = 86_400_000;

export interface LogCopy {
  readonly epoch: string;
  readonly agent: string;
  /** Of the machine that wrote it. */
  readonly hardware: string;
  readonly heads: Heads;
  /** The agent had stopped in order. */
  readonly clean: boolean;
}

export interface CopyOptions {
  /** Uplinks that carry records: what all of them have settled is left out. Absent: everything is copied. */
  readonly settledBy?: readonly string[];
  /** Told of the share that is done, 0…1. */
  progress?(share: number): void;
}

/** Makes `to`, which must not be there. Throws `AgentError`; then nothing is left behind. */
export function copyLog(
  from: string,
  to: string,
  { settledBy, progress = () => {} }: CopyOptions = {},
): LogCopy {
  let source: Db | undefined;
  let target: Db | undefined;
  try {
    source = openForReading(from);
    target = openForWriting(to);
    const [reading, writing] = [source, target];
    // Nobody needs a half-made copy: it is made durable once, at its end.
    writing.pragma('synchronous = OFF');
    const copied = reading.transaction(() =>
      writing.transaction(() => copyAll(reading, writing, settledBy, progress))(),
    )();
    writing.pragma('synchronous = FULL');
    writing.pragma('wal_checkpoint(TRUNCATE)');
    writing.pragma('journal_mode = DELETE');
    writing.close();
    return copied;
  } catch (thrown) {
    if (target?.open === true) target.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(to + suffix, { force: true });
    throw storeError(thrown, `copying of the log ${from}`);
  } finally {
    source?.close();
  }
}

function copyAll(
  from: Db,
  to: Db,
  settledBy: readonly string[] | undefined,
  progress: (share: number) => void,
): LogCopy {
  const version = versionOf(from);
  const tables = from
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
    )
    .all();
  for (const { sql } of tables) to.exec(sql);
  to.pragma(`user_version = ${version}`);
  const batches = new Batches(from);
  const state = new State(from);
  for (const [done, { name }] of tables.entries()) {
    progress(done / tables.length);
    copyTable(from, to, name, settledBy === undefined ? '' : kept(from, name, batches, state, settledBy));
  }
  progress(1);
  const meta = metaOf(from);
  const { epoch = '', agent = '', hardware = '' } = meta;
  return { epoch, agent, hardware, heads: batches.allHeads(), clean: state.get('clean') === true };
}

/** Which rows of a table a copy without its records keeps. The newest batch of each lane always: it tells the last number. */
function kept(from: Db, table: string, batches: Batches, state: State, settledBy: readonly string[]): string {
  const lane = LANES.find((one) => table === `batch_${one}`);
  if (lane !== undefined) {
    const newest = batches.newest(lane)?.first ?? 0;
    const { rolled = {} } = (state.get('rollups') ?? {}) as { rolled?: Partial<Record<Lane, number>> };
    // What is not rolled up yet is nowhere else: the last values of counters are in it.
    const from = Math.min(settledUpTo(state, lane, settledBy, batches.head(lane)), rolled[lane] ?? 0);
    return `WHERE first + count - 1 > ${from} OR first = ${newest}`;
  }
  if (table !== 'rollup_minute') return '';
  const last =
    from.prepare<[], { at: number | null }>('SELECT max(start) AS at FROM rollup_minute').get()?.at ?? 0;
  return `WHERE start > ${last - MINUTES_KEPT}`;
}

/** The number up to which every uplink has settled a lane; its head where nothing leaves. */
function settledUpTo(state: State, lane: Lane, uplinks: readonly string[], head: number): number {
  return Math.min(head, ...uplinks.map((uplink) => state.cursor(uplink, lane).low));
}

function copyTable(from: Db, to: Db, table: string, where: string): void {
  const columns = from
    .prepare(`SELECT * FROM ${table} LIMIT 0`)
    .columns()
    .map(({ name }) => name);
  const insert = to.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  for (const row of from.prepare(`SELECT * FROM ${table} ${where}`).raw().iterate())
    insert.run(...(row as unknown[]));
}

function metaOf(db: Db): Readonly<Record<string, string>> {
  const rows = db.prepare<[], { key: string; value: string }>('SELECT key, value FROM meta').all();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/** Whether an uplink still has to take something of an earlier log. Its cursors may stand in the present log too (uplink/epoch.ts). */
export function hasUnsent(earlier: string, present: string | undefined, uplinks: readonly string[]): boolean {
  const facts = logFacts(earlier);
  if (facts === undefined) return false;
  const lowOf = (file: string, key: (uplink: string) => string, lane: Lane) => {
    const db = openForReading(file);
    try {
      const state = new State(db);
      return uplinks.map((uplink) => state.cursor(key(uplink), lane).low);
    } finally {
      db.close();
    }
  };
  return LANES.some((lane) => {
    const own = lowOf(earlier, (uplink) => uplink, lane);
    const later = present === undefined ? [] : lowOf(present, (uplink) => `${uplink}@${facts.epoch}`, lane);
    return own.some((low, i) => Math.max(low, later[i] ?? 0) < facts.heads[lane]);
  });
}

/** Whose a log is and how far it goes. Changes nothing. Undefined where it cannot be read. */
export function logFacts(file: string): (LogCopy & { readonly previous: string }) | undefined {
  try {
    const db = openForReading(file);
    try {
      const { epoch = '', agent = '', hardware = '', previous = '' } = metaOf(db);
      const batches = new Batches(db);
      const heads = byLane((lane) => batches.head(lane));
      return epoch === ''
        ? undefined
        : { epoch, agent, hardware, previous, heads, clean: new State(db).get('clean') === true };
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Makes a restored file the log that goes on: the next start finds the file it wrote itself, on `hardware`. Only for a
 * log after which no number was given. Throws `AgentError`.
 */
export function adoptLog(file: string, hardware: string): void {
  try {
    const db = openForWriting(file);
    try {
      const put = db.prepare('UPDATE meta SET value = ? WHERE key = ?');
      db.transaction(() => {
        put.run(fileId(file), 'file');
        put.run(hardware, 'hardware');
      })();
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  } catch (thrown) {
    throw storeError(thrown, `taking over of the log ${file}`);
  }
}
