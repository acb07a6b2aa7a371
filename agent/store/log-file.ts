/**
 * The log as the store thread has it open: one transaction per commit, numbers given inside it. Anything that throws
 * leaves nothing written; the caller closes the log then and opens it anew, so that no half-done memory stays.
 */
import { statSync } from 'node:fs';
import type { ClockMapping } from '../core/clock.ts';
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { AgentEvent, Json } from '../core/record.ts';
import { Appender } from './appender.ts';
import { Batches } from './batches.ts';
import { ClockTable } from './clock-table.ts';
import { type Columns, over } from './columns.ts';
import type { Ranges } from './contract.ts';
import { Journal } from './journal.ts';
import type { Commit, Committed, LanePack, NumberedPoint, Statistics, ThreadData } from './messages.ts';
import { PointTable } from './points.ts';
import { freeShare, Retention } from './retention.ts';
import { LocalDays } from './rollup/days.ts';
import { remapped } from './rollup/repair.ts';
import { type RollupParts, Rollups } from './rollup/rollups.ts';
import { type Db, WAL_LIMIT } from './sqlite.ts';
import { State } from './state.ts';
import { writtenBytes } from './written.ts';

/** A reader that holds the WAL is not waited for more often than this, ms. */
const TRIM_EVERY = 30_000;

/** What `state.commit` holds: the last commit, so that a repeated ask is answered and not written. */
interface LastCommit {
  readonly instance: string;
  readonly token: number;
  readonly boot: string;
  readonly mono: number;
  readonly ranges: readonly Ranges[];
}

export interface LogFileOptions extends Pick<ThreadData, 'dir' | 'timezone' | 'budget' | 'maxAge'> {
  readonly file: string;
  /** Free share of the disk; tests give their own. */
  readonly free?: (dir: string) => number;
}

/** The lane of an event. */
export function laneOf(event: AgentEvent): Lane {
  return event.severity === 'alarm' ? 'alarm' : 'event';
}

