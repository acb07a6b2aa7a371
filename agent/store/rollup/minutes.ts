/** Minute buckets in memory until they are written; loaded again where a late reading wants one that was. */
import type { Statement } from 'better-sqlite3';
import type { Aggregation } from '../../core/point.ts';
import type { Reason } from '../../core/reading.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { type Columns, KIND, qualityOf, valueAt } from '../columns.ts';
import type { LoggedPoint, PointTable } from '../points.ts';
import { LEVELS } from '../schema.ts';
import type { Db } from '../sqlite.ts';
import { type Accumulator, add, emptyAccumulator } from './accumulator.ts';
import type { Breaks } from './breaks.ts';
import { decodeRow, encodeRow } from './row.ts';

export const MINUTE = 60_000;
/** How old a weight may be that still weighs a value, ms. */
const WEIGHT_AGE = 60_000;
/** Somebody works at the device: what it says then is marked and in no mean. A register or a state stays what it is. */
const SERVICE: ReadonlySet<Reason | undefined> = new Set<Reason>(['maintenance', 'calibration']);
const MEANS: ReadonlySet<Aggregation> = new Set<Aggregation>(['mean', 'leq', 'vector', 'weighted']);
/** Local hours of the night, GB 3096-2008 §3.4. */
const NIGHT_BEGINS = 22;
const NIGHT_ENDS = 6;

export interface MinuteRow {
  readonly start: number;
  readonly points: Map<number, Accumulator>;
  /** True once it was written as closed: what is added now raises revisions. */
  closed: boolean;
  dirty: boolean;
  /** Points whose revision was raised since the last write. */
  readonly revised: Set<number>;
}

interface StoredRow {
  readonly state: number;
  readonly body: Uint8Array;
}

export class Minutes {
  readonly rows = new Map<number, MinuteRow>();
  readonly #points: PointTable;
  readonly #breaks: Breaks;
  readonly #days: LocalDays;
  readonly #get: Statement<[number], StoredRow>;
  readonly #put: Statement<[number, number, Uint8Array]>;
  readonly #drop: Statement<[number]>;
  /** Values of points that weigh others: those of this commit, and the last one before it. */
  readonly #weights = new Map<number, { time: number; value: number }[]>();
  /** Number of the weighing point, 0 for none. */
  readonly #weighedBy = new Map<number, number>();
  readonly #weighing = new Set<number>();
  #known = -1;

  constructor(db: Db, points: PointTable, breaks: Breaks, days: LocalDays) {
    this.#points = points;
    this.#breaks = breaks;
    this.#days = days;
    const table = LEVELS[0].table;
    this.#get = db.prepare(`SELECT state, body FROM ${table} WHERE start = ?`);
    this.#put = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?)`);
    this.#drop = db.prepare(`DELETE FROM ${table} WHERE start = ?`);
  }

  row(start: number): MinuteRow {
    const held = this.rows.get(start);
    if (held !== undefined) return held;
    const stored = this.#get.get(start);
    const row: MinuteRow = {
      start,
      points: stored === undefined ? new Map() : decodeRow(start, stored.body),
      closed: stored?.state === 1,
      dirty: false,
      revised: new Set(),
    };
    this.rows.set(start, row);
    return row;
  }

  write(row: MinuteRow, closed: boolean): void {
    if (row.points.size === 0) this.#drop.run(row.start);
    else this.#put.run(row.start, closed ? 1 : 0, encodeRow(row.start, row.points));
    row.closed = closed;
    row.dirty = false;
    row.revised.clear();
  }

  /** Adds readings; `times` are true times. `wanted` picks the minutes that take them. */
  feed(columns: Columns, times: Float64Array, wanted?: (minute: number) => boolean): void {
    this.#learnWeights(columns, times);
    let row: MinuteRow | undefined;
    for (let i = 0; i < columns.count; i++) {
      const time = times[i] ?? Number.NaN;
      if (Number.isNaN(time)) continue;
      const minute = Math.floor(time / MINUTE) * MINUTE;
      if (wanted !== undefined && !wanted(minute)) continue;
      if (row?.start !== minute) row = this.row(minute);
      const point = this.#points.get(columns.point[i] ?? 0);
      if (point !== undefined) this.#add(row, point, columns, i, time);
    }
  }

  #add(row: MinuteRow, point: LoggedPoint, columns: Columns, i: number, time: number): void {
    row.dirty = true;
    let acc = row.points.get(point.id);
    if (acc === undefined) {
      acc = emptyAccumulator(point.aggregation);
      if (point.every !== undefined && point.every > 0) acc.expected = Math.round(MINUTE / point.every);
      row.points.set(point.id, acc);
    }
    if (row.closed && !row.revised.has(point.id)) {
      row.revised.add(point.id);
      acc.revision++;
    }
    const kind = columns.kind[i];
    if (kind === KIND.none) {
      acc.bad++;
      return;
    }
    if (MEANS.has(acc.kind) && SERVICE.has(qualityOf(columns.code[i] ?? 0)?.reason)) {
      acc.marked++;
      return;
    }
    const text = kind === KIND.text;
    const value = kind === KIND.number ? (columns.value[i] ?? 0) : kind === KIND.true ? 1 : 0;
    const state = acc.kind === 'state' || text ? String(valueAt(columns, i)) : '';
    const offsets = acc.kind === 'counter' ? this.#breaks.of(point) : undefined;
    add(
      acc,
      time,
      value,
      state,
      this.#weightAt(point, time),
      offsets,
      acc.kind === 'leq' && this.#isNight(row),
    );
  }

  #isNight({ start }: MinuteRow): boolean {
    const hour = this.#days.hour(start);
    return hour < NIGHT_ENDS || hour >= NIGHT_BEGINS;
  }

  #learnWeights(columns: Columns, times: Float64Array): void {
    this.#findWeighing();
    if (this.#weighing.size === 0) return;
    for (const [id, values] of this.#weights) this.#weights.set(id, values.slice(-1));
    for (let i = 0; i < columns.count; i++) {
      const id = columns.point[i] ?? 0;
      if (!this.#weighing.has(id) || columns.kind[i] !== KIND.number) continue;
      const values = this.#weights.get(id) ?? [];
      values.push({ time: times[i] ?? 0, value: columns.value[i] ?? 0 });
      this.#weights.set(id, values);
    }
  }

  /** Looks again only when points were added or changed their facts. */
  #findWeighing(): void {
    if (this.#known === this.#points.version) return;
    this.#known = this.#points.version;
    this.#weighing.clear();
    this.#weighedBy.clear();
    for (const point of this.#points.all()) {
      if (point.weight === undefined) continue;
      const by = this.#points.named(point.device, point.weight).at(-1)?.id ?? 0;
      this.#weighedBy.set(point.id, by);
      this.#weighing.add(by);
    }
  }

  /**
   * Weight of a value: the one nearest in time, at most a minute away. 1 for a direction whose profile names no weight.
   */
  #weightAt(point: LoggedPoint, time: number): number | undefined {
    if (point.aggregation !== 'vector' && point.aggregation !== 'weighted') return undefined;
    if (point.weight === undefined) return point.aggregation === 'vector' ? 1 : undefined;
    let best: number | undefined;
    let distance = WEIGHT_AGE;
    for (const weight of this.#weights.get(this.#weighedBy.get(point.id) ?? 0) ?? []) {
      const away = Math.abs(weight.time - time);
      if (away > distance) continue;
      distance = away;
      best = weight.value;
    }
    return best;
  }
}
