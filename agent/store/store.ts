/** The store on main: packs what the hub gives it, has the store thread write it, and says how it fares. */
import { randomBytes } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import type { Command, CommandJournal, CommandResult } from '../core/command.ts';
import { AgentError } from '../core/errors.ts';
import type { Reading } from '../core/reading.ts';
import type { AgentEvent, Heads } from '../core/record.ts';
import { caller, type Remote } from '../core/rpc.ts';
import { runThread } from '../core/thread.ts';
import { type ClockMapping, wallAt } from '../core/time/clock.ts';
import { logFile } from './aside.ts';
import { byLane } from './batches.ts';
import { Committer } from './committer.ts';
import type { Appended, Store, StoreOptions } from './contract.ts';
import { StoreHealth } from './health.ts';
import { hardwareId } from './identity.ts';
import type { FromThread, Opened, ThreadData } from './messages.ts';
import { Packer } from './packer.ts';
import { Ring } from './ring.ts';
import type { StoreCalls } from './thread.ts';
import { Wear } from './wear.ts';

export type { Appended, History, PointFacts, Ranges, Refusal, Store, StoreOptions } from './contract.ts';

/** Longest wait for the journal, ms: a disk that takes longer is ill. */
const CALL_DEADLINE = 30_000;
/** Longest wait at the end for the last commit, and for the thread to close its file, ms. */
const CLOSE_BUDGET = 5000;
/** A mapping that differs less from the one before is not worth a row, ms. */
const CLOCK_STEP = 50;

