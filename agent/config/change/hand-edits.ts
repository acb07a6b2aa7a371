/**
 * Edits by hand, when no other change is on its way: new texts of the site file and its templates become a change like any
 * other, files that it only names are followed (`named-files.ts`), and a wrong file changes nothing.
 */
import type { ConfigAuthor, PartChange } from '../../core/config-change.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { SiteDeps } from '../deps.ts';
import type { Problem } from '../problem.ts';
import type { ChangeBook } from './book.ts';
import { checkText } from './check.ts';
import type { FollowingAgent } from './contract.ts';
import { watchFiles } from './file-watch.ts';
import type { Told } from './journal.ts';
import { followNamed } from './named-files.ts';
import { loadRevision, onDisk, replaced } from './revision.ts';
import { type Right, WATCH } from './start.ts';
import type { Teller } from './teller.ts';
import type { WrongFile } from './wrong-file.ts';

/** What a change consists of: the parts that differ, and how long it is watched, ms; 0 keeps it at once. */
export interface Wanted {
  readonly changes: readonly PartChange[];
  readonly watch: number;
}

export interface HandEditOptions {
  readonly book: ChangeBook;
  readonly deps: SiteDeps;
  readonly clock: Clock;
  readonly log: Log;
  readonly agent: FollowingAgent;
  readonly wrong: WrongFile;
  readonly teller: Teller;
  readonly closing: AbortSignal;
  /** The agent runs no more, and not even what ran before starts. */
  readonly onLost: (error: Error) => void;
  /** What runs, and what runs from now on. */
  readonly running: () => Right;
  readonly runs: (right: Right) => void;
  /** Steps that every change goes. */
  readonly commit: (author: ConfigAuthor, to: Right, wanted: Wanted, state: 'watching') => Promise<Told>;
  readonly follow: (change: Told, to: Right) => Promise<void>;
  readonly keep: (change: Told) => Promise<void>;
}

export class HandEdits {
  readonly #options: HandEditOptions;

  constructor(options: HandEditOptions) {
    this.#options = options;
  }

  /** `changed`: one of the files that count may have changed; somebody should look, in his turn. */
  watch(changed: () => void): Disposable {
    const { clock, log, running } = this.#options;
    const files = () => [...running().revision.texts.keys(), ...running().named.keys()];
    return watchFiles({ files, clock, log, changed });
  }

  /** Takes up what was edited by hand. */
  async look(): Promise<void> {
    const { book, deps, agent, wrong, teller, closing, commit, follow } = this.#options;
    if (closing.aborted) return;
    const { file } = book;
    const running = this.#options.running();
    const others = await replaced(file, running.named, deps.read);
    const asItRuns = await onDisk(running.revision.texts);
    if (asItRuns && others.length === 0) return wrong.over();
    const { refused } = book.journal;
    const disk = await loadRevision(file, deps);
    if (disk.ok && disk.revision.id === refused) return;
    const { check, to } = await checkText({ file, loaded: disk, running, deps, agent });
    if (to === undefined || !check.ok) {
      wrong.is(check.problems as readonly Problem[], running.revision.id);
      return;
    }
    const { changes = [] } = check;
    if (asItRuns) return this.#named(to, changes, others);
    const watch = changes.length === 0 ? 0 : (to.site.watch ?? WATCH);
    const change = await commit({ by: 'file', why: '' }, to, { changes, watch }, 'watching');
    teller.step(change);
    await follow(change, to);
  }

  /** A file that the site file only names was replaced, and what runs follows it. */
  async #named(to: Right, changes: readonly PartChange[], files: readonly string[]): Promise<void> {
    const { book, wrong, teller, closing, running: now, runs, commit, keep } = this.#options;
    wrong.over();
    const author = { by: 'file', why: `changed: ${files.join(', ')}` };
    // A change that is watched goes on being watched: it is not this one that ends it.
    const quiet = changes.length === 0 || book.open !== undefined;
    const change = quiet ? undefined : await commit(author, to, { changes, watch: 0 }, 'watching');
    const { running, reason } = await followNamed({ ...this.#options, from: now(), to, changes, files });
    if (closing.aborted) return;
    runs(running);
    if (change === undefined) return;
    if (reason === undefined) await keep(change);
    else await book.end(change.id, 'returned', reason);
    await teller.tell();
  }
}
