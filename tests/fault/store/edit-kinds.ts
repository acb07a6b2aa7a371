/** What somebody with root, but without the device's key, might do to a log. Each knows which record it touches first. */
import Database from 'better-sqlite3';
import { LANES, type Lane } from '../../../agent/core/point.ts';
import { Batches, type BatchRow } from '../../../agent/store/batches.ts';
import { ClockTable } from '../../../agent/store/clock-table.ts';
import { decodeBatch, encodeBatch } from '../../../agent/store/codec/batch.ts';
import { KIND } from '../../../agent/store/columns.ts';
import { batchDigest, bytes64, link, text64 } from '../../../agent/store/evidence/digest.ts';
import { parseStatement } from '../../../agent/store/evidence/parse.ts';
import { State } from '../../../agent/store/state.ts';

export interface Edit {
  /** First record that is not as it was; undefined where the edit is of no lane. */
  readonly lane?: Lane;
  readonly seq?: number;
}

/** A log that is being edited. */
export class Victim implements Disposable {
  readonly db: Database.Database;
  readonly batches: Batches;
  readonly state: State;
  readonly random: () => number;

  constructor(file: string, random: () => number) {
    this.db = new Database(file);
    this.batches = new Batches(this.db);
    this.state = new State(this.db);
    this.random = random;
  }

  pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.random() * from.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  rows(lane: Lane): BatchRow[] {
    return [...this.batches.rows(lane, 0)];
  }

  /** A lane with at least `count` batches. */
  lane(count: number): Lane {
    return this.pick(LANES.filter((lane) => this.rows(lane).length >= count));
  }

  put(lane: Lane, rows: readonly BatchRow[]): void {
    this.db.exec(`DELETE FROM batch_${lane}`);
    for (const row of rows) this.batches.insert(lane, row);
  }

  /** Makes the stored end of the chain fit what is there now, as far as one can without the key. */
  relink(lane: Lane): void {
    const [tail, anchor] = this.state.get(`anchor/${lane}`) as [number, string];
    const clock = new ClockTable(this.db);
    let hash = bytes64(anchor);
    for (const row of this.batches.rows(lane, tail))
      hash = link(hash, batchDigest(clock.bootName(row.boot), row));
    this.state.set(`chain/${lane}`, text64(hash));
  }

  [Symbol.dispose](): void {
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }
}

/** Numbers anew from `first` on. */
function renumbered(rows: readonly BatchRow[], first: number): BatchRow[] {
  let next = first;
  return rows.map((row) => {
    const moved = { ...row, first: next };
    next += row.count;
    return moved;
  });
}

/** The body with one value or one event changed, with a right CRC; undefined where there is nothing to change. */
function forged(row: BatchRow, random: () => number): { body: Uint8Array; index: number } | undefined {
  const { readings, events } = decodeBatch(row.body);
  const whole = encodeBatch({ readings, events }, () => -1);
  if (readings !== undefined) {
    const index = Math.floor(random() * readings.count);
    if (readings.kind[index] !== KIND.number) return undefined;
    readings.value[index] = (readings.value[index] ?? 0) + 1;
    return { body: encodeBatch({ readings, events }, () => -1), index };
  }
  const index = Math.floor(random() * events.length);
  const changed = events.map((event, i) =>
    i === index ? { ...event, body: { ...event.body, x: 1 } } : event,
  );
  const body = encodeBatch({ readings, events: changed }, () => -1);
  return Buffer.compare(body, whole) === 0 ? undefined : { body, index };
}

function replace(victim: Victim, lane: Lane, row: BatchRow): void {
  victim.db.prepare(`DELETE FROM batch_${lane} WHERE first = ?`).run(row.first);
  victim.batches.insert(lane, row);
}

