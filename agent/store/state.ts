/** What changes with commits: token of the last one, cursors, high-water numbers. One small table, JSON values. */
import type { Statement } from 'better-sqlite3';
import type { Lane } from '../core/point.ts';
import type { Cursor, Range } from '../core/record.ts';
import type { Refusal } from './contract.ts';
import type { Db } from './sqlite.ts';

export const KEPT_REFUSALS = 1000;

export class State {
  readonly #get: Statement<[string], { value: string }>;
  readonly #set: Statement<[string, string]>;
  readonly #clear: Statement<[string]>;
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
    this.#get = db.prepare('SELECT value FROM state WHERE key = ?');
    this.#set = db.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)');
    this.#clear = db.prepare('DELETE FROM state WHERE key = ?');
  }

  get(key: string): unknown {
    const row = this.#get.get(key);
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  set(key: string, value: unknown): void {
    this.#set.run(key, JSON.stringify(value));
  }

  clear(key: string): void {
    this.#clear.run(key);
  }

  cursor(uplink: string, lane: Lane): Cursor {
    const stored = this.get(cursorKey(uplink, lane));
    if (!Array.isArray(stored) || typeof stored[0] !== 'number') return { low: 0, above: [] };
    const [low, ...above] = stored as [number, ...Range[]];
    return { low, above };
  }

  /** Settled state only grows; a late one of a generation that died must not take it back. */
  settle(uplink: string, lane: Lane, cursor: Cursor): void {
    if (cursor.low < this.cursor(uplink, lane).low) return;
    this.set(cursorKey(uplink, lane), [cursor.low, ...cursor.above]);
  }

  refuse({ uplink, lane, seq, reason, at }: Refusal): void {
    const added = this.#db
      .prepare('INSERT INTO refusals (uplink, lane, seq, reason, at) VALUES (?, ?, ?, ?, ?)')
      .run(uplink, lane, seq, reason.slice(0, 500), at);
    this.#db.prepare('DELETE FROM refusals WHERE id <= ?').run(Number(added.lastInsertRowid) - KEPT_REFUSALS);
  }

  refusals(limit: number): Refusal[] {
    return this.#db
      .prepare<[number], Refusal>(
        'SELECT uplink, lane, seq, reason, at FROM refusals ORDER BY id DESC LIMIT ?',
      )
      .all(limit);
  }
}

function cursorKey(uplink: string, lane: Lane): string {
  return `cursor/${uplink}/${lane}`;
}
