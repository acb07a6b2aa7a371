/** Keeps what a sign has learned: written soon after there is something new, and not more often than the card likes. */

import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { Turns } from '../../core/turns.ts';
import { type LearnedFile, writeLearned } from './learned.ts';

/** ms */
const SOON = 2000;
const EVERY = 300_000;

export interface LearnedStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What is to be kept now. */
  readonly learned: () => LearnedFile;
}

export class LearnedStore implements AsyncDisposable {
  readonly #options: LearnedStoreOptions;
  #timer: Disposable | undefined;
  #last = Number.NEGATIVE_INFINITY;
  readonly #writing = new Turns();
  #failed = false;

  constructor(options: LearnedStoreOptions) {
    this.#options = options;
  }

  /** Something was learned. */
  touch(): void {
    if (this.#timer !== undefined) return;
    const { clock } = this.#options;
    const wait = Math.max(SOON, this.#last + EVERY - clock.mono());
    this.#timer = clock.after(wait, () => void this.#flush());
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) await this.#flush();
    await this.#writing.over();
  }

  #flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#last = this.#options.clock.mono();
    return this.#writing.take(() => this.#write());
  }

  async #write(): Promise<void> {
    const { file, learned, log } = this.#options;
    try {
      await writeLearned(file, learned());
      if (this.#failed) log.info('sign.learned-written', { file });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) log.error('sign.learned-unwritten', { file, error: String(error) });
      this.#failed = true;
    }
  }
}