export const KINDS: Readonly<Record<string, (victim: Victim) => Edit | undefined>> = {
  'flip a bit'(victim) {
    const lane = victim.lane(1);
    const row = victim.pick(victim.rows(lane));
    const body = Uint8Array.from(row.body);
    const at = Math.floor(victim.random() * body.length);
    body[at] = (body[at] ?? 0) ^ (1 << Math.floor(victim.random() * 8));
    replace(victim, lane, { ...row, body });
    return { lane, seq: row.first };
  },
  'change a value'(victim) {
    const lane = victim.lane(1);
    const row = victim.pick(victim.rows(lane));
    const change = forged(row, victim.random);
    if (change === undefined) return undefined;
    replace(victim, lane, { ...row, body: change.body });
    if (victim.random() < 0.7) victim.relink(lane);
    return { lane, seq: row.first + change.index };
  },
  'take a batch out'(victim) {
    const lane = victim.lane(3);
    const rows = victim.rows(lane);
    const at = Math.floor(victim.random() * rows.length);
    const first = rows[at]?.first ?? 0;
    victim.put(lane, [...rows.slice(0, at), ...rows.slice(at + 1)]);
    victim.relink(lane);
    return { lane, seq: first };
  },
  'take a batch out and close the hole'(victim) {
    const lane = victim.lane(3);
    const rows = victim.rows(lane);
    const at = Math.floor(victim.random() * rows.length);
    const first = rows[at]?.first ?? 0;
    victim.put(lane, [...rows.slice(0, at), ...renumbered(rows.slice(at + 1), first)]);
    victim.relink(lane);
    return { lane, seq: first };
  },
  'put a batch in'(victim) {
    const lane = victim.lane(3);
    const rows = victim.rows(lane);
    const at = Math.floor(victim.random() * rows.length);
    const model = victim.pick(rows);
    const first = rows[at]?.first ?? 0;
    // A copy right before itself is the one it copies; what follows is moved.
    if (model === rows[at]) return undefined;
    const copy = { ...model, first };
    victim.put(lane, [...rows.slice(0, at), copy, ...renumbered(rows.slice(at), first + copy.count)]);
    victim.relink(lane);
    return { lane, seq: first };
  },
  'exchange two batches'(victim) {
    const lane = victim.lane(4);
    const rows = victim.rows(lane);
    const at = Math.floor(victim.random() * (rows.length - 1));
    const [a, b] = [rows[at], rows[at + 1]];
    if (a === undefined || b === undefined || Buffer.compare(a.body, b.body) === 0) return undefined;
    const swapped = renumbered([b, a], a.first);
    victim.put(lane, [...rows.slice(0, at), ...swapped, ...rows.slice(at + 2)]);
    victim.relink(lane);
    return { lane, seq: a.first };
  },
  'move a batch in time'(victim) {
    const lane = victim.lane(1);
    const row = victim.pick(victim.rows(lane));
    replace(victim, lane, { ...row, mono_min: row.mono_min - 60_000 });
    victim.relink(lane);
    return { lane, seq: row.first };
  },
  'give a batch another boot'(victim) {
    const lane = victim.lane(1);
    const row = victim.pick(victim.rows(lane));
    replace(victim, lane, { ...row, boot: row.boot + 1 });
    victim.relink(lane);
    return { lane, seq: row.first };
  },
  'cut the end off'(victim) {
    const lane = victim.pick(['meter', 'telemetry', 'bulk', 'alarm'] as const);
    const rows = victim.rows(lane);
    const at = 1 + Math.floor(victim.random() * (rows.length - 1));
    const first = rows[at]?.first;
    if (first === undefined) return undefined;
    victim.put(lane, rows.slice(0, at));
    victim.relink(lane);
    return { lane, seq: first };
  },
  'pretend that retention took the beginning'(victim) {
    const lane = victim.pick(['meter', 'telemetry', 'bulk'] as const);
    const rows = victim.rows(lane);
    const count = 1 + Math.floor(victim.random() * (rows.length - 2));
    const clock = new ClockTable(victim.db);
    const [, anchor] = victim.state.get(`anchor/${lane}`) as [number, string];
    let hash = bytes64(anchor);
    for (const row of rows.slice(0, count)) hash = link(hash, batchDigest(clock.bootName(row.boot), row));
    victim.put(lane, rows.slice(count));
    victim.state.set(`anchor/${lane}`, [rows[count]?.first, text64(hash)]);
    return { lane, seq: rows[0]?.first ?? 0 };
  },
  'set all of it back'(victim) {
    const statements = victim.rows('event').flatMap((row) => {
      const statement = decodeBatch(row.body).events.map(({ body }) => parseStatement(body));
      return statement.filter((one) => one !== undefined);
    });
    const kept = statements[Math.floor(victim.random() * (statements.length - 1))];
    if (kept === undefined) return undefined;
    for (const lane of LANES) {
      const head = kept.heads[lane]?.[0] ?? 0;
      // The statement itself stands in the batch behind the head it tells of.
      const rows = victim.rows(lane).filter(({ first }) => first <= (lane === 'event' ? head + 1 : head));
      victim.put(lane, rows);
      victim.relink(lane);
    }
    victim.state.set('signed', kept);
    return {};
  },
  'change what a point is'(victim) {
    const column = victim.pick(['unit', 'decimals', 'device', 'facts'] as const);
    const values = { unit: 'kV', decimals: 3, device: 'other', facts: '{"aggregation":"last"}' };
    const id = 1 + Math.floor(victim.random() * 5);
    const changed = victim.db.prepare(
      `UPDATE OR IGNORE points SET ${column} = ? WHERE id = ? AND ${column} <> ?`,
    );
    return changed.run(values[column], id, values[column]).changes === 0 ? undefined : {};
  },
  'change the clock'(victim) {
    const changed = victim.db.prepare(`UPDATE clock SET wall = wall + ? WHERE id = 1`);
    changed.run(1 + Math.floor(victim.random() * 86_400_000));
    return {};
  },
  'take a signature out'(victim) {
    const rows = victim.rows('event');
    const signatures = rows.filter((row) =>
      decodeBatch(row.body).events.some(({ body }) => body.what === 'signature'),
    );
    const gone = victim.pick(signatures);
    victim.put(
      'event',
      rows.filter((row) => row !== gone),
    );
    victim.relink('event');
    return { lane: 'event', seq: gone.first };
  },
};
