/**
 * The log as the store thread has it open: one transaction per commit, numbers given inside it. Anything that throws
 * leaves nothing written; the caller closes the log then and opens it anew, so that no half-done memory stays.
 */
import { statSync } from 'node:fs';
import { AgentError } from '../core/errors.ts';
import { marksOf } from '../core/mark.ts';
import type { Lane } from '../core/point.ts';
import { type AgentEvent, type Json, laneOf } from '../core/record.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { Appender } from './appender.ts';
import { Batches } from './batches.ts';
import { ClockTable } from './clock-table.ts';
import { type Columns, over } from './columns.ts';
import type { LatestValue, Peak, PointId, Ranges } from './contract.ts';
import { AlarmStates } from './evidence/alarms.ts';
import { Chain } from './evidence/chain.ts';
import { deviceKey } from './evidence/device-key.ts';
import type { Cause } from './evidence/statement.ts';
import { Journal } from './journal.ts';
import { busiestHours, latestValues } from './latest.ts';
import { Marks } from './marks.ts';
import type { Commit, Committed, LanePack, NumberedPoint, Statistics, ThreadData } from './messages.ts';
import { PointTable } from './points.ts';
import { freeShare, Retention } from './retention.ts';
import { Breaks } from './rollup/breaks.ts';
import { mended, remapped } from './rollup/repair.ts';
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

export interface LogFileOptions
  extends Pick<ThreadData, 'dir' | 'agent' | 'timezone' | 'budget' | 'maxAge' | 'now'> {
  readonly file: string;
  /** Free share of the disk; tests give their own. */
  readonly free?: (dir: string) => number;
}

