/** Read side of a log: a connection of its own that sees only what is durable. Usable on any thread. */
import { statSync } from 'node:fs';
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type {
  Cursor,
  Heads,
  LoggedEvent,
  LoggedReading,
  LoggedRecord,
  LogSlice,
  LogSource,
} from '../core/record.ts';
import type { ClockRank, WallTime } from '../core/time/clock.ts';
import { Batches, type BatchRow } from './batches.ts';
import { ClockTable } from './clock-table.ts';
import { decodeBatch } from './codec/batch.ts';
import { type Columns, qualityOf, valueAt } from './columns.ts';
import { type LoggedPoint, PointTable } from './points.ts';
import { versionOf } from './schema.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';
import { State } from './state.ts';

/**
 * Opens `file` (the log of the running agent, one of `Store.earlier()`, or a file from elsewhere) for reading. Throws
 * `AgentError`: `store-failed` where it is not there (retryable) or of a newer agent, `store-damaged`. Its methods throw
 * the same; after the log was replaced by a new epoch they throw `store-failed`, retryable: open it anew.
 */
export function openLogSource(file: string): LogSource {
  let db: Db | undefined;
  try {
    db = openForReading(file);
    if (versionOf(db) === 0)
      throw new AgentError('store-failed', `opening of ${file} failed: it is not made yet`);
    return new LogReader(db, file);
  } catch (thrown) {
    db?.close();
    throw storeError(thrown, `opening of ${file} for reading`);
  }
}

export class LogReader implements LogSource {
  readonly epoch: string;
  readonly #db: Db;
  readonly #file: string;
  readonly #inode: string;
  readonly #batches: Batches;
  readonly #points: PointTable;
  readonly #clock: ClockTable;
  readonly #state: State;

  constructor(db: Db, file: string) {
    this.#db = db;
    this.#file = file;
    this.#inode = String(statSync(file).ino);
    this.#batches = new Batches(db);
    this.#points = new PointTable(db);
    this.#clock = new ClockTable(db);
    this.#state = new State(db);
    const row = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'epoch'`).get();
    if (row === undefined)
      throw new AgentError('store-damaged', 'opening of a log failed: it names no epoch');
    this.epoch = row.value;
  }

  #reading<T>(what: string, read: () => T): T {
    try {
      if (String(statSync(this.#file, { throwIfNoEntry: false })?.ino) !== this.#inode)
        throw new AgentError('store-failed', `${what} failed: the log was replaced by a new epoch`);
      return read();
    } catch (thrown) {
      throw storeError(thrown, what);
    }
  }

  heads(): Heads {
    return this.#reading('reading of the last numbers', () => this.#batches.allHeads());
  }

  tails(): Heads {
    return this.#reading('reading of the first numbers', () => this.#batches.tails());
  }

  cursor(uplink: string, lane: Lane): Cursor {
    return this.#reading('reading of a cursor', () => this.#state.cursor(uplink, lane));
  }

  /**
   * Whole batches as long as they fit `limit`; a batch longer than `limit` is cut every `limit` records from its
   * beginning. Begins after `from` where retention has taken that.
   */
  read(lane: Lane, from: number, limit: number): LogSlice | undefined {
    return this.#reading(`reading of lane ${lane} from ${from}`, () => this.#slice(lane, from, limit));
  }

  #slice(lane: Lane, from: number, limit: number): LogSlice | undefined {
    const row = this.#batches.from(lane, from);
    if (row === undefined) return undefined;
    this.#clock.refresh();
    const first = Math.max(from, row.first);
    const end = row.first + row.count;
    const records: LoggedRecord[] = [];
    if (row.count > limit) {
      const cut = row.first + (Math.floor((first - row.first) / limit) + 1) * limit;
      this.#decode(row, first, Math.min(cut, end), records);
    } else {
      this.#decode(row, first, end, records);
      for (let next = this.#batches.from(lane, end); next !== undefined; ) {
        if (records.length + next.count > limit || next.first !== first + records.length) break;
        this.#decode(next, next.first, next.first + next.count, records);
        next = this.#batches.from(lane, next.first + next.count);
      }
    }
    return { epoch: this.epoch, lane, first, last: first + records.length - 1, records };
  }

  #decode({ body, boot, first, count }: BatchRow, from: number, to: number, into: LoggedRecord[]): void {
    const { readings, events } = decodeBatch(body);
    const length = readings?.count ?? 0;
    if (length + events.length !== count)
      throw new AgentError(
        'store-damaged',
        `decoding of a record batch failed: it holds not ${count} records`,
      );
    const toTime = this.#timer(boot);
    for (let seq = from; seq < to; seq++) {
      const i = seq - first;
      if (readings !== undefined && i < length) into.push(this.#readingOf(readings, i, seq, toTime));
      else {
        const event = events[i - length];
        if (event === undefined) break;
        const { time, rank } = toTime(event.time);
        into.push({ kind: 'event', seq, ...event, time, rank } satisfies LoggedEvent);
      }
    }
  }

  #timer(boot: number): (mono: number) => WallTime {
    // True time in whole ms: no clock of a gateway knows it better.
    return (mono) => {
      const { time, rank, uncertaintyMs } = this.#clock.wall(boot, mono);
      return { time: Math.round(time), rank, uncertaintyMs };
    };
  }

  #readingOf(
    columns: Columns,
    i: number,
    seq: number,
    toTime: (mono: number) => { time: number; rank: ClockRank },
  ): LoggedReading {
    const { device, point, unit } = this.#point(columns.point[i] ?? 0);
    const { time, rank } = toTime(columns.time[i] ?? 0);
    const value = valueAt(columns, i);
    const code = columns.code[i] ?? 0;
    if (code === 0) return { kind: 'reading', seq, device, point, value, unit, quality: 'good', time, rank };
    const { quality, reason } = qualityOf(code) ?? { quality: 'bad', reason: undefined };
    const reading = { kind: 'reading', seq, device, point, value, unit, quality, time, rank } as const;
    return reason === undefined ? reading : { ...reading, reason };
  }

  #point(id: number): LoggedPoint {
    const known = this.#points.get(id);
    if (known !== undefined) return known;
    this.#points.refresh();
    const found = this.#points.get(id);
    if (found === undefined)
      throw new AgentError(
        'store-damaged',
        `decoding of a record batch failed: point ${id} is not in the table`,
      );
    return found;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
