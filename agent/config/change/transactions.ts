/**
 * Changes of the site file, one after the other: checked, tried, committed, followed, watched, kept or returned. Every
 * step is in the journal before it is made, so that a start after a kill at any of them finds its way (`start.ts`).
 */
import type {
  ConfigAnswer,
  ConfigAuthor,
  ConfigChange,
  ConfigChanges,
  ConfigCheck,
  ConfigProposal,
  ConfigState,
  PartChange,
} from '../../core/config-change.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import { compare } from '../compare.ts';
import type { SiteDeps } from '../deps.ts';
import type { Problem } from '../problem.ts';
import type { ChangeBook } from './book.ts';
import { checkText, withTrials } from './check.ts';
import type { FollowingAgent } from './contract.ts';
import { healthBefore } from './decline.ts';
import { HandEdits, type Wanted } from './hand-edits.ts';
import type { Told } from './journal.ts';
import { objection, refusal } from './refusal.ts';
import { loadRevision } from './revision.ts';
import { type Right, WATCH } from './start.ts';
import { Teller } from './teller.ts';
import { Watch } from './watch.ts';
import { WrongFile } from './wrong-file.ts';

/** Limits of the watch time, ms. */
const SHORTEST_WATCH = 10_000;
const LONGEST_WATCH = 24 * 3_600_000;

export interface TransactionOptions {
  readonly book: ChangeBook;
  readonly run: Right;
  /** What is on the disk does not run. */
  readonly wrong?: readonly Problem[];
  readonly deps: SiteDeps;
  readonly clock: Clock;
  readonly log: Log;
  readonly agent: FollowingAgent;
  /** The agent runs no more, and not even the last good file starts: the process has to end. */
  readonly onLost: (error: Error) => void;
}

