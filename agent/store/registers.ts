/**
 * Registers as the log has them: first and last reading of every quarter of an hour, with the last one before a stretch of
 * time and the first one behind it, however far away they are. A read-only connection of its own.
 */
import type { Statement } from 'better-sqlite3';
import type { RegisterBucket, RegisterName, RegisterSeries } from '../core/energy/energy.ts';
import type { LocalDays } from '../core/time/local-days.ts';
import { ClockTable } from './clock-table.ts';
import { Marks } from './marks.ts';
import { type Open, OpenBuckets } from './open-buckets.ts';
import { type LoggedPoint, PointTable } from './points.ts';
import { type Accumulator, bucketValue, merge } from './rollup/accumulator.ts';
import { Breaks } from './rollup/breaks.ts';
import { MINUTE } from './rollup/minutes.ts';
import { decodeRow } from './rollup/row.ts';
import { LEVELS } from './schema.ts';
import type { Db } from './sqlite.ts';

const QUARTER_LEVEL = 1;
const HOUR_LEVEL = 2;
const DAY_LEVEL = 3;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How far the reading before or behind a stretch is looked for, ms. */
const REACH = 400 * DAY;

interface Row {
  readonly start: number;
  readonly body: Uint8Array;
}

interface Seen {
  readonly time: number;
  readonly value: number;
}

interface Wanted {
  readonly name: RegisterName;
  readonly point: LoggedPoint | undefined;
  readonly ids: ReadonlySet<number>;
  /** Where it has one number alone. */
  readonly only: number | undefined;
}

/** What is gathered of one register. */
interface Gathered {
  /** Of the readings of the stretch, in the order of their buckets. */
  readonly times: number[];
  readonly values: number[];
  readonly buckets: RegisterBucket[];
  before?: Seen;
  after?: Seen;
}

export class Registers {
  readonly #db: Db;
  readonly #days: LocalDays;
  readonly #points: PointTable;
  readonly #clock: ClockTable;
  readonly #breaks: Breaks;
  readonly #open: OpenBuckets;
  readonly #rows: readonly Statement<[number, number], Row>[];
  readonly #back: readonly Statement<[number, number], Row>[];
  /** First readings that the log has ever had, by register. */
  readonly #since = new Map<string, number>();

