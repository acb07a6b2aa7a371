/** Digests of the tables that give records their meaning: a reading is only as good as its point and its clock. */
import type { Db } from '../sqlite.ts';
import { beginning, link, sha256 } from './digest.ts';

export interface PointRow {
  readonly id: number;
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly unit: string;
  readonly decimals: number;
  readonly facts: string;
}

export interface ClockRow {
  readonly id: number;
  /** Name of the boot. */
  readonly boot: string;
  readonly mono: number;
  readonly wall: number;
  readonly rate: number;
  readonly rank: string;
  readonly uncertainty: number;
}

/** Rows after id `after`, in order. */
export function pointRows(db: Db, after = 0): PointRow[] {
  return db.prepare<[number], PointRow>('SELECT * FROM points WHERE id > ? ORDER BY id').all(after);
}

export function clockRows(db: Db, after = 0): ClockRow[] {
  return db
    .prepare<[number], ClockRow>(
      `SELECT clock.id, boots.boot, mono, wall, rate, rank, uncertainty FROM clock
       LEFT JOIN boots ON boots.id = clock.boot WHERE clock.id > ? ORDER BY clock.id`,
    )
    .all(after);
}

/** The parts of a point that never change. */
function pointDigest({ id, device, point, type, unit, decimals }: PointRow): Buffer {
  return sha256(JSON.stringify([id, device, point, type, unit, decimals]));
}

function clockDigest({ id, boot, mono, wall, rate, rank, uncertainty }: ClockRow): Buffer {
  return sha256(JSON.stringify([id, boot, mono, wall, rate, rank, uncertainty]));
}

/** Hash of what may change of the points (aggregation, range, how they stand on the wire), as it is now. */
export function factsDigest(db: Db): Buffer {
  return sha256(JSON.stringify(pointRows(db).map(({ id, facts }) => [id, facts])));
}

/** A table as a chain of its rows, which are only ever added. */
export class TableChain {
  readonly #digests: (after: number) => readonly { readonly id: number; readonly digest: Buffer }[];
  #top = 0;
  /** Rows in the chain. */
  count = 0;
  hash: Buffer;

  constructor(db: Db, epoch: string, table: 'points' | 'clock') {
    this.hash = beginning(epoch, table);
    this.#digests = (after) =>
      table === 'points'
        ? pointRows(db, after).map((row) => ({ id: row.id, digest: pointDigest(row) }))
        : clockRows(db, after).map((row) => ({ id: row.id, digest: clockDigest(row) }));
  }

  /** Takes the rows up to number `to` that are not in it yet. */
  grow(to = Number.POSITIVE_INFINITY): this {
    if (this.count >= to) return this;
    for (const { id, digest } of this.#digests(this.#top)) {
      if (this.count >= to) break;
      this.hash = link(this.hash, digest);
      this.#top = id;
      this.count++;
    }
    return this;
  }
}
