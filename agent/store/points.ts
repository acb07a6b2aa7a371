/** The point table: append-only, a number is never given to another (device, point, type, unit, decimals). */
import { AGGREGATIONS, type Aggregation, type ValueType } from '../core/point.ts';
import type { Json } from '../core/record.ts';
import { isUnit, type Unit } from '../core/unit.ts';
import type { Db } from './sqlite.ts';

export interface LoggedPoint {
  readonly id: number;
  readonly device: string;
  readonly point: string;
  readonly type: ValueType;
  readonly unit: Unit;
  /** −1 where it has none. */
  readonly decimals: number;
  /** What rollups need; the newest configuration wins. */
  readonly aggregation: Aggregation;
  readonly weight?: string;
  /** Period, ms. */
  readonly every?: number;
  readonly range?: readonly [min: number, max: number];
  /** How it stands on the wire, as JSON. */
  readonly wire?: unknown;
}

type Facts = Omit<LoggedPoint, 'id'>;

/** A point that means something else from here on. */
export interface PointChange {
  readonly device: string;
  readonly point: string;
  readonly was: { readonly [fact: string]: Json };
  readonly now: { readonly [fact: string]: Json };
}

interface Row {
  readonly id: number;
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly unit: string;
  readonly decimals: number;
  readonly facts: string;
}

export class PointTable {
  readonly #db: Db;
  readonly #points = new Map<number, LoggedPoint>();
  readonly #ids = new Map<string, number>();
  #top = 0;
  /** Grows with every point added or changed. */
  version = 0;
  #changes: PointChange[] = [];

  constructor(db: Db) {
    this.#db = db;
    this.refresh();
  }

  /** Reads rows that another connection has added. */
  refresh(): void {
    const rows = this.#db
      .prepare<[number], Row>('SELECT * FROM points WHERE id > ? ORDER BY id')
      .all(this.#top);
    for (const row of rows) this.#keep(pointOf(row));
  }

  get(id: number): LoggedPoint | undefined {
    return this.#points.get(id);
  }

  all(): IterableIterator<LoggedPoint> {
    return this.#points.values();
  }

  /** Numbers of all generations of a point (another unit or other decimals make a new one), newest last. */
  named(device: string, point: string): readonly LoggedPoint[] {
    return [...this.#points.values()].filter((known) => known.device === device && known.point === point);
  }

  /** Gives the number of a point, adding a row where it is new. Only inside a transaction. */
  number(facts: Facts): number {
    const key = keyOf(facts);
    const id = this.#ids.get(key);
    const known = id === undefined ? undefined : this.#points.get(id);
    const text = factsOf(facts);
    if (id !== undefined && known !== undefined) {
      if (factsOf(known) !== text) {
        this.#db.prepare('UPDATE points SET facts = ? WHERE id = ?').run(text, id);
        this.#points.set(id, { ...facts, id });
        this.#changed(known, facts);
        this.version++;
      }
      return id;
    }
    const { device, point, type, unit, decimals } = facts;
    const before = this.named(device, point).at(-1);
    if (before !== undefined) this.#changed(before, facts);
    const added = this.#db
      .prepare('INSERT INTO points (device, point, type, unit, decimals, facts) VALUES (?, ?, ?, ?, ?, ?)')
      .run(device, point, type, unit, decimals, text);
    this.#keep({ ...facts, id: Number(added.lastInsertRowid) });
    return Number(added.lastInsertRowid);
  }

  /** What changed since the last call, for the audit trail. */
  takeChanges(): readonly PointChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  #changed(was: Facts, now: Facts): void {
    const { device, point } = now;
    this.#changes.push({ device, point, was: shown(was), now: shown(now) });
  }

  /** Forgets rows of a transaction that was rolled back. */
  reload(): void {
    this.#points.clear();
    this.#ids.clear();
    this.#top = 0;
    this.refresh();
  }

  #keep(point: LoggedPoint): void {
    this.version++;
    this.#points.set(point.id, point);
    this.#ids.set(keyOf(point), point.id);
    this.#top = Math.max(this.#top, point.id);
  }
}

function keyOf({ device, point, type, unit, decimals }: Facts): string {
  return JSON.stringify([device, point, type, unit, decimals]);
}

function factsOf({ aggregation, weight, every, range, wire }: Facts): string {
  return JSON.stringify({ aggregation, weight, every, range, wire });
}

function shown(facts: Facts): PointChange['was'] {
  const { type, unit, decimals } = facts;
  return { type, unit, decimals, ...JSON.parse(factsOf(facts)) };
}

function pointOf({ id, device, point, type, unit, decimals, facts }: Row): LoggedPoint {
  const { aggregation, weight, every, range, wire } = JSON.parse(facts) as { [fact: string]: unknown };
  return {
    id,
    device,
    point,
    type: type === 'boolean' || type === 'string' ? type : 'number',
    unit: isUnit(unit) ? unit : '1',
    decimals,
    aggregation: AGGREGATIONS.find((known) => known === aggregation) ?? 'last',
    ...(typeof weight === 'string' ? { weight } : {}),
    ...(typeof every === 'number' ? { every } : {}),
    ...(Array.isArray(range) ? { range: [Number(range[0]), Number(range[1])] as const } : {}),
    ...(wire === undefined ? {} : { wire }),
  };
}
