/** Batches of the lanes as rows: where a number stands, what is first and last. For the writer and for readers. */
import type { Statement } from 'better-sqlite3';
import { LANES, type Lane } from '../core/point.ts';
import type { Heads } from '../core/record.ts';
import type { Db } from './sqlite.ts';

export interface BatchHead {
  readonly first: number;
  readonly count: number;
  readonly boot: number;
  readonly mono_min: number;
  readonly mono_max: number;
}
export interface BatchRow extends BatchHead {
  readonly body: Uint8Array;
}

interface LaneStatements {
  readonly insert: Statement<[number, number, number, number, number, Uint8Array]>;
  readonly newest: Statement<[], BatchRow>;
  readonly oldest: Statement<[], BatchHead>;
  readonly holding: Statement<[number], BatchRow>;
  readonly after: Statement<[number], BatchRow>;
  readonly drop: Statement<[number]>;
}

const HEAD = 'first, count, boot, mono_min, mono_max';

export class Batches {
  readonly #lanes: Readonly<Record<Lane, LaneStatements>>;
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
    this.#lanes = byLane((lane) => ({
      insert: db.prepare(`INSERT INTO batch_${lane} VALUES (?, ?, ?, ?, ?, ?)`),
      newest: db.prepare(`SELECT * FROM batch_${lane} ORDER BY first DESC LIMIT 1`),
      oldest: db.prepare(`SELECT ${HEAD} FROM batch_${lane} ORDER BY first LIMIT 1`),
      holding: db.prepare(`SELECT * FROM batch_${lane} WHERE first <= ? ORDER BY first DESC LIMIT 1`),
      after: db.prepare(`SELECT * FROM batch_${lane} WHERE first > ? ORDER BY first LIMIT 1`),
      drop: db.prepare(`DELETE FROM batch_${lane} WHERE first <= ?`),
    }));
  }

  insert(lane: Lane, { first, count, boot, mono_min, mono_max, body }: BatchRow): void {
    this.#lanes[lane].insert.run(first, count, boot, mono_min, mono_max, body);
  }

  newest(lane: Lane): BatchRow | undefined {
    return this.#lanes[lane].newest.get();
  }

  oldest(lane: Lane): BatchHead | undefined {
    return this.#lanes[lane].oldest.get();
  }

  /** The batch that holds `seq`, else the first one after it. */
  from(lane: Lane, seq: number): BatchRow | undefined {
    const row = this.#lanes[lane].holding.get(seq);
    if (row !== undefined && row.first + row.count > seq) return row;
    return this.#lanes[lane].after.get(seq);
  }

  /** Batches with `from` ≤ `first` ≤ `to`, ascending. No other statement may write meanwhile. */
  *rows(lane: Lane, from: number, to = Number.MAX_SAFE_INTEGER): Generator<BatchRow> {
    yield* this.#db
      .prepare<[number, number], BatchRow>(
        `SELECT * FROM batch_${lane} WHERE first >= ? AND first <= ? ORDER BY first`,
      )
      .iterate(from, to);
  }

  /** Heads of all batches with `first` ≥ `from`, ascending. */
  *heads(lane: Lane, from: number): Generator<BatchHead> {
    yield* this.#db
      .prepare<[number], BatchHead>(`SELECT ${HEAD} FROM batch_${lane} WHERE first >= ? ORDER BY first`)
      .iterate(from);
  }

  /** Heads of all batches, newest first. */
  *headsBack(lane: Lane): Generator<BatchHead> {
    yield* this.#db.prepare<[], BatchHead>(`SELECT ${HEAD} FROM batch_${lane} ORDER BY first DESC`).iterate();
  }

  /** Drops batches whose first number is at most `first`. */
  drop(lane: Lane, first: number): void {
    this.#lanes[lane].drop.run(first);
  }

  /** Last durable number of a lane. Retention never takes the newest batch, so it is always known. */
  head(lane: Lane): number {
    const row = this.#lanes[lane].newest.get();
    return row === undefined ? 0 : row.first + row.count - 1;
  }

  allHeads(): Heads {
    return byLane((lane) => this.head(lane));
  }

  tails(): Heads {
    return byLane((lane) => this.oldest(lane)?.first ?? 1);
  }
}

export function byLane<T>(make: (lane: Lane) => T): Record<Lane, T> {
  return Object.fromEntries(LANES.map((lane) => [lane, make(lane)])) as Record<Lane, T>;
}
