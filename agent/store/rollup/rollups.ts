/**
 * Rollups from the log: minutes from readings, quarters from minutes, hours and local days from quarters. Written in
 * the transaction of a commit that is made anyway, about once a minute, with the high-water number of each lane: after
 * a crash what lies above it is read from the log again.
 */
import type { Statement } from 'better-sqlite3';
import { LANES, type Lane } from '../../core/point.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { type Batches, byLane } from '../batches.ts';
import type { ClockTable } from '../clock-table.ts';
import { decodeBatch } from '../codec/batch.ts';
import type { Columns } from '../columns.ts';
import type { PointTable } from '../points.ts';
import { LEVELS } from '../schema.ts';
import type { Db } from '../sqlite.ts';
import type { State } from '../state.ts';
import { type Accumulator, merge } from './accumulator.ts';
import type { Breaks, Offsets } from './breaks.ts';
import { MINUTE, Minutes } from './minutes.ts';
import { decodeRow, encodeRow } from './row.ts';
import { timesOf } from './times.ts';

/** A bucket closes this long after its end, ms: readings of a 5 s window are in by then. */
export const GRACE = 6000;
/** More minutes than this are not held in memory. */
const HELD_MINUTES = 64;

interface Stored {
  /** High-water number per lane. */
  readonly rolled: Partial<Record<Lane, number>>;
  /** Starts of buckets of the upper levels that still have to be made, by level. */
  readonly pending: readonly (readonly number[])[];
}

type Level = 1 | 2 | 3;

interface LevelStatements {
  readonly get: Statement<[number], { body: Uint8Array }>;
  readonly put: Statement<[number, Uint8Array]>;
  readonly drop: Statement<[number]>;
  readonly within: Statement<[number, number], { start: number; body: Uint8Array }>;
}

export interface RollupParts {
  readonly db: Db;
  readonly batches: Batches;
  readonly points: PointTable;
  readonly clock: ClockTable;
  readonly state: State;
  readonly days: LocalDays;
  readonly breaks: Breaks;
}

export class Rollups {
  readonly #parts: RollupParts;
  readonly minutes: Minutes;
  readonly #levels: readonly LevelStatements[];
  readonly #pending: readonly Set<number>[];
  /** End of the last minute that was closed. */
  #closedTo = Number.NEGATIVE_INFINITY;