export class ConfigTransactions implements ConfigChanges, AsyncDisposable {
  readonly #options: TransactionOptions;
  readonly #book: ChangeBook;
  readonly #teller: Teller;
  readonly #stack = new AsyncDisposableStack();
  #running: Right;
  readonly #wrong: WrongFile;
  #watch: Watch | undefined;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  readonly #hand: HandEdits;

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.#book = options.book;
    this.#running = options.run;
    this.#wrong = new WrongFile(options.agent, options.log, () => this.#now());
    if (options.wrong !== undefined) this.#wrong.note(options.wrong);
    this.#teller = new Teller(options);
    this.#hand = new HandEdits({
      ...options,
      wrong: this.#wrong,
      teller: this.#teller,
      closing: this.#closing.signal,
      running: () => this.#running,
      runs: (right) => {
        this.#running = right;
      },
      commit: (...change) => this.#commit(...change),
      follow: (change, to) => this.#follow(change, to),
      keep: (change) => this.#keep(change, undefined),
    });
  }

  /** The agent runs: what is open is watched, what was not told is told, edits by hand are seen. */
  begin(): void {
    const open = this.#book.open;
    if (open?.state === 'watching') this.#beginWatch(open);
    this.#wrong.say(this.#running.revision.id);
    void this.#queue(() => this.#teller.tell());
    this.#stack.use(this.#hand.watch(() => void this.#queue(() => this.#hand.look())));
  }

  /** The agent did not start with an open change: the last good one is to be started, or undefined where there is none. */
  async failed(error: unknown): Promise<Right | undefined> {
    const open = this.#book.open;
    if (open === undefined) return undefined;
    const good = await this.#writeBack(
      open,
      `the agent did not start with it: ${asAgentError(error).message}`,
    );
    if (good !== undefined) this.#running = good;
    return good;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get site(): Right {
    return this.#running;
  }

  state(): ConfigState {
    const { open, file } = this.#book;
    const { state: wrong } = this.#wrong;
    return {
      file,
      running: this.#running.revision.id,
      good: this.#book.journal.good,
      text: this.#running.revision.texts.get(file) ?? '',
      watch: this.#running.site.watch ?? WATCH,
      ...(open === undefined ? {} : { open: this.#shown(open) }),
      ...(wrong === undefined ? {} : { wrong }),
    };
  }

  texts(): readonly (readonly [path: string, text: string])[] {
    return [...this.#running.revision.texts];
  }

  history(): readonly ConfigChange[] {
    return this.#book.journal.changes.map((one) => this.#shown(one)).reverse();
  }

  change(id: number): ConfigChange | undefined {
    const found = this.#book.change(id);
    return found && this.#shown(found);
  }

  text(revision: string): Promise<string | undefined> {
    return this.#book.text(revision);
  }

  patch(id: number): Promise<string | undefined> {
    return this.#book.patch(id);
  }

  onChange(listener: (change: ConfigChange) => void): Disposable {
    return this.#teller.onChange((change) => listener(this.#shown(change)));
  }

  async check(
    proposal: Pick<ConfigProposal, 'text' | 'templates' | 'base' | 'try'>,
    signal: AbortSignal,
  ): Promise<ConfigCheck> {
    const { check } = await this.#checked(proposal, proposal.try === true, signal);
    return check;
  }

  apply(proposal: ConfigProposal, signal: AbortSignal): Promise<ConfigAnswer> {
    return this.#answered((answer) => this.#apply(proposal, signal, answer));
  }

  async returnTo(
    revision: string,
    author: ConfigAuthor & Pick<ConfigProposal, 'watch' | 'anyway' | 'try'>,
    signal: AbortSignal,
  ): Promise<ConfigAnswer> {
    const text = await this.#book.text(revision);
    if (text !== undefined) return this.apply({ ...author, text }, signal);
    return refusal('unknown', `there is no revision ${revision} in the history`);
  }

  end(id: number, how: 'keep' | 'return', { by, name, why }: ConfigAuthor): Promise<ConfigAnswer> {
    return this.#answered(async (answer) => {
      const open = this.#book.open;
      if (open?.id !== id || open.state !== 'watching') {
        answer(refusal('unknown', `change ${id} is not watched any more`));
        return;
      }
      const who = `${name ?? by}${why === '' ? '' : `: ${why}`}`;
      if (how === 'keep') {
        await this.#keep(open, `kept before its time by ${who}`);
        answer(this.#accepted(id));
        return;
      }
      answer({ ok: true, change: { ...this.#shown(open), state: 'returning' } });
      await this.#giveBack(open, `returned by ${who}`);
    });
  }

  /** Ends the watch of files and of health; the open change goes on with the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new AgentError('aborted', 'the agent is stopping'));
    this.#watch?.[Symbol.dispose]();
    await this.#stack.disposeAsync();
    await this.#turns.over();
    await this.#book.up(false, healthBefore(this.#options.agent.health())).catch(() => {});
  }

  async #checked(
    { text, templates, base }: Pick<ConfigProposal, 'text' | 'templates' | 'base'>,
    wanted: boolean,
    signal: AbortSignal,
  ) {
    const { agent, deps } = this.#options;
    const checked = await checkText({
      file: this.#book.file,
      text,
      ...(templates === undefined ? {} : { templates }),
      base,
      running: this.#running,
      deps,
      agent,
    });
    if (!wanted) return checked;
    return withTrials(checked, agent, AbortSignal.any([signal, this.#closing.signal]));
  }

  async #apply(
    proposal: ConfigProposal,
    signal: AbortSignal,
    answer: (answer: ConfigAnswer) => void,
  ): Promise<void> {
    const { base, watch: asked, anyway = false, try: tries = true, by, name, why } = proposal;
    const author: ConfigAuthor = { by, why, ...(name === undefined ? {} : { name }) };
    // What somebody has just edited by hand comes first.
    await this.#hand.look();
    const { check, to } = await this.#checked(proposal, tries, signal);
    const against = objection(check, base, anyway);
    if (to === undefined || against !== undefined) {
      answer(against ?? refusal('wrong', 'the file cannot be loaded'));
      return;
    }
    signal.throwIfAborted();
    const { changes = [] } = check;
    const watch = asked ?? to.site.watch ?? WATCH;
    const limited = Math.min(LONGEST_WATCH, Math.max(SHORTEST_WATCH, watch));
    const wanted = { changes, watch: changes.length === 0 ? 0 : limited };
    let change: Told | undefined;
    try {
      change = await this.#commit(author, to, wanted, 'committed');
      await this.#book.write(to.revision);
    } catch (error) {
      const reason = `the site file cannot be written: ${asAgentError(error).message}`;
      if (change !== undefined) await this.#book.end(change.id, 'returned', reason);
      await this.#teller.tell();
      answer(
        refusal(
          'unwritable',
          reason,
          'let the user of the agent write the file, its folder and the state folder',
        ),
      );
      return;
    }
    this.#teller.step(change);
    answer(this.#accepted(change.id));
    await this.#follow(change, to);
  }

  async #commit(
    author: ConfigAuthor,
    to: Right,
    { changes, watch }: Wanted,
    state: 'committed' | 'watching',
  ): Promise<Told> {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    const before = healthBefore(this.#options.agent.health());
    const change = await this.#book.begin({ ...author, to: to.revision, changes, watch, before }, state);
    this.#wrong.over();
    return change;
  }

  /** The file is durable: what runs follows it. Where that fails, the one before runs again. */
  async #follow(change: Told, to: Right): Promise<void> {
    const { agent } = this.#options;
    try {
      if (change.changes.length > 0) await agent.follow(to.site, change.changes, to.facts);
      this.#running = to;
      await this.#book.watching(change.id);
    } catch (error) {
      // Stopped on the way: the next start goes on with it.
      if (this.#closed) return;
      await this.#giveBack(change, `the agent did not start with it: ${asAgentError(error).message}`, to);
      return;
    }
    const now = this.#book.change(change.id) ?? change;
    this.#teller.step(now);
    if (change.watch === 0) await this.#keep(now, undefined);
    else this.#beginWatch(now);
    await this.#teller.tell();
  }

  #beginWatch(change: Told): void {
    const { agent, clock } = this.#options;
    this.#watch?.[Symbol.dispose]();
    const watch = new Watch({
      clock,
      agent,
      before: this.#book.journal.watch?.before ?? {},
      lasts: change.watch,
      over: (lasting) =>
        void this.#queue(async () => {
          if (this.#watch !== watch || this.#closed) return;
          if (lasting === undefined) await this.#keep(change, undefined);
          else await this.#giveBack(change, lasting);
        }),
    });
    this.#watch = watch;
  }

  async #keep(change: Told, reason: string | undefined): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    await this.#book.end(change.id, 'kept', reason);
    await this.#teller.tell();
  }

  /** The last good file is back and runs. `tried`: what the agent did not start with. */
  async #giveBack(change: Told, reason: string, tried?: Right): Promise<void> {
    const { agent, onLost } = this.#options;
    const from = this.#running;
    const good = await this.#writeBack(change, reason);
    if (good === undefined) {
      if (tried === undefined) await this.#teller.tell();
      else onLost(new Error(`${reason}; and there is no way back`));
      return;
    }
    try {
      // What did not start has left nothing that could follow.
      const parts: readonly PartChange[] =
        tried === undefined ? compare(from.site, good.site) : [{ part: 'agent', change: 'changed' }];
      if (parts.length > 0) await agent.follow(good.site, parts, good.facts);
    } catch (error) {
      if (!this.#closed) onLost(asAgentError(error));
      return;
    }
    this.#running = good;
    await this.#teller.tell();
  }

  /** The durable half of it. Undefined where the last good one does not load: then the change stays. */
  async #writeBack(change: Told, reason: string): Promise<Right | undefined> {
    const { deps, log } = this.#options;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    const { good: id } = this.#book.journal;
    const revision = await this.#book.revision(id);
    const loaded = revision && (await loadRevision(this.#book.file, deps, revision.texts));
    if (revision === undefined || loaded?.ok !== true) {
      await this.#book.end(change.id, 'kept', `${reason}; revision ${id} does not load any more`);
      return undefined;
    }
    log.warn('config.returning', { change: change.id, to: id, reason });
    await this.#book.returning(change.id, reason);
    this.#teller.step(this.#book.change(change.id) ?? change);
    const to = await this.#book.revision(change.to);
    let refused: string | undefined;
    try {
      await this.#book.write(revision, to);
    } catch (error) {
      // It runs all the same; the next start knows that what is on the disk was refused.
      refused = change.to;
      log.error('config.unwritable', { error: (error as Error).message });
    }
    await this.#book.end(change.id, 'returned', reason, refused);
    return loaded;
  }

  #shown({ told: _, ...change }: Told): ConfigChange {
    const watch = this.#watch;
    if (change.state !== 'watching' || watch === undefined || this.#book.open?.id !== change.id)
      return change;
    const until = Math.round(this.#now() + watch.left);
    return { ...change, until, ...(watch.worse.length === 0 ? {} : { worse: watch.worse }) };
  }

  #accepted(id: number): ConfigAnswer {
    const change = this.change(id);
    return change === undefined ? refusal('unknown', `there is no change ${id}`) : { ok: true, change };
  }

  /** Runs `work` when everything before it is done; resolves with what it answers, which may be before it ends. */
  #answered(work: (answer: (answer: ConfigAnswer) => void) => Promise<void>): Promise<ConfigAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ConfigAnswer>();
    this.#queue(() => work(resolve)).catch(reject);
    return promise;
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turns.take(work);
    done.catch((error) => this.#options.log.error('config.failed', { error: asAgentError(error).message }));
    return done;
  }

  #now(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}