/**
 * Opens the log of `options.dir`, or begins a new one. Resolves also where the disk is ill (see `health`): appends then
 * wait in the ring. Rejects with `AgentError` only for a log that a newer agent wrote.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new RunningStore(options);
  await store.opened();
  return store;
}

class RunningStore implements Store {
  readonly file: string;
  readonly journal: CommandJournal;
  readonly #options: StoreOptions;
  readonly #instance = randomBytes(8).toString('hex');
  readonly #packer: Packer;
  readonly #ring: Ring;
  readonly #committer: Committer;
  readonly #wear: Wear;
  readonly #health: StoreHealth;
  readonly #ending = new AbortController();
  readonly #thread: Promise<void>;
  readonly #clock: Disposable;
  readonly #committedListeners = new Set<(heads: Heads) => void>();
  readonly #epochListeners = new Set<(epoch: string) => void>();
  readonly #firstOpening = Promise.withResolvers<void>();
  #mapping: ClockMapping;
  #calls: (Remote<StoreCalls> & Disposable) | undefined;
  #epoch: string | undefined;
  #heads: Heads = byLane(() => 0);
  #closing: Promise<void> | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    const { clock, log, dir, config } = options;
    this.file = logFile(dir);
    this.#packer = new Packer(options.describe);
    this.#ring = new Ring(config.ring);
    this.#wear = new Wear(clock, config, (change) => {
      log.info('store.window', { ...change });
      this.#say({
        event: 'store',
        severity: 'info',
        time: clock.mono(),
        body: { state: 'window', ...change },
      });
    });
    this.#health = new StoreHealth({
      clock,
      log,
      ring: this.#ring,
      wear: this.#wear,
      heads: () => this.#heads,
      event: (event) => this.#say(event),
    });
    this.#committer = new Committer({
      instance: this.#instance,
      clock,
      packer: this.#packer,
      ring: this.#ring,
      onCommitted: ({ heads, events, statistics }) => {
        this.#health.working(statistics);
        this.#advance(heads);
        for (const event of events) this.#show(event);
      },
      onFailed: (failure) => this.#health.failed(failure),
      onDropped: (count, { message }) => log.error('store.dropped', { records: count, error: message }),
    });
    this.#mapping = clock.mapping();
    this.#clock = clock.onMapping((mapping) => this.#learn(mapping));
    this.journal = this.#journal();
    this.#thread = this.#run();
  }

  #run(): Promise<void> {
    const { clock, log, entry = new URL('./thread.ts', import.meta.url) } = this.#options;
    return runThread({
      name: 'store',
      entry,
      data: () => this.#threadData(),
      clock,
      log,
      signal: this.#ending.signal,
      start: (worker, healthy) => this.#generation(worker, healthy),
      stop: (worker) => worker.postMessage({ close: true, now: clock.mono() }),
      grace: CLOSE_BUDGET,
      onState: (state, error) => {
        if (state === 'down' && error !== undefined)
          this.#health.failed({ ...error, message: error.message });
      },
    });
  }

  #threadData(): ThreadData {
    const { dir, agent, hardware = hardwareId(), timezone, config, clock } = this.#options;
    const { budget, maxAge } = config;
    const heedLastKnown = this.#options.onLastKnown !== undefined;
    const now = { boot: clock.boot, now: clock.mono(), mapping: clock.mapping() };
    return {
      dir,
      agent,
      hardware,
      timezone,
      budget,
      maxAge,
      heedLastKnown,
      instance: this.#instance,
      ...now,
    };
  }

  #generation(worker: Worker, healthy: () => void): Disposable {
    const calls = caller<StoreCalls>(worker, { deadline: CALL_DEADLINE, peer: 'the store thread' });
    this.#calls = calls;
    worker.on('message', (message: FromThread) => {
      if ('opened' in message) {
        healthy();
        this.#open(message.opened);
      } else if ('committed' in message) {
        this.#health.settled();
        healthy();
        this.#committer.committed(message.committed);
      } else if ('failed' in message) {
        this.#health.settled();
        if (!message.failed.retryable && message.token === undefined)
          this.#firstOpening.reject(
            new AgentError(message.failed.code, message.failed.message, { retryable: false }),
          );
        this.#committer.failed(message.failed, message.token);
      } else if ('note' in message) {
        this.#say(message.note);
        this.#committer.kick();
      }
    });
    this.#committer.connect((commit) => {
      this.#health.waiting();
      worker.postMessage({ commit });
    });
    return {
      [Symbol.dispose]: () => {
        this.#health.settled();
        this.#committer.connect(undefined);
        this.#calls = undefined;
        calls[Symbol.dispose]();
      },
    };
  }

  #open({ epoch, heads, events, lastKnown }: Opened): void {
    // Before anything else: what comes is timed by it.
    if (lastKnown !== undefined) this.#options.onLastKnown?.(lastKnown);
    const before = this.#epoch;
    this.#epoch = epoch;
    // Where something waits, only its commit shows that the disk is well.
    if (this.#committer.idle) this.#health.working(undefined);
    for (const event of events) this.#show(event);
    this.#firstOpening.resolve();
    if (before !== undefined && before !== epoch) {
      this.#options.log.warn('store.epoch', { before, epoch });
      for (const listener of this.#epochListeners) listener(epoch);
    }
    this.#advance(heads);
  }

  #advance(heads: Heads): void {
    this.#heads = heads;
    for (const listener of this.#committedListeners) listener(heads);
  }

  /** Resolves once the log is open, or patience is over. */
  async opened(): Promise<void> {
    const { clock, patience = 10_000 } = this.#options;
    const waited = Promise.withResolvers<void>();
    const timer = clock.after(patience, () => waited.resolve());
    try {
      await Promise.race([this.#firstOpening.promise, waited.promise]);
    } catch (thrown) {
      await this[Symbol.asyncDispose]();
      throw thrown;
    } finally {
      timer[Symbol.dispose]();
    }
    // A rejection that comes after patience has nobody to hear it.
    this.#firstOpening.promise.catch(() => {});
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  heads(): Heads {
    return this.#heads;
  }

  get window(): number {
    return this.#wear.window;
  }

  append(readings: readonly Reading[], events: readonly AgentEvent[]): Promise<Appended> {
    if (this.#closing !== undefined)
      return Promise.reject(new AgentError('store-failed', 'writing to the log failed: the store is closed'));
    const packs = this.#packer.pack(readings, events);
    if (packs.length === 0) return Promise.resolve({ ranges: {}, dropped: 0 });
    return new Promise((resolve, reject) => {
      this.#ring.push(packs, resolve, reject);
      this.#committer.kick();
    });
  }

  settle(...[uplink, lane, cursor]: Parameters<Store['settle']>): void {
    this.#committer.settle(uplink, lane, cursor);
  }

  async keep(...[uplink, lane, cursor]: Parameters<Store['keep']>): Promise<void> {
    await this.#call().keep(uplink, lane, cursor);
  }

  refuse(...[uplink, lane, records]: Parameters<Store['refuse']>): void {
    const at = this.#wall();
    this.#committer.refuse(records.map(({ seq, reason }) => ({ uplink, lane, seq, reason, at })));
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  #call(): Remote<StoreCalls> {
    if (this.#calls === undefined)
      throw new AgentError('store-failed', 'call of the store failed: its thread is not running');
    return this.#calls;
  }

  #journal(): CommandJournal {
    return {
      accept: async (command: Command) => this.#call().accept(command, this.#wall()),
      finish: async (result: CommandResult) => this.#call().finish(result),
      open: async () => this.#call().open(),
      recent: async (limit: number) => this.#call().recent(limit),
    };
  }

  async refusals(limit: number): ReturnType<Store['refusals']> {
    return this.#call().refusals(limit);
  }

  async marks(): ReturnType<Store['marks']> {
    return this.#call().marks();
  }

  async latest(points: Parameters<Store['latest']>[0]): ReturnType<Store['latest']> {
    return this.#call().latest(points);
  }

  async peaks(points: Parameters<Store['peaks']>[0]): ReturnType<Store['peaks']> {
    return this.#call().peaks(points);
  }

  async earlier(): Promise<readonly string[]> {
    return this.#call().earlier();
  }

  async condemn(): Promise<void> {
    await this.#call().condemn();
  }

  /** A new row of the clock table, and an event that says so, unless it is a mere refinement. */
  #learn(mapping: ClockMapping): void {
    const before = this.#mapping;
    const moved = Math.abs(wallAt(before, mapping.mono).time - mapping.wall);
    if (mapping.rank === before.rank && mapping.rate === before.rate && moved < CLOCK_STEP) return;
    this.#mapping = mapping;
    this.#committer.learn(mapping);
    this.#say({ event: 'clock', severity: 'info', time: mapping.mono, body: { ...mapping } });
    this.#committer.kick();
  }

  /** An event of the store's own: shown now, logged with the next commit. */
  #say(event: AgentEvent): void {
    this.#committer.note(event);
    this.#show(event);
  }

  #show(event: AgentEvent): void {
    this.#options.onEvent?.(event);
  }

  health(): ReturnType<Store['health']> {
    return this.#health.health();
  }

  onHealth(listener: Parameters<Store['onHealth']>[0]): Disposable {
    return this.#health.onHealth(listener);
  }

  onCommitted(listener: (heads: Heads) => void): Disposable {
    this.#committedListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#committedListeners.delete(listener) };
  }

  onEpoch(listener: (epoch: string) => void): Disposable {
    this.#epochListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#epochListeners.delete(listener) };
  }

  pointsChanged(): void {
    this.#packer.forget();
  }

  /** Writes what waits (at most 5 s), leaves the clean-stop mark, ends the thread. A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const budget = new AbortController();
    const timer = this.#options.clock.after(CLOSE_BUDGET, () => budget.abort());
    // A log that never opened takes nothing now either.
    if (this.#epoch !== undefined) await this.#committer.drain(budget.signal);
    timer[Symbol.dispose]();
    this.#clock[Symbol.dispose]();
    this.#ending.abort();
    await this.#thread;
    this.#committer.end();
    this.#health.end();
    this.#committedListeners.clear();
    this.#epochListeners.clear();
  }
}
