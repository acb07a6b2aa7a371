/** Figures of periods from rollup rows: minutes while they are kept, hours afterwards. A connection of its own. */
import type { Statement } from 'better-sqlite3';
import { AgentError } from '../core/errors.ts';
import type { PeriodLevel, Periods, PeriodValue, PointName } from '../core/time/period.ts';
import { isUnit, type Unit } from '../core/unit.ts';
import { type LoggedPoint, PointTable } from './points.ts';
import { type Accumulator, bucketValue, merge } from './rollup/accumulator.ts';
import { MINUTE } from './rollup/minutes.ts';
import { decodeRow } from './rollup/row.ts';
import { LEVELS, versionOf } from './schema.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';

const HOUR = 60 * MINUTE;
/** A counter's step into a period is reckoned from a value at most so old, ms. */
const BEFORE = 10 * MINUTE;

interface Row {
  readonly start: number;
  readonly body: Uint8Array;
}

/** Opens the rollups of a log. Throws `AgentError` as `openLogSource` does. */
export function openPeriods(file: string): RollupPeriods {
  let db: Db | undefined;
  try {
    db = openForReading(file);
    if (versionOf(db) === 0)
      throw new AgentError('store-failed', `opening of ${file} failed: it is not made yet`);
    return new RollupPeriods(db);
  } catch (thrown) {
    db?.close();
    throw storeError(thrown, `opening of the rollups of ${file}`);
  }
}

/** Earlier epochs are looked for so often, ms. */
const LOOK_EVERY = 60_000;

/**
 * The rollups of a log and of the earlier epochs of `agent` that stand beside it (`files`, which may grow; what another
 * agent measured is not ours to report). Of a period that two know something of, what is told is that of the one with
 * more values: epochs do not overlap but by a minute.
 */
export function openAllPeriods(file: string, agent: string, files: () => readonly string[]): Periods {
  const own = openPeriods(file);
  const earlier = new Map<string, RollupPeriods | undefined>();
  let looked = Number.NEGATIVE_INFINITY;
  const all = (): readonly Periods[] => {
    if (performance.now() - looked >= LOOK_EVERY) {
      looked = performance.now();
      for (const one of files()) if (!earlier.has(one)) earlier.set(one, ofAgent(one, agent));
    }
    return [own, ...[...earlier.values()].filter((one) => one !== undefined)];
  };
  return {
    closedTo: () =>
      greatest(
        all().map((one) => one.closedTo()),
        1,
      ),
    oldest: (level) =>
      greatest(
        all().map((one) => one.oldest(level)),
        -1,
      ),
    read: (points, from, to, share) => fullest(all().map((one) => one.read(points, from, to, share))),
    points: () => {
      const known = new Map<string, PointName>();
      for (const one of all())
        for (const name of one.points()) known.set(`${name.device}/${name.point}`, name);
      return [...known.values()];
    },
    bucket: (points, level, start, end) => fullest(all().map((one) => one.bucket(points, level, start, end))),
    [Symbol.dispose]() {
      own[Symbol.dispose]();
      for (const one of earlier.values()) one?.[Symbol.dispose]();
    },
  };
}

/** Of each point what the log with most values of it says. */
function fullest([first = [], ...others]: readonly (readonly (PeriodValue | undefined)[])[]) {
  return first.map((value, i) =>
    others.reduce((best, one) => ((one[i]?.count ?? 0) > (best?.count ?? 0) ? one[i] : best), value),
  );
}

/** Undefined for one of another agent, and for one that cannot be read, which uplinks tell of that want its records. */
function ofAgent(file: string, agent: string): RollupPeriods | undefined {
  try {
    const found = openPeriods(file);
    if (found.agent === agent) return found;
    found[Symbol.dispose]();
  } catch {
    // Told of elsewhere.
  }
  return undefined;
}

/** Greatest (sign 1) or least (−1) of what is known. */
function greatest(values: readonly (number | undefined)[], sign: 1 | -1): number | undefined {
  let best: number | undefined;
  for (const value of values)
    if (value !== undefined && (best === undefined || value * sign > best * sign)) best = value;
  return best;
}

