/**
 * Brings appends to the store thread, one transaction at a time: what comes while one is under way goes with the next.
 * A commit whose outcome is not known (the thread died) is asked again with the same token, which the log remembers; a
 * failed one is tried again with back-off, while the ring holds what comes.
 */
import { Backoff } from '../core/backoff.ts';
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { AgentEvent, Cursor, Json } from '../core/record.ts';
import type { Clock, ClockMapping } from '../core/time/clock.ts';
import type { Refusal } from './contract.ts';
import type { Commit, Committed, Failure, NumberedPoint } from './messages.ts';
import type { Packer } from './packer.ts';
import type { Ring, Waiting } from './ring.ts';

/** About this much goes into one transaction, bytes. */
const COMMIT_BYTES = 2 * 1024 * 1024;
/** What uplinks settled, and what is not signed yet, waits this long for a commit to ride in, ms. */
const IDLE = 300_000;
/** A commit that fails so often for no reason of the disk's is dropped rather than tried for ever. */
const ATTEMPTS = 8;

const DISK: ReadonlySet<string> = new Set(['store-full', 'store-damaged', 'store-failed']);

interface UnderWay {
  readonly commit: Commit;
  readonly waiting: readonly Waiting[];
  attempts: number;
}

export interface CommitterOptions {
  readonly instance: string;
  readonly clock: Clock;
  readonly packer: Packer;
  readonly ring: Ring;
  onCommitted(committed: Committed): void;
  /** Told for each failed try. */
  onFailed(failure: Failure): void;
  onDropped(count: number, failure: Failure): void;
}