  constructor(db: Db, days: LocalDays) {
    this.#db = db;
    this.#days = days;
    this.#points = new PointTable(db);
    this.#clock = new ClockTable(db);
    this.#breaks = new Breaks(new Marks(db), this.#clock);
    const parts = { db, days, points: this.#points, clock: this.#clock, breaks: this.#breaks };
    this.#open = new OpenBuckets(parts);
    const rows = (order: string) => (level: { readonly table: string }) =>
      db.prepare<[number, number], Row>(
        `SELECT start, body FROM ${level.table} WHERE start >= ? AND start < ? ORDER BY start ${order}`,
      );
    this.#rows = LEVELS.map(rows('ASC'));
    this.#back = LEVELS.map(rows('DESC'));
  }

  /**
   * `from` and `to`: whole quarters, Unix epoch ms. `level`: of which buckets first and last readings are given. Throws
   * `AgentError` as reading of the log does.
   */
  read(
    names: readonly RegisterName[],
    from: number,
    to: number,
    level: 'minute' | 'quarter' = 'quarter',
  ): RegisterSeries[] {
    // One snapshot for rows, high-water numbers and readings.
    return this.#db.transaction(() => this.#read(names, from, to, level === 'minute' ? 0 : QUARTER_LEVEL))();
  }

  /** Mean of a point on each local day that is closed; null where there is none. */
  dayMeans(name: RegisterName, days: readonly { readonly start: number }[]): (number | null)[] {
    this.#points.refresh();
    const { ids } = this.#wanted(name);
    return days.map(({ start }) => {
      const [row] = this.#rows[DAY_LEVEL]?.all(start, start + 1) ?? [];
      if (row === undefined) return null;
      for (const acc of decodeRow(row.start, row.body, ids).values())
        if (acc.count > 0) return bucketValue(acc);
      return null;
    });
  }

  /** Mean of each point in each hour of `from` ≤ t < `to` that is closed; NaN where there is none. */
  hourMeans(names: readonly RegisterName[], from: number, to: number): Float64Array[] {
    this.#points.refresh();
    const wanted = names.map((name) => this.#wanted(name).ids);
    const all = new Set(wanted.flatMap((ids) => [...ids]));
    const means = names.map(() =>
      new Float64Array(Math.max(0, Math.ceil((to - from) / HOUR))).fill(Number.NaN),
    );
    for (const row of this.#rows[HOUR_LEVEL]?.all(from, to) ?? []) {
      const hour = Math.floor((row.start - from) / HOUR);
      const accs = decodeRow(row.start, row.body, all);
      for (const [i, ids] of wanted.entries()) {
        for (const id of ids) {
          const acc = accs.get(id);
          const mean = acc === undefined || acc.count === 0 ? null : bucketValue(acc);
          if (mean !== null) (means[i] as Float64Array)[hour] = mean;
        }
      }
    }
    return means;
  }

  #read(names: readonly RegisterName[], from: number, to: number, level: number): RegisterSeries[] {
    this.#points.refresh();
    this.#clock.refresh();
    this.#breaks.refresh();
    const wanted = names.map((name) => this.#wanted(name));
    const all = new Set(wanted.flatMap(({ ids }) => [...ids]));
    const known = wanted.flatMap(({ ids }, index) => (ids.size === 0 ? [] : [index]));
    const gathered = wanted.map((): Gathered => ({ times: [], values: [], buckets: [] }));
    const open = this.#open.of(level, 0, Number.POSITIVE_INFINITY);
    const quarter = (start: number, take: (index: number, acc: Accumulator) => void) => {
      const accs = this.#openBucket(level, start, open.minutes.rows, all);
      for (const [index, one] of wanted.entries()) {
        const acc = summed(accs, one);
        if (acc !== undefined) take(index, acc);
      }
    };
    const take = (start: number) => (index: number, acc: Accumulator) => {
      const { times, values, buckets } = gathered[index] as Gathered;
      const { count, bad, marked, revision } = acc;
      buckets.push({ start, count, bad, marked, revision });
      if (count === 0) return;
      times.push(acc.firstTime);
      values.push(acc.first);
      if (acc.lastTime <= acc.firstTime) return;
      times.push(acc.lastTime);
      values.push(acc.last);
    };
    for (const row of this.#rows[level]?.all(from, to) ?? []) {
      if (open.starts.has(row.start)) continue;
      const accs = decodeRow(row.start, row.body, all);
      const put = take(row.start);
      for (const index of known) {
        const acc = summed(accs, wanted[index] as Wanted);
        if (acc !== undefined) put(index, acc);
      }
    }
    for (const start of [...open.starts].sort((a, b) => a - b))
      if (start >= from && start < to) quarter(start, take(start));
    this.#around(wanted, gathered, all, level, from, to, open.starts, quarter);
    return wanted.map((one, i) => this.#series(one, gathered[i] as Gathered));
  }

  /** The last reading before `from` and the first one from `to` on, of each register. */
  #around(
    wanted: readonly Wanted[],
    gathered: readonly Gathered[],
    all: ReadonlySet<number>,
    level: number,
    from: number,
    to: number,
    openStarts: ReadonlySet<number>,
    quarter: (start: number, take: (index: number, acc: Accumulator) => void) => void,
  ): void {
    const before = (index: number, acc: Accumulator) => {
      const one = gathered[index];
      if (one === undefined || acc.count === 0 || acc.lastTime >= from) return;
      if (one.before === undefined || acc.lastTime > one.before.time)
        one.before = { time: acc.lastTime, value: acc.last };
    };
    const after = (index: number, acc: Accumulator) => {
      const one = gathered[index];
      if (one === undefined || acc.count === 0 || acc.firstTime < to) return;
      if (one.after === undefined || acc.firstTime < one.after.time)
        one.after = { time: acc.firstTime, value: acc.first };
    };
    for (const start of openStarts) {
      if (start < from) quarter(start, before);
      if (start >= to) quarter(start, after);
    }
    const look = (
      found: (one: Gathered) => boolean,
      take: typeof before,
      rows: () => Iterable<Row> | undefined,
      skip: (start: number) => boolean,
    ) => {
      const missing = () => wanted.some(({ ids }, i) => ids.size > 0 && !found(gathered[i] as Gathered));
      if (!missing()) return;
      for (const row of rows() ?? []) {
        if (skip(row.start)) continue;
        const accs = decodeRow(row.start, row.body, all);
        for (const [index, one] of wanted.entries()) {
          const acc = summed(accs, one);
          if (acc !== undefined) take(index, acc);
        }
        if (!missing()) return;
      }
    };
    const isOpen = (start: number) => openStarts.has(start);
    const never = () => false;
    const hasBefore = (one: Gathered) => one.before !== undefined;
    const hasAfter = (one: Gathered) => one.after !== undefined;
    // Nearly always it is in the quarter beside; else the days tell, whose rows are kept for good.
    const dayOf = this.#days.start(from);
    look(hasBefore, before, () => this.#back[level]?.iterate(from - HOUR, from), isOpen);
    look(hasBefore, before, () => this.#back[QUARTER_LEVEL]?.iterate(dayOf - DAY, from - HOUR), isOpen);
    look(hasBefore, before, () => this.#back[DAY_LEVEL]?.iterate(from - REACH, dayOf), never);
    const nextDay = this.#days.next(this.#days.start(to - 1));
    look(hasAfter, after, () => this.#rows[level]?.iterate(to, to + HOUR), isOpen);
    look(hasAfter, after, () => this.#rows[QUARTER_LEVEL]?.iterate(to + HOUR, nextDay + DAY), isOpen);
    look(hasAfter, after, () => this.#rows[DAY_LEVEL]?.iterate(nextDay, to + REACH), never);
  }

  #openBucket(
    level: number,
    start: number,
    fresh: Open['minutes']['rows'],
    all: ReadonlySet<number>,
  ): Map<number, Accumulator> {
    const end = this.#open.endOf(level, start);
    const stored = this.#open.stored(start, end);
    const sums = new Map<number, Accumulator>();
    for (let minute = start; minute < end; minute += MINUTE) {
      const body = stored.get(minute);
      const row = fresh.get(minute);
      const accs = row?.points ?? (body === undefined ? undefined : decodeRow(minute, body, all));
      for (const [id, acc] of accs ?? []) {
        if (!all.has(id)) continue;
        const sum = sums.get(id);
        if (sum === undefined) sums.set(id, structuredClone(acc));
        else merge(sum, acc);
      }
    }
    return sums;
  }

  #wanted(name: RegisterName): Wanted {
    const known = this.#points.named(name.device, name.point);
    const point = known.at(-1);
    // Other decimals make another number of the same point; another unit does not compare.
    const ids = new Set(known.filter(({ unit }) => unit === point?.unit).map(({ id }) => id));
    const [first] = ids;
    return { name, point, ids, only: ids.size === 1 ? first : undefined };
  }

  #series(wanted: Wanted, gathered: Gathered): RegisterSeries {
    const { name, point } = wanted;
    const { buckets } = gathered;
    const { times, values } = joined(gathered);
    const [first, last] = [times[0], times.at(-1)];
    const marks =
      point === undefined || first === undefined || last === undefined
        ? []
        : this.#breaks.between(point, first, last);
    const since = this.#sinceOf(wanted, first);
    return {
      device: name.device,
      point: name.point,
      unit: point?.unit ?? '1',
      ...(point?.every === undefined ? {} : { every: point.every }),
      ...(since === undefined ? {} : { since }),
      times,
      values,
      breaks: marks.map(({ time, mark: { id, kind, state, closing, opening } }) => ({
        time,
        id,
        kind,
        state,
        closing,
        opening,
      })),
      buckets,
    };
  }

  /** The first reading that the log has had; days are kept for good. */
  #sinceOf({ name, ids }: Wanted, first: number | undefined): number | undefined {
    const key = `${name.device}/${name.point}`;
    const known = this.#since.get(key);
    if (known !== undefined || ids.size === 0) return known;
    for (const { start, body } of this.#rows[DAY_LEVEL]?.iterate(0, Number.MAX_SAFE_INTEGER) ?? [])
      for (const acc of decodeRow(start, body, ids).values()) {
        if (acc.count === 0) continue;
        this.#since.set(key, acc.firstTime);
        return acc.firstTime;
      }
    // On the first day there is none yet.
    return first;
  }
}

/** All readings of a register by time, with those before and behind the stretch. */
function joined({ before, after, ...inside }: Gathered): { times: Float64Array; values: Float64Array } {
  const order = inside.times.map((_, i) => i);
  // Buckets that are not made yet stand behind the others, wherever they are.
  if (inside.times.some((time, i) => time < (inside.times[i - 1] ?? Number.NEGATIVE_INFINITY)))
    order.sort((a, b) => (inside.times[a] ?? 0) - (inside.times[b] ?? 0));
  const head = before === undefined ? 0 : 1;
  const length = head + order.length + (after === undefined ? 0 : 1);
  const [times, values] = [new Float64Array(length), new Float64Array(length)];
  if (before !== undefined) {
    times[0] = before.time;
    values[0] = before.value;
  }
  for (let i = 0; i < order.length; i++) {
    times[head + i] = inside.times[order[i] ?? 0] ?? 0;
    values[head + i] = inside.values[order[i] ?? 0] ?? 0;
  }
  if (after !== undefined) {
    times[length - 1] = after.time;
    values[length - 1] = after.value;
  }
  return { times, values };
}

/** A point's buckets under all its numbers, as one. */
function summed(accs: ReadonlyMap<number, Accumulator>, { ids, only }: Wanted): Accumulator | undefined {
  if (only !== undefined) return accs.get(only);
  let sum: Accumulator | undefined;
  for (const id of ids) {
    const acc = accs.get(id);
    if (acc === undefined) continue;
    if (sum === undefined) sum = ids.size === 1 ? acc : structuredClone(acc);
    else merge(sum, acc);
  }
  return sum;
}
