/**
 * What a start has to know of changes of the site file: which revision runs, which is the last good one, which change is
 * open and how far it is. One small file in the state folder, replaced as a whole before each step, and the texts of the
 * revisions beside it. No secret is in either: site files hold references only.
 */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigChange } from '../../core/config-change.ts';
import type { HealthState } from '../../core/view.ts';
import { type Revision, readRevision, revisionText } from './revision.ts';
import { type WriteWhole, writeWhole } from './whole-file.ts';

export interface Told extends ConfigChange {
  /** The state that was recorded as an event last. */
  readonly told?: ConfigChange['state'];
}

export interface Journal {
  readonly v: 1;
  /** Absolute path of the site file. */
  readonly file: string;
  readonly running: string;
  /** The last revision that was kept. */
  readonly good: string;
  /** Oldest first. */
  readonly changes: readonly Told[];
  /** Of the change that has not ended. */
  readonly watch?: {
    /** State of each part before the change. */
    readonly before: Readonly<Record<string, HealthState>>;
    /** The agent runs, or ended without a stop. */
    readonly up: boolean;
    /** Times it ended without a stop since the change. */
    readonly crashes: number;
  };
  /** Health at the last clean stop, for a file that is edited while nothing runs. */
  readonly before?: Readonly<Record<string, HealthState>>;
  /** A revision that was returned and is still on the disk, because the file could not be written: it does not run. */
  readonly refused?: string;
}

/** `state`: the state folder of the agent. */
export class JournalFolder {
  readonly #folder: string;
  readonly #write: WriteWhole;

  constructor(state: string, write: WriteWhole = writeWhole) {
    this.#folder = join(state, 'config');
    this.#write = write;
  }

  /** Undefined where there is none. One that makes no sense is set aside: a start must never hang on it. */
  async read(): Promise<Journal | undefined> {
    const file = join(this.#folder, 'journal.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const kept = JSON.parse(text) as Partial<Journal> | null;
      if (
        kept?.v === 1 &&
        [kept.file, kept.running, kept.good].every((one) => typeof one === 'string') &&
        Array.isArray(kept.changes) &&
        kept.changes.every((one) => Number.isInteger(one?.id) && typeof one?.to === 'string')
      )
        return kept as Journal;
    } catch {
      // Told by its name in the folder.
    }
    await rename(file, `${file}.damaged`).catch(() => {});
    return undefined;
  }

  /** Durable when it resolves. Drops texts that nothing names any more. */
  async save(journal: Journal): Promise<void> {
    await this.#write(join(this.#folder, 'journal.json'), JSON.stringify(journal));
    await this.#prune(journal);
  }

  async keep(file: string, revision: Revision): Promise<void> {
    await this.#write(this.#place(revision.id), revisionText(file, revision));
  }

  async revision(file: string, id: string): Promise<Revision | undefined> {
    if (!/^[0-9a-f]{16}$/.test(id)) return undefined;
    const text = await readFile(this.#place(id), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : readRevision(file, text);
  }

  #place(id: string): string {
    return join(this.#folder, 'revisions', `${id}.json`);
  }

  async #prune({ changes, running, good }: Journal): Promise<void> {
    const named = new Set([running, good, ...changes.flatMap(({ from, to }) => [to, from ?? []].flat())]);
    const folder = join(this.#folder, 'revisions');
    for (const name of await readdir(folder).catch(() => [])) {
      if (!named.has(name.replace(/\.json$/, '')))
        await rm(join(folder, name), { force: true }).catch(() => {});
    }
  }
}