  constructor(parts: RollupParts) {
    this.#parts = parts;
    const { db, state, points, breaks } = parts;
    this.minutes = new Minutes(db, points, breaks, parts.days);
    this.#levels = LEVELS.map(({ table }) => ({
      get: db.prepare(`SELECT body FROM ${table} WHERE start = ?`),
      put: db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, 1, ?)`),
      drop: db.prepare(`DELETE FROM ${table} WHERE start = ?`),
      within: db.prepare(`SELECT start, body FROM ${table} WHERE start >= ? AND start < ? ORDER BY start`),
    }));
    const stored = state.get('rollups') as Stored | undefined;
    this.#pending = LEVELS.map((_, level) => new Set(stored?.pending[level] ?? []));
    this.#catchUp(stored?.rolled ?? {});
  }

  /** Runs inside the opening transaction. */
  #catchUp(rolled: Partial<Record<Lane, number>>): void {
    const { batches } = this.#parts;
    let pieces = false;
    for (const lane of LANES) {
      let next = (rolled[lane] ?? 0) + 1;
      for (let row = batches.from(lane, next); row !== undefined; row = batches.from(lane, next)) {
        const { readings } = decodeBatch(row.body);
        if (readings !== undefined) this.feed(row.boot, readings);
        next = row.first + row.count;
        // A log whose rollups are far behind is caught up in pieces, without holding them all.
        if (this.minutes.rows.size <= HELD_MINUTES) continue;
        this.#write(Number.NEGATIVE_INFINITY);
        pieces = true;
      }
    }
    if (!pieces) return;
    this.#write(Number.NEGATIVE_INFINITY);
    this.save();
  }

  /** Takes readings of a committed (or just committing) batch; `boot` is its number. */
  feed(boot: number, columns: Columns): void {
    this.minutes.feed(columns, timesOf(this.#parts.clock, boot, columns));
  }

  /**
   * Writes what is due at true time `now`, inside the transaction that also holds the batches. Cheap when nothing is.
   * `force` writes everything there is.
   */
  flush(now: number, force = false): void {
    const closedTo = Math.floor((now - GRACE) / MINUTE) * MINUTE;
    if (!force && closedTo === this.#closedTo && this.minutes.rows.size <= HELD_MINUTES) return;
    this.#closedTo = closedTo;
    this.#write(closedTo);
    this.#makeUpper(now - GRACE);
    this.save();
  }

  /** Stores how far rollups are: all that was fed is in the tables. */
  save(): void {
    const { batches, state } = this.#parts;
    const pending = this.#pending.map((starts) => [...starts]);
    state.set('rollups', { rolled: byLane((lane) => batches.head(lane)), pending } satisfies Stored);
  }

  #write(closedTo: number): void {
    for (const row of this.minutes.rows.values()) {
      const closed = row.closed || row.start + MINUTE <= closedTo;
      if (row.dirty || closed !== row.closed) {
        this.minutes.write(row, closed);
        this.markPending(row.start);
      }
      if (closed || closedTo === Number.NEGATIVE_INFINITY) this.minutes.rows.delete(row.start);
    }
  }

  /** True where a minute was closed already. */
  isMade(minute: number): boolean {
    return this.#closedTo === Number.NEGATIVE_INFINITY || minute < this.#closedTo;
  }

  /** Says that the upper buckets over a minute have to be made (again). */
  markPending(minute: number): void {
    for (const level of [1, 2, 3] as const) this.#pending[level]?.add(this.startOf(level, minute));
  }

  startOf(level: Level, time: number): number {
    if (level === 3) return this.#parts.days.start(time);
    const ms = LEVELS[level].ms;
    return Math.floor(time / ms) * ms;
  }

  #makeUpper(closedTo: number): void {
    for (const level of [1, 2, 3] as const) {
      for (const start of this.#pending[level] ?? []) {
        const end = level === 3 ? this.#parts.days.next(start) : start + LEVELS[level].ms;
        if (end > closedTo) continue;
        this.#make(level, start, end);
        this.#pending[level]?.delete(start);
      }
    }
  }

  #make(level: Level, start: number, end: number): void {
    const statements = this.#levels[level];
    const below = this.#levels[level === 1 ? 0 : 1];
    if (statements === undefined || below === undefined) return;
    const points = new Map<number, Accumulator>();
    for (const row of below.within.all(start, end)) this.#merge(points, decodeRow(row.start, row.body));
    const before = statements.get.get(start);
    if (before !== undefined) raiseRevisions(start, decodeRow(start, before.body), points);
    else for (const acc of points.values()) acc.revision = 0;
    if (points.size === 0) statements.drop.run(start);
    else statements.put.run(start, encodeRow(start, points));
  }

  #merge(points: Map<number, Accumulator>, next: ReadonlyMap<number, Accumulator>): void {
    for (const [id, acc] of next) {
      const held = points.get(id);
      // A point that changed its kind begins anew: two kinds do not add up.
      if (held === undefined || held.kind !== acc.kind) points.set(id, acc);
      else merge(held, acc, this.#offsets(id, acc));
    }
  }

  #offsets(id: number, { kind }: Accumulator): Offsets | undefined {
    const point = kind === 'counter' ? this.#parts.points.get(id) : undefined;
    return point && this.#parts.breaks.of(point);
  }
}

/** A bucket that is made again and differs gets the next revision; one that does not keeps it. */
function raiseRevisions(
  start: number,
  before: ReadonlyMap<number, Accumulator>,
  points: ReadonlyMap<number, Accumulator>,
): void {
  for (const [id, acc] of points) {
    const old = before.get(id);
    acc.revision = old?.revision ?? 0;
    if (old === undefined) continue;
    const same = Buffer.compare(
      encodeRow(start, new Map([[id, old]])),
      encodeRow(start, new Map([[id, acc]])),
    );
    if (same !== 0) acc.revision++;
  }
}
