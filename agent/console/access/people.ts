/**
 * Accounts of people, where a site wants passwords beside one-time links: `<state>/console/people.json`, mode 0600.
 * There is none unless an administrator makes it. Passwords are checked one after another, a few waiting at most: each
 * check takes 19 MiB and some ten ms, and a flood of tries must not take the gateway's memory.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError } from '../../core/errors.ts';
import { ID_PATTERN } from '../../core/point.ts';
import { Turns } from '../../core/turns.ts';
import { readKept, saveKept } from './kept-file.ts';
import { hashPassword, isPassword, weakness } from './password.ts';
import { type Grant, ROLES, type Role } from './role.ts';

const personSchema = z.strictObject({
  name: z.string().regex(ID_PATTERN),
  role: z.enum(ROLES),
  hash: z.string().max(300),
  /** Unix epoch, ms. */
  created: z.number(),
  changed: z.number(),
});
const fileSchema = z.strictObject({ v: z.literal(1), people: z.array(personSchema) });
type Kept = z.infer<typeof personSchema>;

export type Person = Omit<Kept, 'hash'>;

/** Accounts at once. */
const MOST = 100;
/** Password checks waiting for their turn. */
const MOST_WAITING = 4;

export class People {
  readonly #path: string;
  /** Words of this site that no password may be made of. */
  readonly #known: readonly string[];
  readonly #changes = new Turns();
  readonly #checks = new Turns();
  #waiting = 0;
  #people: readonly Kept[];
  /** What a password of nobody is compared with, so that names cannot be told from the time of the answer. */
  #nobody: Promise<string> | undefined;

  private constructor(path: string, known: readonly string[], people: readonly Kept[]) {
    this.#path = path;
    this.#known = known;
    this.#people = people;
  }

  /** Reads the accounts of a state folder. Rejects with `store-damaged` where the file is none of ours. */
  static async open(stateDir: string, known: readonly string[]): Promise<People> {
    const path = join(stateDir, 'console', 'people.json');
    const what = {
      is: 'a file of accounts',
      fix: 'Move it away; links still let people in: kerbside login.',
    };
    return new People(path, known, (await readKept(path, fileSchema, what))?.people ?? []);
  }

  list(): readonly Person[] {
    return this.#people.map(({ hash: _, ...person }) => person);
  }

  get any(): boolean {
    return this.#people.length > 0;
  }

  /** A new account. Rejects with `config-invalid` for a taken name or a weak password, with `queue-full` beyond 100. */
  add(name: string, role: Role, password: string, now: number): Promise<Person> {
    return this.#changes.take(async () => {
      if (this.#people.some((one) => one.name === name)) {
        throw new AgentError('config-invalid', `account ${name} refused: there is one of that name`, {
          fix: 'Choose another name, or set a new password.',
        });
      }
      if (this.#people.length >= MOST) {
        throw new AgentError('queue-full', `account ${name} refused: there are ${MOST} already`, {
          fix: 'Remove accounts that are no longer used.',
        });
      }
      this.#demand(name, password);
      const person = { name, role, created: now, changed: now };
      await this.#save([...this.#people, { ...person, hash: await hashPassword(password) }]);
      return person;
    });
  }

  /** Sets a new password. Rejects with `not-found` or `config-invalid`. */
  setPassword(name: string, password: string, now: number): Promise<void> {
    return this.#changes.take(async () => {
      const found = this.#people.find((one) => one.name === name);
      if (found === undefined) throw unknown(name);
      this.#demand(name, password);
      const changed = { ...found, hash: await hashPassword(password), changed: now };
      await this.#save(this.#people.map((one) => (one === found ? changed : one)));
    });
  }

  /** Rejects with `not-found`. */
  remove(name: string): Promise<void> {
    return this.#changes.take(async () => {
      const kept = this.#people.filter((one) => one.name !== name);
      if (kept.length === this.#people.length) throw unknown(name);
      await this.#save(kept);
    });
  }

  /** What name and password open; undefined where they open nothing. Rejects with `queue-full` where too many wait. */
  async login(name: string, password: string): Promise<Grant | undefined> {
    if (this.#waiting >= MOST_WAITING) {
      throw new AgentError('queue-full', 'login refused: too many passwords are being checked', {
        fix: 'Try again in a second.',
      });
    }
    this.#waiting++;
    try {
      return await this.#checks.take(async () => {
        const found = this.#people.find((one) => one.name === name);
        this.#nobody ??= hashPassword('nobody');
        const right = await isPassword(password, found?.hash ?? (await this.#nobody));
        // Taken away or changed while it was checked: the old password opens nothing.
        if (!right || found === undefined || !this.#people.includes(found)) return undefined;
        return { role: found.role, person: found.name };
      });
    } finally {
      this.#waiting--;
    }
  }

  #demand(name: string, password: string): void {
    const weak = weakness(password, [name, 'kerbside', ...this.#known]);
    if (weak === undefined) return;
    throw new AgentError('config-invalid', `password refused: ${weak}`, {
      fix: 'A few words that have nothing to do with each other are easy to keep and hard to guess.',
    });
  }

  async #save(people: readonly Kept[]): Promise<void> {
    await saveKept(this.#path, { v: 1, people });
    this.#people = people;
  }
}

function unknown(name: string): AgentError {
  return new AgentError('not-found', `there is no account ${name}`);
}
