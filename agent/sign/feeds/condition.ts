/**
 * How a feed does, told apart: whether it answers, whether what it answers can be taken, whether it moves, and how old it
 * is when it does. One failure is a hiccup; two in a row are a condition. Told when it changes.
 */

import type { FeedConfig } from '../../core/sign/feed.ts';
import type { FeedCondition, FeedCounters, FeedState } from '../../core/sign/transit.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Tally } from './content.ts';

/** Failures of a kind in a row that make it a condition. */
const IN_A_ROW = 2;

export type FeedFailure = {
  readonly condition: 'malformed' | 'too-large' | 'unreachable';
  readonly reason: string;
  readonly fix: string;
};

/** What a good message said. */
export interface Seen {
  /** When the centre made it, Unix epoch ms. */
  readonly sent: number | undefined;
  /** Newest time of what it says, Unix epoch ms. */
  readonly newest: number | undefined;
  /** The same for the same content, whatever its header. */
  readonly fingerprint: string;
  /** Positions and predictions in it. */
  readonly items: number;
}

export class FeedJudge {
  readonly #config: FeedConfig;
  readonly #clock: Clock;
  readonly #expected: () => boolean;
  readonly #wall: () => number | undefined;
  #condition: FeedCondition = 'starting';
  #since: number;
  #reason: string | undefined;
  #fix: string | undefined;
  #failures: FeedFailure[] = [];
  #sent: number | undefined;
  #fingerprint: string | undefined;
  #headMoved: number;
  #contentMoved: number;
  #lastNew: number | undefined;
  #lastTime: number | undefined;
  /** ms: how old the newest of it was when it came. */
  #lag: number | undefined;
  #items = 0;
  readonly #counts = {
    received: 0,
    unchanged: 0,
    bytes: 0,
    refused: 0,
    failed: 0,
    vehicles: 0,
    predictions: 0,
  };
  readonly dropped = new Tally();

  /**
   * `expected`: whether buses should be under way now, so that silence means something. `wall`: Unix epoch ms where our
   * clock can be trusted.
   */
  constructor(config: FeedConfig, clock: Clock, expected: () => boolean, wall: () => number | undefined) {
    this.#config = config;
    this.#clock = clock;
    this.#expected = expected;
    this.#wall = wall;
    this.#since = clock.mono();
    this.#headMoved = this.#since;
    this.#contentMoved = this.#since;
  }

  /** A message could be read. Whether it said anything new. */
  good(seen: Seen, bytes: number, vehicles: number, predictions: number): boolean {
    const now = this.#clock.mono();
    this.#counts.received += 1;
    this.#counts.bytes += bytes;
    this.#counts.vehicles += vehicles;
    this.#counts.predictions += predictions;
    this.#failures = [];
    const headMoved = seen.sent === undefined || seen.sent !== this.#sent;
    const contentMoved = seen.fingerprint !== this.#fingerprint;
    this.#sent = seen.sent;
    this.#fingerprint = seen.fingerprint;
    this.#items = seen.items;
    // A header that comes back to an older time is a cache between us and the centre, not news.
    if (headMoved && (seen.sent !== undefined || contentMoved)) this.#headMoved = now;
    if (contentMoved) {
      this.#contentMoved = now;
      this.#lastNew = now;
      const time = seen.newest ?? seen.sent;
      if (time !== undefined) this.#lastTime = time;
      // Against our clock where it can be trusted, else against its own header. A feed that stands still grows no later.
      const against = this.#wall() ?? seen.sent;
      this.#lag = time === undefined || against === undefined ? undefined : against - time;
    } else this.#counts.unchanged += 1;
    return contentMoved;
  }

  /** The centre says that nothing has changed (304). */
  same(): void {
    this.#counts.received += 1;
    this.#counts.unchanged += 1;
    this.#failures = [];
    // Alerts may stay as they are for days; buses do not.
    if (this.#items === 0) this.#headMoved = this.#clock.mono();
  }

  failed(failure: FeedFailure, bytes = 0): void {
    this.#counts.bytes += bytes;
    if (failure.condition === 'unreachable') this.#counts.failed += 1;
    else this.#counts.refused += 1;
    this.#failures.push(failure);
    if (this.#failures.length > IN_A_ROW) this.#failures.shift();
  }

  /** The state now, and the condition before where it has just changed. */
  judge(): { readonly state: FeedState; readonly before?: FeedCondition } {
    const [condition, reason, fix] = this.#look();
    const before = this.#condition;
    this.#reason = reason;
    this.#fix = fix;
    if (condition === before) return { state: this.state() };
    this.#condition = condition;
    this.#since = this.#clock.mono();
    return { state: this.state(), before };
  }

  state(): FeedState {
    const counters: FeedCounters = { ...this.#counts, dropped: this.dropped.counts() };
    return {
      feed: this.#config.id,
      kind: this.#config.format,
      condition: this.#condition,
      since: this.#since,
      ...(this.#lastNew === undefined ? {} : { lastNew: this.#lastNew }),
      ...(this.#lastTime === undefined ? {} : { lastTime: this.#lastTime }),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(this.#fix === undefined ? {} : { fix: this.#fix }),
      counters,
    };
  }

  #look(): readonly [FeedCondition, (string | undefined)?, (string | undefined)?] {
    const failure = this.#failures.at(-1);
    if (failure !== undefined && this.#failures.length >= IN_A_ROW) {
      // Several kinds in turn: the latest says where to look.
      return [failure.condition, failure.reason, failure.fix];
    }
    if (failure !== undefined) return [this.#condition, this.#reason, this.#fix];
    const { frozenAfter, lateAfter, via } = this.#config;
    const now = this.#clock.mono();
    const heard = this.#counts.received > 0;
    if (now - this.#headMoved >= frozenAfter && (heard || via.kind !== 'http') && this.#moves()) {
      const s = Math.round((now - this.#headMoved) / 1000);
      return via.kind === 'http'
        ? ['frozen', `the same answer for ${s} s`, 'Ask the centre: its feed stands still.']
        : ['frozen', `no message for ${s} s`, 'Ask the centre: nothing is sent to this topic or address.'];
    }
    if (!heard) return ['starting'];
    // The header may be stamped anew each time while the positions behind it stand still.
    if (now - this.#contentMoved >= 2 * frozenAfter && this.#items > 0 && this.#expected()) {
      const s = Math.round((now - this.#contentMoved) / 1000);
      return [
        'frozen',
        `its time moves, its content is the same for ${s} s`,
        'Ask the centre: its source stands still.',
      ];
    }
    if (this.#lag !== undefined && this.#lag > lateAfter) {
      const s = Math.round(this.#lag / 1000);
      return [
        'late',
        `what it says is ${s} s old when it comes`,
        'Ask the centre; the sign shows such times as about.',
      ];
    }
    return ['fresh'];
  }

  /** Feeds that are sent to us, and answers without buses, may stand still at night. */
  #moves(): boolean {
    return this.#sent !== undefined && this.#config.via.kind === 'http' ? true : this.#expected();
  }
}
