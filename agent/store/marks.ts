/**
 * Marks by id, each as it was last told; a table beside the log, filled from the events that tell them, in the
 * transaction that makes those durable. A changed mark gets a new row number, so that a reader sees what is new.
 */
import type { Statement } from 'better-sqlite3';
import type { Mark } from '../core/mark.ts';
import type { Db } from './sqlite.ts';

interface Row {
  readonly seq: number;
  readonly body: string;
}

export class Marks {
  readonly #db: Db;
  #put: Statement<[string, string, string, string]> | undefined;
  #after: Statement<[number], Row> | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Only inside a transaction. */
  put(mark: Mark): void {
    this.#put ??= this.#db.prepare(
      'INSERT OR REPLACE INTO marks (id, mark, device, body) VALUES (?, ?, ?, ?)',
    );
    this.#put.run(mark.id, mark.mark, mark.device, JSON.stringify(mark));
  }

  /** Marks told or told anew behind row `seq`, in that order. */
  after(seq: number): { readonly seq: number; readonly mark: Mark }[] {
    this.#after ??= this.#db.prepare('SELECT seq, body FROM marks WHERE seq > ? ORDER BY seq');
    return this.#after.all(seq).map((row) => ({ seq: row.seq, mark: JSON.parse(row.body) as Mark }));
  }

  all(): Mark[] {
    return this.after(0).map(({ mark }) => mark);
  }
}
