/** The registers of a log on a connection of their own, opened anew where the log was replaced or could not be read. */
import { AgentError } from '../core/errors.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { fileId } from './identity.ts';
import { Registers } from './registers.ts';
import { versionOf } from './schema.ts';
import { type Db, openForReading, storeError } from './sqlite.ts';

export class OpenRegisters implements Disposable {
  readonly #file: string;
  readonly #days: LocalDays;
  #open: { readonly db: Db; readonly registers: Registers; readonly inode: string } | undefined;

  /** Nothing is opened yet. */
  constructor(file: string, timezone: string) {
    this.#file = file;
    this.#days = new LocalDays(timezone);
  }

  /** As `Registers.read`. Throws `AgentError`; the next call opens the log again then. */
  read(...asked: Parameters<Registers['read']>): ReturnType<Registers['read']> {
    return this.#with((registers) => registers.read(...asked));
  }

  dayMeans(...asked: Parameters<Registers['dayMeans']>): ReturnType<Registers['dayMeans']> {
    return this.#with((registers) => registers.dayMeans(...asked));
  }

  hourMeans(...asked: Parameters<Registers['hourMeans']>): ReturnType<Registers['hourMeans']> {
    return this.#with((registers) => registers.hourMeans(...asked));
  }

  #with<T>(work: (registers: Registers) => T): T {
    try {
      return work(this.#registers());
    } catch (thrown) {
      this[Symbol.dispose]();
      throw storeError(thrown, 'reading of registers');
    }
  }

  #registers(): Registers {
    // After the log was replaced by a new epoch, the file of that name is another one.
    if (this.#open !== undefined && this.#open.inode !== fileId(this.#file)) this[Symbol.dispose]();
    if (this.#open !== undefined) return this.#open.registers;
    const db = openForReading(this.#file);
    try {
      if (versionOf(db) === 0)
        throw new AgentError('store-failed', 'reading of registers failed: the log is not made yet');
      const registers = new Registers(db, this.#days);
      this.#open = { db, registers, inode: fileId(this.#file) };
      return registers;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#open?.db.close();
    this.#open = undefined;
  }
}
