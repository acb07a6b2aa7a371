/**
 * Which revision a start runs: what is on the disk, unless that is wrong, was being returned, or ended the agent again and
 * again while it was watched. Whatever step the process before was killed at, one revision is found that runs.
 */
import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Log } from '../../core/log.ts';
import { compare } from '../compare.ts';
import type { SiteDeps } from '../deps.ts';
import { formatProblem, type Problem } from '../problem.ts';
import { readSource } from '../source.ts';
import { ChangeBook } from './book.ts';
import { type Journal, JournalFolder, type Told } from './journal.ts';
import { type Loaded, loadRevision, onDisk, type Revision, type Texts } from './revision.ts';
import type { WriteWhole } from './whole-file.ts';

/** So many ends without a stop while a change is watched, and it is returned. */
export const MOST_CRASHES = 2;
/** Watch of a change where the site says nothing of it, ms. */
export const WATCH = 300_000;

export type Right = Extract<Loaded, { ok: true }>;

export interface StartOptions {
  /** Absolute path of the site file. */
  readonly file: string;
  readonly deps: SiteDeps;
  /** Unix epoch ms. */
  readonly now: () => number;
  readonly env: NodeJS.ProcessEnv;
  readonly log?: Log;
  readonly write?: WriteWhole;
}

export type Chosen =
  | {
      readonly ok: true;
      readonly book: ChangeBook;
      readonly run: Right;
      /** What is on the disk does not run. */
      readonly wrong?: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never rejects: a start does not hang on a full card. */
export async function chooseRevision(options: StartOptions): Promise<Chosen> {
  const { file, deps, write } = options;
  const disk = await loadRevision(file, deps);
  const state = disk.ok ? disk.site.state : await stateFolder(file, disk.text, options.env);
  if (state === undefined) return { ok: false, problems: disk.ok ? [] : disk.problems };
  const folder = new JournalFolder(state, write);
  const journal = await folder.read();
  if (journal === undefined) return disk.ok ? await first(disk, folder, options) : disk;
  if (!disk.ok && journal.file !== file) return disk;
  const book = new ChangeBook(file, folder, journal, options);
  await book.up(true);
  return new Start(book, disk, options).choose();
}

/** Nothing is known yet: what is there is taken for good. */
async function first(disk: Right, folder: JournalFolder, options: StartOptions): Promise<Chosen> {
  const { file, now } = options;
  const { id } = disk.revision;
  const at = Math.round(now());
  const journal: Journal = {
    v: 1,
    file,
    running: id,
    good: id,
    changes: [
      {
        id: 1,
        state: 'kept',
        to: id,
        at,
        ended: at,
        changes: [],
        watch: 0,
        by: 'agent',
        why: 'first start with this file',
        told: 'kept',
      },
    ],
  };
  const book = new ChangeBook(file, folder, journal, options);
  await book.first(disk.revision);
  return { ok: true, book, run: disk };
}

class Start {
  readonly #book: ChangeBook;
  readonly #disk: Loaded;
  readonly #options: StartOptions;

  constructor(book: ChangeBook, disk: Loaded, options: StartOptions) {
    this.#book = book;
    this.#disk = disk;
    this.#options = options;
  }

  async choose(): Promise<Chosen> {
    const { open } = this.#book;
    if (open === undefined) return this.#settled();
    const to = await this.#book.revision(open.to);
    const there = to !== undefined && (await onDisk(to.texts));
    if (open.state === 'returning') return this.#giveBack(open, to, open.reason ?? 'it was being returned');
    if (there) {
      const { crashes = 0 } = this.#book.journal.watch ?? {};
      if (!this.#disk.ok)
        return this.#giveBack(open, to, `it does not load any more: ${firstOf(this.#disk.problems)}`);
      if (crashes >= MOST_CRASHES) {
        const reason = `the agent ended ${crashes} times without a stop while it was watched`;
        return this.#giveBack(open, to, reason);
      }
      await this.#book.watching(open.id);
      return { ok: true, book: this.#book, run: this.#disk };
    }
    const from = open.from === undefined ? undefined : await this.#book.revision(open.from);
    const unfinished = open.state === 'committed' && from !== undefined && to !== undefined;
    if (unfinished && (await between(from.texts, to.texts))) {
      // A template can be written already: what was there is there again before anything is loaded.
      await this.#book.write(from, to).catch(() => {});
      await this.#book.end(open.id, 'returned', 'the agent ended before the files were written');
      return new Start(
        this.#book,
        await loadRevision(this.#book.file, this.#options.deps),
        this.#options,
      ).#settled();
    }
    await this.#book.end(open.id, 'superseded');
    return this.#settled();
  }

  /** No change is open. */
  async #settled(): Promise<Chosen> {
    const { running, good, refused, before = {} } = this.#book.journal;
    const disk = this.#disk;
    if (disk.ok && disk.revision.id === running) return { ok: true, book: this.#book, run: disk };
    if (refused !== undefined) {
      const kept = await this.#book.revision(refused);
      if (kept !== undefined && (await onDisk(kept.texts))) return this.#fallBack(good);
    }
    if (!disk.ok) return this.#fallBack(good);
    const was = await this.#load(running);
    await this.#book.begin(
      {
        by: 'file',
        why: '',
        to: disk.revision,
        changes: was?.ok === true ? compare(was.site, disk.site) : [],
        watch: disk.site.watch ?? WATCH,
        before,
      },
      'watching',
    );
    return { ok: true, book: this.#book, run: disk };
  }

  /** The last good one runs, and what is on the disk stays as it is for whoever wrote it. */
  async #fallBack(good: string): Promise<Chosen> {
    const kept = await this.#load(good);
    const problems = this.#disk.ok ? [] : this.#disk.problems;
    if (kept?.ok !== true)
      return { ok: false, problems: problems.length > 0 || kept === undefined ? problems : kept.problems };
    return { ok: true, book: this.#book, run: kept, wrong: problems };
  }

  async #giveBack(open: Told, to: Revision | undefined, reason: string): Promise<Chosen> {
    const { good: id } = this.#book.journal;
    const good = await this.#book.revision(id);
    const loaded = await this.#load(id);
    if (good === undefined || loaded?.ok !== true) {
      const why = loaded === undefined ? 'its text is gone' : loaded.ok ? '' : firstOf(loaded.problems);
      if (!this.#disk.ok) return { ok: false, problems: this.#disk.problems };
      await this.#book.end(open.id, 'kept', `${reason}; no way back to ${id}: ${why}`);
      return { ok: true, book: this.#book, run: this.#disk };
    }
    await this.#book.returning(open.id, reason);
    let refused: string | undefined;
    try {
      if (!(await this.#book.write(good, to))) {
        await this.#book.end(open.id, 'returned', reason);
        return this.#settled();
      }
    } catch (error) {
      refused = open.to;
      this.#options.log?.error('config.unwritable', { error: (error as Error).message });
    }
    await this.#book.end(open.id, 'returned', reason, refused);
    return { ok: true, book: this.#book, run: loaded };
  }

  async #load(id: string): Promise<Loaded | undefined> {
    const revision = await this.#book.revision(id);
    return revision && loadRevision(this.#book.file, this.#options.deps, revision.texts);
  }
}

/** Whether each file on the disk is as one of the two revisions has it: nobody else has written meanwhile. */
async function between(from: Texts, to: Texts): Promise<boolean> {
  for (const path of new Set([...from.keys(), ...to.keys()])) {
    const now = await readSource(path);
    const text = now.ok ? now.text : undefined;
    if (text !== from.get(path) && text !== to.get(path)) return false;
  }
  return true;
}

function firstOf(problems: readonly Problem[]): string {
  const [problem] = problems;
  return problem === undefined ? 'no reason given' : formatProblem(problem);
}

/**
 * The state folder of a file that does not load: what its own line says, the one of the service, or the default. Only one
 * with a journal counts.
 */
export async function stateFolder(
  file: string,
  text: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const written = /^state:[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s#][^#\n]*?))[ \t]*(?:#.*)?$/m.exec(
    text ?? '',
  );
  const named = written?.[1] ?? written?.[2] ?? written?.[3];
  const folder = dirname(file);
  const candidates = [named, env.STATE_DIRECTORY?.split(':')[0], './state'].flatMap((one) =>
    one === undefined || one === '' ? [] : [resolve(folder, one)],
  );
  for (const candidate of candidates) {
    const found = await access(join(candidate, 'config', 'journal.json')).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}
