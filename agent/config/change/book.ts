/** The journal as the steps of a change write it: each method is one durable step, and says what the next start will see. */
import type { ConfigAuthor, ConfigChange, PartChange } from '../../core/config-change.ts';
import { type Log, silent } from '../../core/log.ts';
import type { HealthState } from '../../core/view.ts';
import { readSource } from '../source.ts';
import type { Journal, JournalFolder, Told } from './journal.ts';
import { patchOf } from './patch.ts';
import type { Revision } from './revision.ts';
import { type WriteWhole, writeWhole } from './whole-file.ts';

export type Health = Readonly<Record<string, HealthState>>;

export interface NewChange extends ConfigAuthor {
  readonly to: Revision;
  readonly changes: readonly PartChange[];
  /** ms; 0: nothing that runs changes. */
  readonly watch: number;
  readonly before: Health;
}

export interface BookOptions {
  /** Unix epoch ms. */
  readonly now: () => number;
  readonly write?: WriteWhole;
  readonly log?: Log;
}

/** Changes that are kept with their texts. */
const KEPT = 50;

const OPEN: readonly ConfigChange['state'][] = ['committed', 'watching', 'returning'];

export class ChangeBook {
  readonly file: string;
  readonly #folder: JournalFolder;
  readonly #write: WriteWhole;
  readonly #now: () => number;
  #journal: Journal;

  readonly #log: Log;

  constructor(
    file: string,
    folder: JournalFolder,
    journal: Journal,
    { now, write = writeWhole, log = silent }: BookOptions,
  ) {
    this.file = file;
    this.#folder = folder;
    this.#journal = journal.file === file ? journal : { ...journal, file };
    this.#now = now;
    this.#write = write;
    this.#log = log;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** The change that has not ended. */
  get open(): Told | undefined {
    return this.#journal.changes.findLast(({ state }) => OPEN.includes(state));
  }

  change(id: number): Told | undefined {
    return this.#journal.changes.find((one) => one.id === id);
  }

  revision(id: string): Promise<Revision | undefined> {
    return this.#folder.revision(this.file, id);
  }

  /** Text of the site file in a revision that is still kept. */
  async text(revision: string): Promise<string | undefined> {
    return (await this.revision(revision))?.texts.get(this.file);
  }

  /** What a change did to the text of the site file, as a unified diff. */
  async patch(id: number): Promise<string | undefined> {
    const { from, to } = this.change(id) ?? {};
    if (to === undefined) return undefined;
    const before = from === undefined ? '' : await this.text(from);
    const after = await this.text(to);
    if (before === undefined || after === undefined) return undefined;
    return patchOf({ name: from ?? 'nothing', text: before }, { name: to, text: after });
  }

  /** The journal it was made with, and its first revision. */
  async first(revision: Revision): Promise<void> {
    await this.#kept(() => this.#folder.keep(this.file, revision), false);
    await this.#save(this.#journal);
  }

  /**
   * Notes a change as committed (to be written and followed yet) or as watching; an open one is superseded. A committed one
   * is durable, or this rejects; the file is not touched.
   */
  async begin(
    { to, changes, watch, before, ...author }: NewChange,
    state: 'committed' | 'watching',
  ): Promise<Told> {
    const strict = state === 'committed';
    await this.#kept(() => this.#folder.keep(this.file, to), strict);
    const { running, changes: list } = this.#journal;
    const at = Math.round(this.#now());
    const change: Told = {
      id: (list.at(-1)?.id ?? 0) + 1,
      state,
      from: running,
      to: to.id,
      at,
      changes,
      watch,
      ...author,
    };
    const others = list.map(
      (one): Told => (OPEN.includes(one.state) ? { ...one, state: 'superseded', ended: at } : one),
    );
    const journal: Journal = {
      ...without(this.#journal, 'refused'),
      changes: [...others, change].slice(-KEPT),
      ...(state === 'watching' ? { running: to.id } : {}),
      // What was healthy before the first of several changes is what the last one is measured by.
      watch: { before: this.#journal.watch?.before ?? before, up: true, crashes: 0 },
    };
    await this.#save(journal, strict);
    return change;
  }

  /** It runs now. */
  async watching(id: number): Promise<void> {
    const change = this.change(id);
    if (change !== undefined) await this.#step(id, { state: 'watching' }, { running: change.to });
  }

  async returning(id: number, reason: string): Promise<void> {
    await this.#step(id, { state: 'returning', reason });
  }

  /** Ends a change: what runs from here on is the revision of it where it is kept, else the last good one. */
  async end(
    id: number,
    state: 'kept' | 'returned' | 'superseded',
    reason?: string,
    refused?: string,
  ): Promise<void> {
    const { good } = this.#journal;
    const to = this.change(id)?.to ?? good;
    await this.#step(
      id,
      { state, ended: Math.round(this.#now()), ...(reason === undefined ? {} : { reason }) },
      {
        ...(state === 'kept' ? { running: to, good: to } : { running: good }),
        ...(refused === undefined ? {} : { refused }),
      },
      ['watch'],
    );
  }

  /** Writes the texts of a revision over those of another; false where somebody has edited the site file meanwhile. Rejects as the file system does. */
  async write(to: Revision, over?: Revision): Promise<boolean> {
    for (const [path, text] of [...to.texts].reverse()) {
      const now = await readSource(path);
      if (now.ok && now.text === text) continue;
      if (over !== undefined && now.ok && now.text !== over.texts.get(path)) {
        if (path === this.file) return false;
        continue;
      }
      await this.#write(path, text);
    }
    return true;
  }

  async told(id: number, state: ConfigChange['state']): Promise<void> {
    await this.#step(id, { told: state });
  }

  /** A start begins, or a stop ends, while a change is watched. */
  async up(up: boolean, before?: Health): Promise<void> {
    const { watch } = this.#journal;
    if (watch === undefined && (up || before === undefined)) return;
    const crashes = up && watch?.up === true ? watch.crashes + 1 : (watch?.crashes ?? 0);
    await this.#save({
      ...this.#journal,
      ...(watch === undefined ? {} : { watch: { ...watch, up, crashes } }),
      ...(before === undefined || watch !== undefined ? {} : { before }),
    });
  }

  async #step(
    id: number,
    patch: Partial<Told>,
    more: Partial<Journal> = {},
    gone: readonly (keyof Journal)[] = [],
  ): Promise<void> {
    const changes = this.#journal.changes.map((one) => (one.id === id ? { ...one, ...patch } : one));
    await this.#save({ ...without(this.#journal, ...gone), ...more, changes });
  }

  /**
   * A step that cannot be written (a full card) is made all the same, but for a commit: the next start then goes back to the
   * step before, which is safe at every one of them.
   */
  async #save(journal: Journal, strict = false): Promise<void> {
    await this.#kept(() => this.#folder.save(journal), strict);
    this.#journal = journal;
  }

  async #kept(write: () => Promise<unknown>, strict: boolean): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (strict) throw error;
      this.#log.error('config.unwritten', { error: (error as Error).message });
    }
  }
}

function without(journal: Journal, ...keys: readonly (keyof Journal)[]): Journal {
  return Object.fromEntries(
    Object.entries(journal).filter(([key]) => !keys.includes(key as keyof Journal)),
  ) as unknown as Journal;
}