export class RollupPeriods implements Periods {
  /** Whose log it is. */
  readonly agent: string;
  readonly #db: Db;
  readonly #points: PointTable;
  #byName:
    | { readonly version: number; readonly names: ReadonlyMap<string, readonly LoggedPoint[]> }
    | undefined;
  readonly #newest: Statement<[], { start: number }>;
  readonly #first: Readonly<Record<PeriodLevel, Statement<[], { start: number }>>>;
  readonly #rows: Readonly<Record<PeriodLevel, Statement<[number, number], Row>>>;

  constructor(db: Db) {
    this.#db = db;
    this.agent =
      db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'agent'`).get()?.value ?? '';
    this.#points = new PointTable(db);
    const [minute, quarter, hour, day] = LEVELS.map(({ table }) => table);
    const first = (table = '') =>
      db.prepare<[], { start: number }>(`SELECT MIN(start) AS start FROM ${table}`);
    const rows = (table = '') =>
      db.prepare<[number, number], Row>(
        `SELECT start, body FROM ${table} WHERE start >= ? AND start < ? ORDER BY start`,
      );
    this.#newest = db.prepare(`SELECT start FROM ${minute} WHERE state = 1 ORDER BY start DESC LIMIT 1`);
    this.#first = { minute: first(minute), quarter: first(quarter), hour: first(hour), day: first(day) };
    this.#rows = { minute: rows(minute), quarter: rows(quarter), hour: rows(hour), day: rows(day) };
  }

  #reading<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      throw storeError(thrown, what);
    }
  }

  closedTo(): number | undefined {
    const row = this.#reading('reading of the newest minute', () => this.#newest.get());
    return row === undefined ? undefined : row.start + MINUTE;
  }

  oldest(level: PeriodLevel): number | undefined {
    return this.#reading(
      `reading of the oldest ${level}`,
      () => this.#first[level].get()?.start ?? undefined,
    );
  }

  read(points: readonly PointName[], from: number, to: number, share: number): (PeriodValue | undefined)[] {
    return this.#reading('reading of a period', () => {
      this.#points.refresh();
      const wanted = points.map((name) => this.#versions(name));
      const sums = wanted.map(({ every }) => new PeriodSum(from, to, share, every));
      const rows = this.#rows.minute.all(from - BEFORE, to);
      const minutes = rows.filter(({ start }) => start >= from);
      for (const row of rows)
        feed(row, wanted, (sum, acc) =>
          row.start < from ? sums[sum]?.before(acc) : sums[sum]?.minute(row.start, acc),
        );
      const whole = from % HOUR === 0 && to % HOUR === 0;
      if (minutes.length === 0 && whole)
        for (const row of this.#rows.hour.all(from, to))
          feed(row, wanted, (sum, acc) => sums[sum]?.hour(row.start, acc));
      return sums.map((sum, i) => sum.result(wanted[i]?.unit));
    });
  }

  points(): readonly PointName[] {
    return this.#reading('reading of the points', () => {
      this.#points.refresh();
      return [...this.#named().values()].flatMap(([one]) =>
        one === undefined ? [] : [{ device: one.device, point: one.point }],
      );
    });
  }

  bucket(
    points: readonly PointName[],
    level: PeriodLevel,
    start: number,
    end: number,
  ): (PeriodValue | undefined)[] {
    return this.#reading(`reading of a ${level}`, () => {
      this.#points.refresh();
      const wanted = points.map((name) => this.#versions(name));
      const sums = wanted.map(({ every }) => new PeriodSum(start, end, 0, every));
      // The day before may be longer by an hour.
      const before = Math.max(BEFORE, level === 'day' ? 25 * HOUR : end - start);
      for (const row of this.#rows[level].all(start - before, start + 1))
        feed(row, wanted, (sum, acc) => (row.start < start ? sums[sum]?.before(acc) : sums[sum]?.whole(acc)));
      return sums.map((sum, i) => sum.result(wanted[i]?.unit));
    });
  }

  /** All numbers under which a point was logged in its present unit: another count of decimals makes another number. */
  #versions({ device, point }: PointName): Versions {
    const known = this.#named().get(`${device}/${point}`) ?? [];
    const newest: LoggedPoint | undefined = known.at(-1);
    return {
      ids: new Set(known.filter(({ unit }) => unit === newest?.unit).map(({ id }) => id)),
      unit: newest !== undefined && isUnit(newest.unit) ? newest.unit : undefined,
      every: newest?.every,
    };
  }

  /** Points by name, oldest number first. */
  #named(): ReadonlyMap<string, readonly LoggedPoint[]> {
    if (this.#byName?.version !== this.#points.version) {
      const names = Map.groupBy(this.#points.all(), ({ device, point }) => `${device}/${point}`);
      this.#byName = { version: this.#points.version, names };
    }
    return this.#byName.names;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

interface Versions {
  readonly ids: ReadonlySet<number>;
  readonly unit: Unit | undefined;
  readonly every: number | undefined;
}

function feed(row: Row, wanted: readonly Versions[], take: (index: number, acc: Accumulator) => void): void {
  const accumulators = decodeRow(row.start, row.body);
  for (const [index, { ids }] of wanted.entries())
    for (const id of ids) {
      const acc = accumulators.get(id);
      if (acc !== undefined) take(index, acc);
    }
}

class PeriodSum {
  readonly #from: number;
  readonly #to: number;
  readonly #share: number;
  readonly #every: number | undefined;
  readonly #valid: number[];
  #sum: Accumulator | undefined;
  #before: number | undefined;
  #revision = 0;

  constructor(from: number, to: number, share: number, every: number | undefined) {
    this.#from = from;
    this.#to = to;
    this.#share = share;
    this.#every = every === undefined || every <= 0 ? undefined : every;
    this.#valid = new Array<number>(Math.max(1, Math.ceil((to - from) / HOUR))).fill(0);
  }

  /** A bucket ahead of the period. */
  before(acc: Accumulator): void {
    if (acc.count > 0) this.#before = acc.last;
  }

  minute(start: number, acc: Accumulator): void {
    const due = this.#due(MINUTE) || acc.count + acc.bad;
    // A point that is asked less often than once a minute is there with one value.
    if (acc.count >= Math.max(1, Math.ceil(due * this.#share))) this.#count(start, 1);
    this.#add(acc);
  }

  hour(start: number, acc: Accumulator): void {
    const due = this.#due(HOUR) || acc.expected || acc.count + acc.bad;
    this.#count(start, due === 0 ? 0 : Math.round(60 * Math.min(1, acc.count / due)));
    this.#add(acc);
  }

  /** All of the period in one bucket. */
  whole(acc: Accumulator): void {
    this.#add(acc);
  }

  result(unit: Unit | undefined): PeriodValue | undefined {
    const acc = this.#sum;
    if (acc === undefined || unit === undefined) return undefined;
    const some = acc.count > 0;
    return {
      kind: acc.kind,
      unit,
      value: bucketValue(acc, this.#before),
      min: some ? acc.min : null,
      max: some ? acc.max : null,
      first: some ? acc.first : null,
      last: some ? acc.last : null,
      count: acc.count,
      bad: acc.bad,
      expected: this.#due(this.#to - this.#from),
      validMinutes: this.#valid,
      revision: this.#revision,
      ...(acc.durations === undefined
        ? {}
        : { states: { last: acc.lastState, ms: Object.fromEntries(acc.durations) } }),
    };
  }

  /** Values in so many ms by the plan of the point; 0 where there is none. */
  #due(ms: number): number {
    return this.#every === undefined ? 0 : ms / this.#every;
  }

  #count(start: number, minutes: number): void {
    const hour = Math.floor((start - this.#from) / HOUR);
    this.#valid[hour] = (this.#valid[hour] ?? 0) + minutes;
  }

  #add(acc: Accumulator): void {
    this.#revision = Math.max(this.#revision, acc.revision);
    // A point may be asked for twice: each sum has an accumulator of its own.
    if (this.#sum === undefined || this.#sum.kind !== acc.kind) this.#sum = structuredClone(acc);
    else merge(this.#sum, acc);
  }
}