export class Committer {
  readonly #options: CommitterOptions;
  readonly #backoff: Backoff;
  #post: ((commit: Commit) => void) | undefined;
  #underWay: UnderWay | undefined;
  #retry: Disposable | undefined;
  #idle: Disposable | undefined;
  #token = 0;
  /** Points the present generation of the thread has been told. */
  #told = 0;
  #events: AgentEvent[] = [];
  #mappings: ClockMapping[] = [];
  readonly #cursors = new Map<string, readonly [string, Lane, Cursor]>();
  #refusals: Refusal[] = [];
  /** The log holds what no signature covers. */
  #unsigned = false;
  readonly #drained = new Set<() => void>();

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ first: 500, max: 30_000, resetAfter: 0 });
  }

  /** A generation of the thread is there; undefined: it is gone. */
  connect(post: ((commit: Commit) => void) | undefined): void {
    this.#post = post;
    this.#told = 0;
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    if (post !== undefined && this.#underWay !== undefined) this.#send(this.#underWay);
    else this.kick();
  }

  /** An event of the store's own; goes with the next commit. */
  note(event: AgentEvent): void {
    this.#events.push(event);
  }

  learn(mapping: ClockMapping): void {
    this.#mappings.push(mapping);
  }

  settle(uplink: string, lane: Lane, cursor: Cursor): void {
    this.#cursors.set(`${uplink}/${lane}`, [uplink, lane, cursor]);
    this.#waitIdle();
  }

  refuse(refusals: readonly Refusal[]): void {
    this.#refusals.push(...refusals);
    this.#waitIdle();
  }

  #waitIdle(): void {
    this.#idle ??= this.#options.clock.after(IDLE, () => {
      this.#idle = undefined;
      this.kick(true);
    });
  }

  /** Nothing is under way and nothing waits. */
  get idle(): boolean {
    return this.#underWay === undefined && this.#retry === undefined && !this.#something;
  }

  get #something(): boolean {
    return this.#options.ring.length > 0 || this.#events.length > 0 || this.#mappings.length > 0;
  }

  /** Commits what waits, unless a commit is under way. `all`: also where only cursors wait. */
  kick(all = false): void {
    if (this.#underWay !== undefined || this.#post === undefined || this.#retry !== undefined) return;
    const riders = this.#cursors.size > 0 || this.#refusals.length > 0 || this.#unsigned;
    if (!this.#something && !(all && riders)) return;
    this.#idle?.[Symbol.dispose]();
    this.#idle = undefined;
    const { ring, clock, instance } = this.#options;
    const waiting = ring.take(COMMIT_BYTES);
    const losses = ring.takeLosses().map((loss) => this.#gap(loss));
    const commit: Commit = {
      instance,
      token: ++this.#token,
      boot: clock.boot,
      now: clock.mono(),
      mapping: clock.mapping(),
      mappings: this.#mappings,
      points: [],
      packs: waiting.map(({ packs }) => packs),
      events: [...losses, ...this.#events],
      cursors: [...this.#cursors.values()],
      refusals: this.#refusals,
    };
    this.#mappings = [];
    this.#events = [];
    this.#refusals = [];
    this.#cursors.clear();
    this.#underWay = { commit, waiting, attempts: 0 };
    this.#send(this.#underWay);
  }

  #gap({ lane, count, from, to }: { lane: Lane; count: number; from: number; to: number }): AgentEvent {
    const { clock } = this.#options;
    const { mono, wall, rate } = clock.mapping();
    const body: { [key: string]: Json } = {
      lane,
      count,
      reason: 'not-logged',
      since: wall + (from - mono) * rate,
      until: wall + (to - mono) * rate,
      keptAs: 'nothing',
    };
    return { event: 'gap', severity: 'warning', time: clock.mono(), body };
  }

  #send({ commit }: UnderWay): void {
    const { clock, packer } = this.#options;
    const points: readonly NumberedPoint[] = packer.points.slice(this.#told);
    this.#told = packer.points.length;
    this.#post?.({ ...commit, boot: clock.boot, now: clock.mono(), mapping: clock.mapping(), points });
  }

  committed(done: Committed): void {
    const under = this.#underWay;
    if (under?.commit.token !== done.token) return;
    this.#underWay = undefined;
    this.#backoff.healthy(this.#options.clock.mono());
    for (const [i, { resolve, dropped }] of under.waiting.entries())
      resolve({ ranges: done.ranges[i] ?? {}, dropped });
    this.#options.onCommitted(done);
    this.#unsigned = done.unsigned;
    if (done.unsigned) this.#waitIdle();
    this.kick();
    this.#tellDrained();
  }

  /** `token` undefined: the log could not be opened. */
  failed(failure: Failure, token: number | undefined): void {
    const under = this.#underWay;
    if (token !== undefined && under?.commit.token !== token) return;
    this.#options.onFailed(failure);
    if (under !== undefined && token !== undefined && !DISK.has(failure.code)) {
      under.attempts++;
      if (under.attempts >= ATTEMPTS) this.#giveUp(under, failure);
    }
    const wait = this.#backoff.next(this.#options.clock.mono());
    this.#retry?.[Symbol.dispose]();
    this.#retry = this.#options.clock.after(wait, () => {
      this.#retry = undefined;
      if (this.#underWay !== undefined) this.#send(this.#underWay);
      else this.kick();
    });
  }

  #giveUp({ waiting }: UnderWay, failure: Failure): void {
    this.#underWay = undefined;
    let count = 0;
    for (const { packs, resolve, dropped } of waiting) {
      const lost = packs.reduce((sum, pack) => sum + this.#options.ring.lose(pack), 0);
      count += lost;
      resolve({ ranges: {}, dropped: dropped + lost });
    }
    this.#options.onDropped(count, failure);
  }

  #tellDrained(): void {
    if (this.#underWay !== undefined) return;
    for (const tell of this.#drained) tell();
    this.#drained.clear();
  }

  /** Writes everything, riders too; resolves when nothing is left, or when `signal` aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // The signature of a stop is made with the clean-stop mark.
      this.#unsigned = false;
      this.kick(true);
      if (this.#underWay === undefined && this.#retry === undefined) return;
      await new Promise<void>((resolve) => {
        this.#drained.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Rejects whoever still waits; nothing is written any more. */
  end(): void {
    this.#post = undefined;
    this.#retry?.[Symbol.dispose]();
    this.#idle?.[Symbol.dispose]();
    const error = new AgentError(
      'store-failed',
      'writing to the log failed: the store was closed before it could be done',
    );
    const left = [...(this.#underWay?.waiting ?? []), ...this.#options.ring.take(Number.POSITIVE_INFINITY)];
    this.#underWay = undefined;
    for (const { reject } of left) reject(error);
  }
}
