/** Whether a camera shows anything that can be counted: it answers, it sees, its picture moves, and it looks where it did. */
import { createHash } from 'node:crypto';
import type { Mono, Reason } from '../core/reading.ts';
import type { ViewFault } from './view-watch.ts';

export type Condition = 'starting' | 'ok' | 'failed' | 'dark' | 'frozen' | ViewFault;
/** What is wrong with a single frame. */
export type FrameFault = 'dark' | ViewFault;

/** The same frame again for this long is a frozen source, ms. */
const FROZEN_AFTER = 3000;
/** What is wrong for this long is told: a lorry before the lens is not, ms. */
const TOLD_AFTER: Readonly<Record<FrameFault, number>> = { dark: 2000, covered: 3000, moved: 15_000 };
/** Without a good frame for this long the source has failed, ms. */
const FAILED_AFTER = 3000;

export class ConditionWatch {
  readonly #frozenAfter: number;
  #condition: Condition = 'starting';
  #digest = '';
  #changed: Mono;
  #answered: Mono;
  #fault: FrameFault | undefined;
  #faultSince: Mono = 0;

  constructor(now: Mono, frozenAfter = FROZEN_AFTER) {
    this.#changed = now;
    this.#answered = now;
    this.#frozenAfter = frozenAfter;
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Takes a frame that could be decoded. True: count on it. */
  frame(bytes: Uint8Array, fault: FrameFault | undefined, time: Mono): boolean {
    const digest = createHash('sha1').update(bytes).digest('base64');
    if (digest !== this.#digest) this.#changed = time;
    this.#digest = digest;
    // It began at some time after the frame before.
    if (fault !== this.#fault) this.#faultSince = this.#answered;
    this.#fault = fault;
    this.#answered = time;
    if (time - this.#changed >= this.#frozenAfter) this.#condition = 'frozen';
    else if (fault === undefined) this.#condition = 'ok';
    else if (time - this.#faultSince >= TOLD_AFTER[fault]) this.#condition = fault;
    // A view that may have moved is counted on until it is sure: mostly it is a lorry that fills the picture.
    return fault === undefined || fault === 'moved' ? isCounted(this.#condition) : false;
  }

  /** Takes a failure to get a frame or to decode it. */
  failure(time: Mono): void {
    if (time - this.#answered >= FAILED_AFTER) this.#condition = 'failed';
  }

  /** Why nothing can be said now; of a view that may have moved also before it is told: zero may be a lie already. */
  get trouble(): Reason | undefined {
    const doubt = isCounted(this.#condition) && this.#fault === 'moved';
    switch (doubt ? 'moved' : this.#condition) {
      case 'failed':
        return 'communication-failure';
      case 'dark':
        return 'source-dark';
      case 'covered':
        return 'source-covered';
      case 'moved':
        return 'source-moved';
      case 'frozen':
        return 'source-frozen';
      default:
        return undefined;
    }
  }
}

function isCounted(condition: Condition): boolean {
  return condition === 'ok' || condition === 'starting';
}
