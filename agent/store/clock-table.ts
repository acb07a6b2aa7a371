/**
 * The clock table: how monotonic time of each boot maps to true time. The best rank known for a boot counts for all of
 * it, also backwards; among rows of that rank the last one at or before the moment, else the first after it.
 */
import { CLOCK_RANKS, type ClockMapping, type WallTime, wallAt } from '../core/time/clock.ts';
import type { Db } from './sqlite.ts';

interface Row {
  readonly id: number;
  readonly boot: number;
  readonly mono: number;
  readonly wall: number;
  readonly rate: number;
  readonly rank: string;
  readonly uncertainty: number;
}

const UNKNOWN: WallTime = { time: 0, rank: 'none', uncertaintyMs: Number.MAX_SAFE_INTEGER };

export class ClockTable {
  readonly #db: Db;
  readonly #bootNames = new Map<number, string>();
  readonly #bootIds = new Map<string, number>();
  /** Rows of the best rank per boot, by mono. */
  readonly #best = new Map<number, ClockMapping[]>();
  #top = 0;

  constructor(db: Db) {
    this.#db = db;
    this.refresh();
  }

  /** Reads what is new; true where something was. */
  refresh(): boolean {
    const rows = this.#db
      .prepare<[number], Row>('SELECT * FROM clock WHERE id > ? ORDER BY id')
      .all(this.#top);
    if (rows.length === 0) return false;
    for (const { id, boot } of this.#db
      .prepare<[], { id: number; boot: string }>('SELECT * FROM boots')
      .all()) {
      this.#bootNames.set(id, boot);
      this.#bootIds.set(boot, id);
    }
    for (const row of rows) {
      this.#top = row.id;
      this.#take(row.boot, {
        boot: this.#bootNames.get(row.boot) ?? '',
        mono: row.mono,
        wall: row.wall,
        rate: row.rate,
        rank: CLOCK_RANKS.find((rank) => rank === row.rank) ?? 'none',
        uncertaintyMs: row.uncertainty,
      });
    }
    return true;
  }

  /** Forgets rows of a transaction that was rolled back. */
  reload(): void {
    this.#bootNames.clear();
    this.#bootIds.clear();
    this.#best.clear();
    this.#top = 0;
    this.refresh();
  }

  #take(boot: number, mapping: ClockMapping): void {
    const rows = this.#best.get(boot) ?? [];
    const rank = CLOCK_RANKS.indexOf(rows[0]?.rank ?? 'none');
    const better = CLOCK_RANKS.indexOf(mapping.rank) - rank;
    if (better < 0 && rows.length > 0) return;
    const kept = better > 0 ? [] : rows.filter((row) => row.mono !== mapping.mono);
    this.#best.set(
      boot,
      [...kept, mapping].sort((a, b) => a.mono - b.mono),
    );
  }

  /** Number of a boot, added where new. Only inside a transaction. */
  bootNumber(boot: string): number {
    const known = this.#bootIds.get(boot);
    if (known !== undefined) return known;
    this.#db.prepare('INSERT OR IGNORE INTO boots (boot) VALUES (?)').run(boot);
    const row = this.#db.prepare<[string], { id: number }>('SELECT id FROM boots WHERE boot = ?').get(boot);
    const id = row?.id ?? 0;
    this.#bootIds.set(boot, id);
    this.#bootNames.set(id, boot);
    return id;
  }

  /** Number of a boot that is known. */
  bootNamed(boot: string): number | undefined {
    return this.#bootIds.get(boot);
  }

  /** Name of a boot by its number, empty where there is none. */
  bootName(boot: number): string {
    return this.#bootNames.get(boot) ?? '';
  }

  /** Adds a row. Only inside a transaction. */
  add(mapping: ClockMapping): void {
    const boot = this.bootNumber(mapping.boot);
    const { mono, wall, rate, rank, uncertaintyMs } = mapping;
    const added = this.#db
      .prepare('INSERT INTO clock (boot, mono, wall, rate, rank, uncertainty) VALUES (?, ?, ?, ?, ?, ?)')
      .run(boot, mono, wall, rate, rank, uncertaintyMs);
    this.#top = Number(added.lastInsertRowid);
    this.#take(boot, mapping);
  }

  /** True where one mapping counts for the whole boot (or none). */
  single(boot: number): boolean {
    return (this.#best.get(boot)?.length ?? 0) <= 1;
  }

  /** The rows that count for a boot, by mono; never changed once given out. */
  rows(boot: number): readonly ClockMapping[] {
    return this.#best.get(boot) ?? [];
  }

  /** The mapping that counts at `mono` of boot number `boot`. */
  mappingAt(boot: number, mono: number): ClockMapping | undefined {
    return mappingOf(this.rows(boot), mono);
  }

  /** True time; rank `none` where nothing is known of the boot. */
  wall(boot: number, mono: number): WallTime {
    const mapping = this.mappingAt(boot, mono);
    return mapping === undefined ? UNKNOWN : wallAt(mapping, mono);
  }
}

/** The mapping of `rows` (by mono) that counts at `mono`. */
export function mappingOf(rows: readonly ClockMapping[], mono: number): ClockMapping | undefined {
  let found = rows[0];
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i];
    if (row === undefined || row.mono > mono) break;
    found = row;
  }
  return found;
}
