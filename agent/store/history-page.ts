/** One page of history of a point: closed buckets from their rows, open ones from minutes and the readings above them. */
import type { Statement } from 'better-sqlite3';
import type { LocalDays } from '../core/time/local-days.ts';
import type { Bucket } from '../core/view.ts';
import { ClockTable } from './clock-table.ts';
import { Marks } from './marks.ts';
import { OpenBuckets } from './open-buckets.ts';
import { type LoggedPoint, PointTable } from './points.ts';
import { type Accumulator, merge } from './rollup/accumulator.ts';
import { Breaks, type Offsets } from './rollup/breaks.ts';
import { bucketOf } from './rollup/bucket.ts';
import { MINUTE, type Minutes } from './rollup/minutes.ts';
import { decodeRow } from './rollup/row.ts';
import { expectedIn } from './rollup/validity.ts';
import { LEVELS } from './schema.ts';
import type { Db } from './sqlite.ts';

const HOUR = 3_600_000;

export interface Page {
  /** Ascending. */
  readonly buckets: readonly Bucket[];
  /** Where the page before this one ends; undefined where there is none. */
  readonly before: number | undefined;
}

interface Row {
  readonly start: number;
  readonly body: Uint8Array;
}
/** All generations of a point, and its breaks where it is a counter that has some. */
interface OnePoint {
  readonly ids: readonly number[];
  readonly offsets: Offsets | undefined;
}

export class HistoryPages {
  readonly #db: Db;
  readonly #days: LocalDays;
  readonly #points: PointTable;
  readonly #clock: ClockTable;
  readonly #breaks: Breaks;
  readonly #open: OpenBuckets;
  readonly #newest: readonly Statement<[number, number, number], Row>[];

  constructor(db: Db, days: LocalDays) {
    this.#db = db;
    this.#days = days;
    this.#points = new PointTable(db);
    this.#clock = new ClockTable(db);
    this.#breaks = new Breaks(new Marks(db), this.#clock);
    this.#open = new OpenBuckets({
      db,
      days,
      points: this.#points,
      clock: this.#clock,
      breaks: this.#breaks,
    });
    this.#newest = LEVELS.map(({ table }) =>
      db.prepare(
        `SELECT start, body FROM ${table} WHERE start >= ? AND start < ? ORDER BY start DESC LIMIT ?`,
      ),
    );
  }

  /** The newest `limit` buckets of `bucket` ms that begin in `from` ≤ start < `to`. */
  page(device: string, point: string, from: number, to: number, bucket: number, limit: number): Page {
    // One snapshot for rows, high-water numbers and readings.
    return this.#db.transaction(() => this.#page(device, point, from, to, bucket, limit))();
  }

  #page(device: string, point: string, from: number, to: number, bucket: number, limit: number): Page {
    this.#points.refresh();
    this.#clock.refresh();
    this.#breaks.refresh();
    const known = this.#points.named(device, point);
    const newest = known.at(-1);
    const level = LEVELS.findIndex(({ ms }) => ms === bucket);
    if (newest === undefined || level < 0) return { buckets: [], before: undefined };
    // Other decimals make another number of the same point; another unit does not compare.
    const ids = known.filter(({ unit }) => unit === newest.unit).map(({ id }) => id);
    const offsets = newest.aggregation === 'counter' ? this.#breaks.of(newest) : undefined;
    const one: OnePoint = { ids, offsets };
    const open = this.#open.of(level, from, to);
    // One more than asked for: the bucket before the first gives a counter its beginning.
    const rows = this.#newest[level]?.all(from - 2 * bucket, to, limit + 1) ?? [];
    const found = new Map<number, Accumulator>();
    for (const { start, body } of rows)
      if (!open.starts.has(start)) put(found, start, pick(start, body, one));
    for (const start of open.starts)
      if (start < to && (rows.length <= limit || start >= (rows.at(-1)?.start ?? 0)))
        put(found, start, this.#fromMinutes(start, level, open.minutes, one));
    const starts = [...found.keys()].sort((a, b) => a - b);
    const shown = starts.filter((start) => start >= from).slice(-limit);
    const first = shown[0];
    if (first === undefined) {
      const oldest = rows.at(-1)?.start;
      return { buckets: [], before: rows.length > limit ? oldest : undefined };
    }
    const buckets: Bucket[] = [];
    let before: Accumulator | undefined;
    for (const start of starts) {
      const acc = found.get(start);
      if (acc === undefined) continue;
      if (start >= first) {
        const end = level === 3 ? this.#days.next(start) : start + bucket;
        // An open one is judged by what has passed of it.
        const until = open.starts.has(start) ? Math.min(end, acc.lastTime + (newest.every ?? 0)) : end;
        const hours = (share: number) => this.#hours(start, end, one, newest, share);
        const facts = { start, bucket, passed: until - start, acc, before, offsets, point: newest, hours };
        buckets.push(bucketOf(facts));
      }
      if (acc.count > 0) before = acc;
    }
    return { buckets, before: rows.length > limit ? first : undefined };
  }

  /** How many hours of a day have at least this share of their values. */
  #hours(start: number, end: number, point: OnePoint, { every }: LoggedPoint, share: number): number {
    const expected = expectedIn(HOUR, every) ?? 1;
    const rows = this.#newest[2]?.all(start, end, 30) ?? [];
    return rows.filter(
      ({ start: hour, body }) => (pick(hour, body, point)?.count ?? 0) >= share * expected - 1e-9,
    ).length;
  }

  #fromMinutes(start: number, level: number, minutes: Minutes, point: OnePoint): Accumulator | undefined {
    const end = this.#open.endOf(level, start);
    const stored = this.#open.stored(start, end);
    let sum: Accumulator | undefined;
    for (let minute = start; minute < end; minute += MINUTE) {
      const body = stored.get(minute);
      const row = minutes.rows.get(minute);
      const acc = row !== undefined ? only(row.points, point) : body && pick(minute, body, point);
      if (acc === undefined) continue;
      if (sum === undefined) sum = acc;
      else merge(sum, acc, point.offsets);
    }
    return sum;
  }
}

function put(found: Map<number, Accumulator>, start: number, acc: Accumulator | undefined): void {
  if (acc !== undefined) found.set(start, acc);
}

function pick(start: number, body: Uint8Array, point: OnePoint): Accumulator | undefined {
  const [id] = point.ids;
  return point.ids.length === 1 && id !== undefined
    ? decodeRow(start, body, id).get(id)
    : only(decodeRow(start, body), point);
}

function only(points: ReadonlyMap<number, Accumulator>, { ids, offsets }: OnePoint): Accumulator | undefined {
  let sum: Accumulator | undefined;
  for (const id of ids) {
    const acc = points.get(id);
    if (acc === undefined) continue;
    if (sum === undefined || sum.kind !== acc.kind) sum = acc;
    else merge(sum, acc, offsets);
  }
  return sum;
}
