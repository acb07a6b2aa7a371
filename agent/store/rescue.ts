/**
 * Reads what can be read of a damaged log into a whole one under its old epoch, `log-<epoch>.db`, from which uplinks
 * can still drain. A batch counts only if its CRC is right. Goes in small steps, so that commits are not held up.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError, asAgentError } from '../core/errors.ts';
import { LANES, type Lane } from '../core/point.ts';
import { earlierName } from './aside.ts';
import { Batches, byLane } from './batches.ts';
import { decodeBatch } from './codec/batch.ts';
import { migrate } from './schema.ts';
import { type Db, openForReading, openForWriting } from './sqlite.ts';

export interface RescueReport {
  readonly epoch: string;
  /** The log that holds what was rescued. */
  readonly file: string;
  /** Records per lane. */
  readonly rescued: Readonly<Record<Lane, number>>;
  /** Records per lane that stood between rescued ones and could not be read. */
  readonly lost: Readonly<Record<Lane, number>>;
}

/** Batches copied in one step. */
const STEP = 100;
/** Tables that a batch cannot be read without, then those that are good to have. */
const NEEDED = ['meta', 'points', 'boots', 'clock'] as const;
const WANTED = ['state', 'refusals', 'marks'] as const;

/**
 * Each step copies a little; the last gives the report. Throws `AgentError` where not even the epoch or the point table
 * can be read; then nothing is left behind.
 */
export function* rescue(dir: string, damaged: string): Generator<undefined, RescueReport> {
  const building = join(dir, 'rescue.tmp');
  for (const suffix of ['', '-wal', '-shm']) rmSync(building + suffix, { force: true });
  const from = openForReading(damaged);
  let to: Db | undefined;
  try {
    to = openForWriting(building);
    // Nobody needs a half-made copy: it is made durable once, at its end.
    to.pragma('synchronous = OFF');
    migrate(to);
    const epoch = copyTables(from, to);
    const file = join(dir, earlierName(epoch));
    if (existsSync(file)) throw new AgentError('store-failed', `rescue failed: ${file} is there already`);
    const rescued = byLane(() => 0);
    const lost = byLane(() => 0);
    for (const lane of LANES) yield* copyLane(from, to, lane, rescued, lost);
    to.pragma('synchronous = FULL');
    to.pragma('wal_checkpoint(TRUNCATE)');
    to.close();
    renameSync(building, file);
    return { epoch, file, rescued, lost };
  } catch (thrown) {
    throw asAgentError(thrown, 'store-damaged');
  } finally {
    from.close();
    if (to?.open === true) to.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(building + suffix, { force: true });
  }
}

function copyTables(from: Db, to: Db): string {
  const copy = (table: string) => {
    const rows = from.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).all();
    for (const row of rows) {
      const columns = Object.keys(row);
      const marks = columns.map(() => '?').join(', ');
      to.prepare(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`).run(
        ...Object.values(row),
      );
    }
  };
  for (const table of NEEDED) copy(table);
  for (const table of WANTED) {
    try {
      copy(table);
    } catch {
      // Without its cursors the uplinks send all of it again: receivers know the numbers.
    }
  }
  const row = to.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'epoch'`).get();
  if (row === undefined || !/^[0-9a-f]{16}$/.test(row.value))
    throw new AgentError('store-damaged', 'rescue failed: the file does not say which epoch it is of');
  return row.value;
}

function* copyLane(
  from: Db,
  to: Db,
  lane: Lane,
  rescued: Record<Lane, number>,
  lost: Record<Lane, number>,
): Generator<undefined, void> {
  const target = new Batches(to);
  const next = from.prepare<[number], { first: number }>(
    `SELECT first FROM batch_${lane} WHERE first > ? ORDER BY first LIMIT 1`,
  );
  const source = new Batches(from);
  const end = guard(() => source.newest(lane)?.first) ?? Number.MAX_SAFE_INTEGER;
  let expected: number | undefined;
  let jump = 1;
  let steps = 0;
  for (let after = 0; after < end && jump < 2 ** 40; ) {
    const found = guard(() => next.get(after)?.first ?? null);
    if (found === null) return;
    if (found === undefined) {
      // A page that cannot be read: look for the next one that can, further and further on.
      after += jump;
      jump *= 2;
      continue;
    }
    jump = 1;
    after = found;
    const row = guard(() => source.from(lane, found));
    if (row !== undefined && guard(() => decodeBatch(row.body)) !== undefined) {
      lost[lane] += expected === undefined ? 0 : row.first - expected;
      expected = row.first + row.count;
      rescued[lane] += row.count;
      target.insert(lane, row);
    }
    if (++steps % STEP === 0) yield;
  }
}

/** Undefined for what cannot be read. */
function guard<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
