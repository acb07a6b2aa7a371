/** Durable memory of commands, 30 days. Runs on the store thread; each call is a commit of its own. */
import type { Command, CommandResult } from '../core/command.ts';
import type { Db } from './sqlite.ts';

export const JOURNAL_AGE = 30 * 86_400_000;

export interface JournalRow extends Row {
  readonly command_id: string;
}

interface Row {
  readonly command: string;
  readonly accepted: number;
  readonly result: string | null;
}

export type Acceptance =
  | { readonly fresh: true }
  | { readonly fresh: false; readonly result: CommandResult; readonly same: boolean };

export class Journal {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** `now`: Unix epoch ms. */
  accept(command: Command, now: number): Acceptance {
    return this.#db
      .transaction((): Acceptance => {
        const known = this.#db
          .prepare<[string], Row>('SELECT command, accepted, result FROM journal WHERE command_id = ?')
          .get(command.id);
        if (known !== undefined)
          return { fresh: false, result: resultOf(known), same: sameWish(known.command, command) };
        // Results older than 30 days go, with the commit that is made anyway; an open command is never forgotten.
        this.#db
          .prepare('DELETE FROM journal WHERE accepted < ? AND result IS NOT NULL')
          .run(now - JOURNAL_AGE);
        this.#db
          .prepare('INSERT INTO journal (command_id, accepted, command) VALUES (?, ?, ?)')
          .run(command.id, now, textOf(command));
        return { fresh: true };
      })
      .immediate();
  }

  /** Everything, in its order. */
  rows(): JournalRow[] {
    return this.#db
      .prepare<[], JournalRow>('SELECT command_id, accepted, command, result FROM journal ORDER BY id')
      .all();
  }

  /** Takes up what another log remembered; inside a transaction, before any command of its own. */
  takeOver(rows: readonly JournalRow[]): void {
    const put = this.#db.prepare(
      'INSERT OR IGNORE INTO journal (command_id, accepted, command, result) VALUES (?, ?, ?, ?)',
    );
    for (const { command_id, accepted, command, result } of rows)
      put.run(command_id, accepted, command, result);
  }

  finish(result: CommandResult): void {
    this.#db
      .prepare('UPDATE journal SET result = ? WHERE command_id = ?')
      .run(JSON.stringify(result), result.id);
  }

  open(): Command[] {
    return this.#db
      .prepare<[], Row>('SELECT command, accepted, result FROM journal WHERE result IS NULL ORDER BY id')
      .all()
      .map((row) => JSON.parse(row.command) as Command);
  }

  recent(limit: number): { command: Command; result: CommandResult }[] {
    return this.#db
      .prepare<[number], Row>('SELECT command, accepted, result FROM journal ORDER BY id DESC LIMIT ?')
      .all(limit)
      .map((row) => ({ command: JSON.parse(row.command) as Command, result: resultOf(row) }));
  }
}

function resultOf({ command, accepted, result }: Row): CommandResult {
  if (result !== null) return JSON.parse(result) as CommandResult;
  return { id: (JSON.parse(command) as Command).id, state: 'accepted', at: accepted };
}

/** A retry carries a new time of issue and expiry, but wants the same of the same point for the same issuer. */
function sameWish(known: string, { device, point, value, issuer }: Command): boolean {
  const before = JSON.parse(known) as Command;
  return (
    before.device === device && before.point === point && before.value === value && before.issuer === issuer
  );
}

function textOf({ id, device, point, value, issuer, issued, expires, lease }: Command): string {
  return JSON.stringify({ id, device, point, value, issuer, issued, expires, lease });
}
