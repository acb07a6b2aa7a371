/** Whether a camera shows anything that can be counted: it answers, it is not dark, its picture moves. */
import { createHash } from 'node:crypto';
import type { Mono, Reason } from '../core/reading.ts';

export type Condition = 'starting' | 'ok' | 'failed' | 'dark' | 'frozen';

/** The same frame again for this long is a frozen source: a sensor's noise alone makes two frames differ, ms. */
const FROZEN_AFTER = 3000;
/** Darkness this long is told: a lorry before the lens is not, ms. */
const DARK_AFTER = 2000;
/** Without a good frame for this long the source has failed, ms. */
const FAILED_AFTER = 3000;

export class ConditionWatch {
  #condition: Condition = 'starting';
  #digest = '';
  #changed: Mono;
  #bright: Mono;
  #answered: Mono;

  constructor(now: Mono) {
    this.#changed = now;
    this.#bright = now;
    this.#answered = now;
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Takes a frame that could be decoded. True: count on it. */
  frame(bytes: Uint8Array, dark: boolean, time: Mono): boolean {
    const digest = createHash('sha1').update(bytes).digest('base64');
    if (digest !== this.#digest) this.#changed = time;
    this.#digest = digest;
    if (!dark) this.#bright = time;
    this.#answered = time;
    if (time - this.#changed >= FROZEN_AFTER) this.#condition = 'frozen';
    else if (dark && time - this.#bright >= DARK_AFTER) this.#condition = 'dark';
    else if (!dark) this.#condition = 'ok';
    return this.#condition === 'ok' && !dark;
  }

  /** Takes a failure to get a frame or to decode it. */
  failure(time: Mono): void {
    if (time - this.#answered >= FAILED_AFTER) this.#condition = 'failed';
  }

  /** Why nothing can be counted now. */
  get trouble(): Reason | undefined {
    switch (this.#condition) {
      case 'failed':
        return 'communication-failure';
      case 'dark':
        return 'source-dark';
      case 'frozen':
        return 'source-frozen';
      default:
        return undefined;
    }
  }
}
