/** Logs of earlier epochs beside the present one: a damaged file, or one of another machine or another card. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Mark } from '../core/mark.ts';
import type { LANES } from '../core/point.ts';
import { Batches, byLane } from './batches.ts';
import { Journal, type JournalRow } from './journal.ts';
import { Marks } from './marks.ts';
import { openForReading } from './sqlite.ts';

export const LOG_NAME = 'log.db';
/** Beside the logs where a restore has put them there, until a new log follows them. */
export const RESTORED = 'restored';
/** Whole, readable logs of earlier epochs. */
const EARLIER = /^log-[0-9a-f]{16}\.db$/;
const DAMAGED = /^log\.db\.damaged-[0-9TZ]+(-\d+)?$/;

export function logFile(dir: string): string {
  return join(dir, LOG_NAME);
}

export function earlierName(epoch: string): string {
  return `log-${epoch}.db`;
}

/** Moves the log with its `-wal` and `-shm`, which belong together, to `<dir>/<name>`. The file must be closed. */
export function moveAside(dir: string, name: string): string {
  for (const suffix of ['-wal', '-shm', '']) {
    const from = logFile(dir) + suffix;
    if (existsSync(from)) renameSync(from, join(dir, name) + suffix);
  }
  return join(dir, name);
}

/** `log.db.damaged-20270102T030405678Z`, not taken yet. */
export function damagedName(dir: string, wall: number): string {
  const time = new Date(wall).toISOString().replace(/[-:.]/g, '');
  for (let n = 0; ; n++) {
    const name = `${LOG_NAME}.damaged-${time}${n === 0 ? '' : `-${n}`}`;
    if (!existsSync(join(dir, name))) return name;
  }
}

/** Readable logs of earlier epochs. */
export function earlierLogs(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => EARLIER.test(name))
    .map((name) => join(dir, name));
}

/** Damaged files with nothing rescued from them yet. */
export function damagedLogs(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => DAMAGED.test(name))
    .map((name) => join(dir, name));
}

/** Marks of a log that was set aside, as far as they can be read. Never throws. */
export function marksOf(file: string): readonly Mark[] {
  try {
    const db = openForReading(file);
    try {
      return new Marks(db).all();
    } finally {
      db.close();
    }
  } catch {
    return [];
  }
}

/** Commands of a log that was set aside with their results, as far as they can be read. Never throws. */
export function journalOf(file: string): readonly JournalRow[] {
  try {
    const db = openForReading(file);
    try {
      return new Journal(db).rows();
    } finally {
      db.close();
    }
  } catch {
    return [];
  }
}

export interface Previous {
  readonly epoch: string;
  /** Last numbers, null where they cannot be read. */
  readonly heads: Readonly<Record<string, number | null>>;
}

/** What can be read of who wrote a log, undefined where nothing can. Never throws. */
export function previousOf(file: string): Previous | undefined {
  try {
    const db = openForReading(file);
    try {
      const row = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'epoch'`).get();
      if (row === undefined) return undefined;
      const head = (lane: (typeof LANES)[number]): number | null => {
        try {
          return new Batches(db).head(lane);
        } catch {
          return null;
        }
      };
      return { epoch: row.value, heads: byLane(head) };
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}
