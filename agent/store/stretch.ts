/**
 * Readings and rollups of a stretch of time, out of any log, in bounded memory: over read-only connections, beside a running
 * agent. Batches that lie elsewhere are passed by their heads without being decoded.
 */

import { LANES, type Lane } from '../core/point.ts';
import type { LoggedReading } from '../core/record.ts';
import { LocalDays } from '../core/time/local-days.ts';
import type { Unit } from '../core/unit.ts';
import type { Bucket } from '../core/view.ts';
import { Batches } from './batches.ts';
import { ClockTable } from './clock-table.ts';
import { HistoryPages } from './history-page.ts';
import { PointTable } from './points.ts';
import { LogReader } from './reader.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';

export interface Stretch {
  /** Unix epoch ms, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  wanted(device: string, point: string): boolean;
  /** Told of the share that is done, 0…1. */
  progress?(share: number): void;
}

export interface StretchReading extends LoggedReading {
  readonly lane: Lane;
  readonly epoch: string;
}

/** A bucket and whose it is. */
export interface StretchBucket extends Bucket {
  readonly device: string;
  readonly point: string;
  readonly unit: Unit;
}

/** Records decoded at once. */
const AT_ONCE = 5000;
/** Buckets of one page. */
const PAGE = 5000;

/** Lane by lane, in the order of their numbers; true times as the log knows them now. Throws `AgentError`. */
export function* readingsOf(
  file: string,
  { from, to, wanted, progress }: Stretch,
): Generator<StretchReading> {
  yield* withLog(file, function* (db) {
    using log = new LogReader(openForReading(file), file);
    const batches = new Batches(db);
    const clock = new ClockTable(db);
    const all = LANES.reduce((sum, lane) => sum + batches.head(lane), 1);
    let passed = 0;
    for (const lane of LANES) {
      const head = batches.head(lane);
      const tail = batches.oldest(lane)?.first ?? 1;
      for (let next = tail; next <= head; ) {
        const row = batches.from(lane, next);
        if (row === undefined) break;
        const end = row.first + row.count;
        progress?.((passed + next) / all);
        const [first, last] = [
          clock.wall(row.boot, row.mono_min).time,
          clock.wall(row.boot, row.mono_max).time,
        ];
        // A jump between two mappings may put what lies between outside of both ends.
        if (last < from - SLACK || first >= to + SLACK) {
          next = end;
          continue;
        }
        for (let at = Math.max(next, row.first); at < end; ) {
          const slice = log.read(lane, at, AT_ONCE);
          if (slice === undefined) break;
          for (const record of slice.records)
            if (
              record.kind === 'reading' &&
              record.time >= from &&
              record.time < to &&
              wanted(record.device, record.point)
            )
              yield { ...record, lane, epoch: log.epoch };
          at = slice.last + 1;
          next = Math.max(next, at);
        }
        next = Math.max(next, end);
      }
      passed += head;
    }
  });
}

/** ms */
const SLACK = 60_000;

/** Point by point, ascending; `bucket` one of 60000, 900000, 3600000, 86400000 ms. Throws `AgentError`. */
export function* bucketsOf(
  file: string,
  timezone: string,
  bucket: number,
  { from, to, wanted, progress }: Stretch,
): Generator<StretchBucket> {
  yield* withLog(file, function* (db) {
    const days = new LocalDays(timezone);
    const pages = new HistoryPages(db, days);
    const points = pointsOf(db).filter(({ device, point }) => wanted(device, point));
    for (const [done, { device, point, unit }] of points.entries()) {
      progress?.(done / points.length);
      // Forwards in pieces that one page holds, or a year of minutes would have to be kept to be turned round.
      for (let start = from; start < to; start += PAGE * bucket) {
        const end = Math.min(to, start + PAGE * bucket);
        const { buckets } = pages.page(device, point, start, end, bucket, PAGE + 1);
        for (const one of buckets) yield { device, point, unit, ...one };
      }
    }
  });
}

/** Points that a log knows, each once, with its newest unit. Throws `AgentError`. */
export function loggedPoints(
  file: string,
): readonly { readonly device: string; readonly point: string; readonly unit: Unit }[] {
  const db = openForReading(file);
  try {
    return pointsOf(db);
  } catch (thrown) {
    throw storeError(thrown, `reading of ${file}`);
  } finally {
    db.close();
  }
}

/** First and last time of a log, Unix epoch ms; undefined where it is empty. */
export function spanOf(file: string): { readonly from: number; readonly to: number } | undefined {
  const db = openForReading(file);
  try {
    const batches = new Batches(db);
    const clock = new ClockTable(db);
    const ends = LANES.flatMap((lane) => {
      const [first, last] = [batches.oldest(lane), batches.newest(lane)];
      return first === undefined || last === undefined
        ? []
        : [
            {
              from: clock.wall(first.boot, first.mono_min).time,
              to: clock.wall(last.boot, last.mono_max).time,
            },
          ];
    });
    if (ends.length === 0) return undefined;
    return { from: Math.min(...ends.map((one) => one.from)), to: Math.max(...ends.map((one) => one.to)) + 1 };
  } catch (thrown) {
    throw storeError(thrown, `reading of ${file}`);
  } finally {
    db.close();
  }
}

function pointsOf(db: Db): { device: string; point: string; unit: Unit }[] {
  const table = new PointTable(db);
  const names = db
    .prepare<[], { device: string; point: string }>(
      'SELECT DISTINCT device, point FROM points ORDER BY device, point',
    )
    .all();
  return names.flatMap(({ device, point }) => {
    const newest = table.named(device, point).at(-1);
    return newest === undefined ? [] : [{ device, point, unit: newest.unit }];
  });
}

function* withLog<T>(file: string, work: (db: Db) => Generator<T>): Generator<T> {
  let db: Db | undefined;
  try {
    db = openForReading(file);
    yield* work(db);
  } catch (thrown) {
    throw storeError(thrown, `reading of ${file}`);
  } finally {
    db?.close();
  }
}
