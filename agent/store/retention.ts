/**
 * Keeps the log within its bytes and its age by dropping whole batches from the old end of a lane: bulk first, then
 * telemetry, meter, event, alarm last. What went is told by one gap record per lane. The newest batch of a lane stays,
 * for it holds the lane's last number.
 */
import { statfsSync } from 'node:fs';
import type { Statement } from 'better-sqlite3';
import { LANES, type Lane } from '../core/point.ts';
import type { Gap } from '../core/record.ts';
import type { Batches, BatchHead } from './batches.ts';
import type { ClockTable } from './clock-table.ts';
import { LEVELS } from './schema.ts';
import type { Db } from './sqlite.ts';

/** Most batches dropped in one transaction, so that a commit is not held up. */
const STEP = 2000;
/** Over budget, this share of it is made free at a time: one gap record for many commits. */
const SLACK = 0.02;
/** How often age and disk are looked at, ms of monotonic time. */
const EVERY = 60_000;
/** Less free disk than this counts as full. */
const FREE_SHARE = 0.05;
const DAY = 86_400_000;
/** A clock that jumped further than this has to stay there for so long before what other boots wrote ages by it, ms. */
const JUMP = 3_600_000;
const STEADY = 3_600_000;
/** How long rollup rows stay, ms, by level: far longer than the log. Days stay for good. */
const ROLLUP_AGE: readonly number[] = [90 * DAY, 2 * 365 * DAY, 10 * 365 * DAY];

export interface RetentionOptions {
  readonly db: Db;
  readonly dir: string;
  readonly batches: Batches;
  readonly clock: ClockTable;
  readonly budget: number;
  readonly maxAge: number;
  /** Told before batches whose first number is at most `first` go. */
  readonly dropping?: (lane: Lane, first: number) => void;
}

/** Share of the disk that is free, 0…1; 1 where it cannot be told. */
export function freeShare(dir: string): number {
  try {
    const { bavail, blocks } = statfsSync(dir);
    return blocks === 0 ? 1 : bavail / blocks;
  } catch {
    return 1;
  }
}

interface Now {
  readonly boot: number;
  readonly mono: number;
  readonly now: number;
  /** `now` has not jumped for a while. */
  readonly steady: boolean;
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #free: (dir: string) => number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #budget: number;
  /** True less monotonic time at the last look, and since when it has not jumped. */
  #offset = Number.NaN;
  #steadySince = 0;
  readonly #pages: Statement<[], number>;
  readonly #unused: Statement<[], number>;
  readonly #pageSize: number;
  free = 1;

  constructor(options: RetentionOptions, free: (dir: string) => number = freeShare) {
    this.#options = options;
    this.#free = free;
    this.#budget = options.budget;
    this.#pages = options.db.prepare<[], number>('PRAGMA page_count').pluck();
    this.#unused = options.db.prepare<[], number>('PRAGMA freelist_count').pluck();
    this.#pageSize = Number(options.db.pragma('page_size', { simple: true }));
  }

  /** Bytes in pages that hold something. */
  used(): number {
    return (Number(this.#pages.get()) - Number(this.#unused.get())) * this.#pageSize;
  }

  /**
   * Drops what has to go, inside a transaction. `mono` and `now`: monotonic and true time; `boot`: number of the present
   * boot, whose batches age by the monotonic clock, so that no jump of the other makes them old.
   */
  run(mono: number, now: number, boot: number): Gap[] {
    const gaps: Gap[] = [];
    if (!(Math.abs(now - mono - this.#offset) <= JUMP)) this.#steadySince = mono;
    this.#offset = now - mono;
    if (mono - this.#lookedAt >= EVERY) {
      this.#lookedAt = mono;
      this.free = this.#free(this.#options.dir);
      // On a full disk the file must not grow: it goes on in the pages it has.
      const full = this.free < FREE_SHARE;
      this.#budget = full ? Math.min(this.#options.budget, this.used()) : this.#options.budget;
      const steady = mono - this.#steadySince >= STEADY;
      for (const lane of LANES) this.#dropOld(lane, { boot, mono, now, steady }, gaps);
      if (steady) this.#dropRollups(now);
    }
    if (this.used() > this.#budget) this.#dropBytes(gaps);
    return gaps;
  }

  #dropOld(lane: Lane, { boot: present, mono, now, steady }: Now, gaps: Gap[]): void {
    const { clock, maxAge } = this.#options;
    this.#drop(lane, gaps, ({ boot, mono_max }) => {
      if (boot === present) return mono - mono_max > maxAge;
      const wall = clock.wall(boot, mono_max);
      return steady && wall.rank !== 'none' && now - wall.time > maxAge;
    });
  }

  #dropBytes(gaps: Gap[]): void {
    const target = this.#budget * (1 - SLACK);
    for (const lane of [...LANES].reverse()) {
      // Deleting frees whole pages only; look again after every few batches.
      for (let left = STEP / 20; left > 0 && this.used() > target; left--) {
        let some = 20;
        if (!this.#drop(lane, gaps, () => some-- > 0)) break;
      }
      if (this.used() <= target) return;
    }
  }

  /** Drops from the old end while `goes`; true where anything went. */
  #drop(lane: Lane, gaps: Gap[], goes: (batch: BatchHead) => boolean): boolean {
    const { batches, clock, dropping } = this.#options;
    const newest = batches.head(lane);
    let last: BatchHead | undefined;
    let first: BatchHead | undefined;
    let dropped = 0;
    for (const batch of batches.heads(lane, 0)) {
      if (batch.first + batch.count - 1 >= newest || dropped >= STEP || !goes(batch)) break;
      first ??= batch;
      last = batch;
      dropped++;
    }
    if (first === undefined || last === undefined) return false;
    dropping?.(lane, last.first);
    batches.drop(lane, last.first);
    const gap = gaps.find((known) => known.lane === lane && known.to === (first?.first ?? 0) - 1);
    const to = last.first + last.count - 1;
    const from = gap?.from ?? first.first;
    const until = clock.wall(last.boot, last.mono_max);
    const since = gap?.since ?? clock.wall(first.boot, first.mono_min).time;
    if (gap !== undefined) gaps.splice(gaps.indexOf(gap), 1);
    const told = { lane, from, to, count: to - from + 1, reason: 'retention' } as const;
    gaps.push({ ...told, since, until: until.time, keptAs: 'rollups' });
    return true;
  }

  #dropRollups(now: number): void {
    const { db } = this.#options;
    for (const [level, { table }] of LEVELS.entries()) {
      const age = ROLLUP_AGE[level];
      if (age !== undefined) db.prepare(`DELETE FROM ${table} WHERE start < ?`).run(now - age);
    }
  }
}
