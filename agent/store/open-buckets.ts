/** Buckets that are not made yet, or not up to date: from minutes, and from the readings above what is rolled up. */
import type { Statement } from 'better-sqlite3';
import { LANES, type Lane } from '../core/point.ts';
import type { LocalDays } from '../core/time/local-days.ts';
import { Batches } from './batches.ts';
import type { ClockTable } from './clock-table.ts';
import { decodeBatch } from './codec/batch.ts';
import type { PointTable } from './points.ts';
import type { Breaks } from './rollup/breaks.ts';
import { MINUTE, Minutes } from './rollup/minutes.ts';
import { timesOf } from './rollup/times.ts';
import { LEVELS } from './schema.ts';
import type { Db } from './sqlite.ts';
import { State } from './state.ts';

interface RollupState {
  readonly rolled?: Partial<Record<Lane, number>>;
  readonly pending?: readonly (readonly number[])[];
}

export interface Open {
  /** Of the level that was asked for. */
  readonly starts: Set<number>;
  readonly minutes: Minutes;
}

export interface OpenParts {
  readonly db: Db;
  readonly points: PointTable;
  readonly clock: ClockTable;
  readonly breaks: Breaks;
  readonly days: LocalDays;
}

export class OpenBuckets {
  readonly #parts: OpenParts;
  readonly #batches: Batches;
  readonly #state: State;
  readonly #minutes: Statement<[number, number], { start: number; body: Uint8Array }>;

  constructor(parts: OpenParts) {
    this.#parts = parts;
    this.#batches = new Batches(parts.db);
    this.#state = new State(parts.db);
    this.#minutes = parts.db.prepare(
      `SELECT start, body FROM ${LEVELS[0].table} WHERE start >= ? AND start < ?`,
    );
  }

  /** Buckets of a level that begin in `from` less one bucket ≤ start < `to`; in one snapshot with what reads them. */
  of(level: number, from: number, to: number): Open {
    const { db, points, clock, breaks, days } = this.#parts;
    const { rolled = {}, pending = [] } = (this.#state.get('rollups') ?? {}) as RollupState;
    const minutes = new Minutes(db, points, breaks, days);
    for (const lane of LANES) {
      let next = (rolled[lane] ?? 0) + 1;
      for (
        let row = this.#batches.from(lane, next);
        row !== undefined;
        row = this.#batches.from(lane, next)
      ) {
        const { readings } = decodeBatch(row.body);
        if (readings !== undefined) minutes.feed(readings, timesOf(clock, row.boot, readings));
        next = row.first + row.count;
      }
    }
    const starts = new Set(level === 0 ? [] : pending[level]);
    for (const minute of minutes.rows.keys()) starts.add(this.startOf(level, minute));
    const step = LEVELS[level]?.ms ?? MINUTE;
    for (const start of starts) if (start < from - step || start >= to) starts.delete(start);
    return { starts, minutes };
  }

  startOf(level: number, time: number): number {
    const ms = LEVELS[level]?.ms ?? MINUTE;
    return level === 3 ? this.#parts.days.start(time) : Math.floor(time / ms) * ms;
  }

  endOf(level: number, start: number): number {
    return level === 3 ? this.#parts.days.next(start) : start + (LEVELS[level]?.ms ?? MINUTE);
  }

  /** Rows of the minutes that are stored, by their start. */
  stored(start: number, end: number): Map<number, Uint8Array> {
    return new Map(this.#minutes.all(start, end).map((row) => [row.start, row.body] as const));
  }
}