export class LogFile {
  readonly db: Db;
  readonly state: State;
  readonly batches: Batches;
  readonly clock: ClockTable;
  readonly journal: Journal;
  readonly #options: LogFileOptions;
  readonly #points: PointTable;
  readonly #rollups: Rollups;
  readonly #parts: RollupParts;
  readonly #appender: Appender;
  readonly #retention: Retention;
  /** Numbers of the point table by the packer's; the packer tells each point once per generation. */
  readonly #numbers: number[] = [];
  #statistics: Statistics | undefined;
  #lookedAt = 0;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  /** Runs inside the opening transaction: rollups catch up with the log. */
  constructor(db: Db, options: LogFileOptions) {
    this.db = db;
    this.#options = options;
    this.state = new State(db);
    this.batches = new Batches(db);
    this.clock = new ClockTable(db);
    this.journal = new Journal(db);
    this.#points = new PointTable(db);
    const days = new LocalDays(options.timezone);
    const { state, batches, clock } = this;
    this.#parts = { db, batches, clock, state, days, points: this.#points };
    this.#rollups = new Rollups(this.#parts);
    const decimalsOf = (id: number) => this.#points.get(id)?.decimals ?? -1;
    this.#appender = new Appender(batches, decimalsOf, (boot, readings) =>
      this.#rollups.feed(boot, readings),
    );
    const { dir, budget, maxAge, free = freeShare } = options;
    this.#retention = new Retention({ db, dir, batches, clock, budget, maxAge }, free);
  }

  /** Tells points again after the log was opened anew. */
  learn(points: readonly NumberedPoint[]): void {
    for (const { index, facts } of points) this.#numbers[index] = this.#points.number(facts);
  }

  /** Adds a row to the clock table and mends the rollups of its boot; inside a transaction. `now`: monotonic ms. */
  learnClock(mapping: ClockMapping, now: number): void {
    const boot = this.clock.bootNumber(mapping.boot);
    remapped(this.#parts, this.#rollups, boot, () => this.clock.add(mapping));
    // What was mended must stand in this transaction: the mapping that asked for it will not come again.
    this.#rollups.flush(this.clock.wall(boot, now).time, true);
  }

  lastCommit(): LastCommit | undefined {
    return this.state.get('commit') as LastCommit | undefined;
  }

  /** Writes everything of `commit` in one transaction; returns after its fsync. */
  commit(commit: Commit): Omit<Committed, 'statistics'> {
    const { instance, token } = commit;
    const last = this.lastCommit();
    if (last?.instance === instance && last.token === token) {
      // Written before the answer got lost. Its points are in the table; this generation must know their numbers too.
      this.db.transaction(() => this.learn(commit.points)).immediate();
      return { token, ranges: last.ranges, heads: this.batches.allHeads(), events: [] };
    }
    return this.db.transaction(() => this.#write(commit)).immediate();
  }

  #write(commit: Commit): Omit<Committed, 'statistics'> {
    const { instance, token, now } = commit;
    const boot = this.clock.bootNumber(commit.boot);
    this.learn(commit.points);
    for (const mapping of commit.mappings) this.learnClock(mapping, now);
    const wall = this.clock.wall(boot, now).time;
    const ranges = commit.packs.map((pack) => this.#append(pack, boot));
    this.#appendEvents(commit.events, boot);
    for (const [uplink, lane, cursor] of commit.cursors) this.state.settle(uplink, lane, cursor);
    for (const refusal of commit.refusals) this.state.refuse(refusal);
    const events = this.#retention.run(now, wall).map((gap): AgentEvent => {
      const body = { ...gap } as unknown as { [key: string]: Json };
      return { event: 'gap', severity: 'warning', time: now, body };
    });
    this.#appendEvents(events, boot);
    this.#rollups.flush(wall);
    this.state.set('commit', { instance, token, boot: commit.boot, mono: now, ranges } satisfies LastCommit);
    return { token, ranges, heads: this.batches.allHeads(), events };
  }

  #append(pack: readonly LanePack[], boot: number): Ranges {
    const ranges: Record<string, { first: number; last: number }> = {};
    for (const { lane, count, buffer, texts, events } of pack) {
      const readings = count === 0 ? undefined : this.#numbered(over(buffer, count, texts));
      ranges[lane] = this.#appender.append(lane, boot, readings, events);
    }
    return ranges;
  }

  /** The packer's point numbers become the table's, in memory of our own: a repeated ask finds its own as they were. */
  #numbered(packed: Columns): Columns {
    const point = new Int32Array(packed.count);
    for (let i = 0; i < packed.count; i++) {
      const number = this.#numbers[packed.point[i] ?? 0];
      if (number === undefined)
        throw new AgentError('internal', `writing to the log failed: point ${packed.point[i]} was not told`);
      point[i] = number;
    }
    return { ...packed, point };
  }

  /** Events by their lane; inside a transaction. */
  #appendEvents(events: readonly AgentEvent[], boot: number): void {
    for (const lane of ['alarm', 'event'] as const) {
      const mine = events.filter((event) => laneOf(event) === lane);
      if (mine.length > 0) this.#appender.append(lane, boot, undefined, mine);
    }
  }

  /** Events that opening has to say, in the opening transaction. */
  appendAtOpening(events: readonly AgentEvent[], boot: string): void {
    this.#appendEvents(events, this.clock.bootNumber(boot));
  }

  /** After a commit: keeps the WAL small where readers held the ordinary checkpoint back. Waits for them at most 2 s. */
  trimWal(): void {
    if (this.#sizeOf('-wal') <= WAL_LIMIT) return;
    const now = performance.now();
    if (now - this.#trimmedAt < TRIM_EVERY) return;
    this.#trimmedAt = now;
    this.db.pragma('wal_checkpoint(TRUNCATE)');
  }

  #sizeOf(suffix: string): number {
    return statSync(this.#options.file + suffix, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Looks at the files at most once a second: it costs more than a small commit. */
  statistics(commitMs: number): Statistics {
    const now = performance.now();
    if (this.#statistics === undefined || now - this.#lookedAt > 1000) {
      this.#lookedAt = now;
      const { free } = this.#retention;
      const sizes = { used: this.#retention.used(), file: this.#sizeOf(''), wal: this.#sizeOf('-wal') };
      this.#statistics = { ...sizes, commitMs, written: writtenBytes(), free };
    }
    return { ...this.#statistics, commitMs };
  }

  /** Closes without a mark: the next start will say that the stop was not clean. */
  close(): void {
    this.db.close();
  }

  /** Leaves the clean-stop mark, empties the WAL and closes. */
  closeClean(): void {
    this.db.transaction(() => this.state.set('clean', true)).immediate();
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }
}
