/** The watch over a change: looks at health until its time is over, or until something has been worse for too long. */

import { asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Health } from './book.ts';
import type { FollowingAgent } from './contract.ts';
import { Decline } from './decline.ts';

/** Between two looks, ms. */
const EVERY = 1000;

export interface WatchOptions {
  readonly clock: Clock;
  readonly agent: Pick<FollowingAgent, 'health' | 'pulse'>;
  readonly before: Health;
  /** ms */
  readonly lasts: number;
  /** Called once: `lasting` says what got worse for good; without it nothing did. */
  readonly over: (lasting?: string) => void;
}

export class Watch implements Disposable {
  readonly #options: WatchOptions;
  readonly #decline: Decline;
  readonly #end: number;
  #worse: readonly string[] = [];
  #standstill: string | undefined;
  #asking = false;
  #timer: Disposable | undefined;
  #disposed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#decline = new Decline(options.before, options.lasts);
    this.#end = options.clock.mono() + options.lasts;
    this.#next();
  }

  /** What is worse just now. */
  get worse(): readonly string[] {
    return this.#worse;
  }

  /** ms until it ends, where nothing gets worse. */
  get left(): number {
    return Math.max(0, this.#end - this.#options.clock.mono());
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #next(): void {
    if (!this.#disposed) this.#timer = this.#options.clock.after(EVERY, () => this.#look());
  }

  #look(): void {
    if (this.#disposed) return;
    const { agent, clock, over } = this.#options;
    void this.#ask();
    const { worse, lasting } = this.#decline.look(agent.health(), clock.mono(), this.#standstill);
    this.#worse = worse;
    // What is worse at the very end gets its time to become better.
    if (lasting === undefined && (this.left > 0 || worse.length > 0)) {
      this.#next();
      return;
    }
    this[Symbol.dispose]();
    over(lasting);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#options.agent.pulse();
      this.#standstill = undefined;
    } catch (error) {
      this.#standstill = asAgentError(error).message;
    }
    this.#asking = false;
  }
}