export class LogFile {
  readonly db: Db;
  readonly state: State;
  readonly batches: Batches;
  readonly clock: ClockTable;
  readonly journal: Journal;
  readonly marks: Marks;
  readonly chain: Chain;
  readonly #options: LogFileOptions;
  readonly #points: PointTable;
  readonly #rollups: Rollups;
  readonly #parts: RollupParts;
  readonly #appender: Appender;
  readonly #retention: Retention;
  /** Numbers of the point table by the packer's; the packer tells each point once per generation. */
  readonly #numbers: number[] = [];
  readonly #alarms = new AlarmStates();
  /** The transaction that is open tells an alarm. */
  #alarmed = false;
  #statistics: Statistics | undefined;
  #lookedAt = 0;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  /** Runs inside the opening transaction: rollups catch up with the log. */
  constructor(db: Db, epoch: string, options: LogFileOptions) {
    this.db = db;
    this.#options = options;
    this.state = new State(db);
    this.batches = new Batches(db);
    this.clock = new ClockTable(db);
    this.journal = new Journal(db);
    this.marks = new Marks(db);
    this.#points = new PointTable(db);
    const days = new LocalDays(options.timezone);
    const { state, batches, clock } = this;
    const breaks = new Breaks(this.marks, clock);
    this.#parts = { db, batches, clock, state, days, breaks, points: this.#points };
    this.#rollups = new Rollups(this.#parts);
    const decimalsOf = (id: number) => this.#points.get(id)?.decimals ?? -1;
    const { agent, dir, budget, maxAge, now, free = freeShare } = options;
    this.chain = new Chain({ db, state, batches, clock, agent, epoch, key: deviceKey(dir) }, now);
    this.#appender = new Appender({
      batches,
      decimalsOf,
      fed: (boot, readings) => this.#rollups.feed(boot, readings),
      written: (lane, row) => this.chain.append(lane, row),
    });
    const dropping = (lane: Lane, first: number) => this.chain.drop(lane, first);
    this.#retention = new Retention({ db, dir, batches, clock, budget, maxAge, dropping }, free);
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

  /** Epoch of the log before this one; empty where there was none. */
  get previous(): string {
    const row = this.db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'previous'`).get();
    return row?.value ?? '';
  }

  /** Last numbers of points. */
  latest(points: readonly PointId[]): LatestValue[] {
    const open = Array.from(this.#rollups.minutes.rows.values(), (row) => row.points);
    return latestValues(this.db, this.#points, open, points);
  }

  /** Busiest hours of counters. */
  peaks(points: readonly PointId[]): Peak[] {
    return busiestHours(this.db, this.#points, points);
  }

  /** Writes everything of `commit` in one transaction; returns after its fsync. */
  commit(commit: Commit): Omit<Committed, 'statistics'> {
    const { instance, token } = commit;
    const last = this.lastCommit();
    if (last?.instance === instance && last.token === token) {
      // Written before the answer got lost. Its points are in the table; this generation must know their numbers too.
      this.db.transaction(() => this.learn(commit.points)).immediate();
      return {
        token,
        ranges: last.ranges,
        heads: this.batches.allHeads(),
        unsigned: this.chain.unsigned,
        events: [],
      };
    }
    const committed = this.db.transaction(() => this.#write(commit)).immediate();
    // A transaction that failed is asked again, and its alarm is not signed yet.
    this.#alarmed = false;
    return committed;
  }

  #write(commit: Commit): Omit<Committed, 'statistics'> {
    const { instance, token, now } = commit;
    const boot = this.clock.bootNumber(commit.boot);
    this.learn(commit.points);
    for (const mapping of commit.mappings) this.learnClock(mapping, now);
    const wall = this.clock.wall(boot, now).time;
    // Before the readings: the rollups count them by it.
    for (const pack of commit.packs) for (const { events } of pack) this.#mark(events, wall);
    const ranges = commit.packs.map((pack) => this.#append(pack, boot));
    const changes = this.#points.takeChanges().map(({ device, ...body }): AgentEvent => {
      return {
        event: 'audit',
        severity: 'info',
        device,
        time: now,
        body: { what: 'point-changed', ...body },
      };
    });
    this.#appendEvents([...changes, ...commit.events], boot);
    for (const [uplink, lane, cursor] of commit.cursors) this.state.settle(uplink, lane, cursor);
    for (const refusal of commit.refusals) this.state.refuse(refusal);
    const events = this.#retention.run(now, wall, boot).map((gap): AgentEvent => {
      const body = { ...gap } as unknown as { [key: string]: Json };
      return { event: 'gap', severity: 'warning', time: now, body };
    });
    this.#appendEvents(events, boot);
    const cause = this.#causeToSign(commit);
    if (cause !== undefined) this.#sign(cause, boot, now);
    this.chain.save();
    this.#rollups.flush(wall);
    this.state.set('commit', { instance, token, boot: commit.boot, mono: now, ranges } satisfies LastCommit);
    return { token, ranges, heads: this.batches.allHeads(), unsigned: this.chain.unsigned, events };
  }

  /** Keeps the marks that events tell; inside a transaction. */
  #mark(events: readonly AgentEvent[], wall: number): void {
    const { breaks } = this.#parts;
    let changed = false;
    for (const mark of events.flatMap(marksOf)) {
      this.marks.put(mark);
      if (mark.mark !== 'break') continue;
      breaks.refresh();
      changed = mended(this.#parts, this.#rollups, mark, breaks.timeOf(mark)) || changed;
    }
    // What was mended must stand in this transaction: a crash would leave the log with the mark and without it.
    if (changed) this.#rollups.flush(wall, true);
  }

  #causeToSign({ packs, events, now }: Commit): Cause | undefined {
    const told = events.some(({ severity }) => severity === 'alarm');
    if (this.#alarmed || told) return 'alarm';
    // A commit without anything in it is made where nothing has come for a while: what there is gets its signature.
    const idle = packs.length === 0 && events.length === 0 && this.chain.unsigned;
    return idle || this.chain.due(now) ? 'period' : undefined;
  }

  /** Signs the chains and logs it, in the transaction that is open. */
  #sign(cause: Cause, boot: number, now: number): void {
    this.#appendEvents([this.chain.sign(cause, now, this.clock.wall(boot, now).time)], boot);
    this.chain.signedAll();
  }

  #append(pack: readonly LanePack[], boot: number): Ranges {
    const ranges: Record<string, { first: number; last: number }> = {};
    for (const { lane, count, buffer, texts, events } of pack) {
      const readings = count === 0 ? undefined : this.#numbered(over(buffer, count, texts));
      if (lane === 'alarm') {
        const changed = readings !== undefined && this.#alarms.changed(readings);
        this.#alarmed ||= changed || events.length > 0;
      }
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
    const number = this.clock.bootNumber(boot);
    const now = events[0]?.time ?? 0;
    this.#mark(events, this.clock.wall(number, now).time);
    this.#appendEvents(events, this.clock.bootNumber(boot));
    this.chain.save();
  }

  /** Signs what an unclean stop had left without a signature; in the opening transaction. */
  signAtOpening(boot: string, now: number): void {
    this.#sign('start', this.clock.bootNumber(boot), now);
    this.chain.save();
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

  /** Signs what is not signed yet, leaves the clean-stop mark, empties the WAL and closes. `now`: monotonic ms. */
  closeClean(boot: string, now: number): void {
    const end = () => {
      if (this.chain.unsigned) this.#sign('stop', this.clock.bootNumber(boot), now);
      this.chain.save();
      this.state.set('clean', true);
    };
    this.db.transaction(end).immediate();
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }
}
