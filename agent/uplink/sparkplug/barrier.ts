/**
 * Data of Sparkplug are QoS 0: nobody acknowledges them. What settles them is the answer to a packet that was sent behind
 * them on the same connection: MQTT brokers work through what a client sends in its order (MQTT 5 §4.6), so whoever
 * answers that packet has taken what came before. One barrier is under way at a time; what is sent meanwhile waits for
 * the next.
 */

import type { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { overdue } from '../mqtt/reason.ts';

/** A server that answers nothing for so long is gone, whatever TCP says, ms. */
export const BARRIER_DEADLINE = 30_000;

export interface BarrierOptions {
  readonly clock: Clock;
  /** Sends a packet that the server answers; calls back with the answer. */
  send(answered: (error?: Error) => void): void;
  /** Called once when an answer is overdue. */
  overdue(reason: AgentError): void;
}

type Waiter = (passed: boolean) => void;

export class Barrier {
  readonly #options: BarrierOptions;
  #waiting: Waiter[] = [];
  #under: readonly Waiter[] | undefined;
  #timer: Disposable | undefined;
  #closed = false;

  constructor(options: BarrierOptions) {
    this.#options = options;
  }

  /** True when the server has taken all that was sent until now; false where that will not be known any more. */
  passed(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(false);
      this.#waiting.push(resolve);
      // Whatever is sent in the same turn goes before the same barrier.
      queueMicrotask(() => this.#raise());
    });
  }

  /** Whoever waits learns that nothing is known. */
  close(): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    const left = [...(this.#under ?? []), ...this.#waiting];
    this.#under = undefined;
    this.#waiting = [];
    for (const tell of left) tell(false);
  }

  #raise(): void {
    if (this.#closed || this.#under !== undefined || this.#waiting.length === 0) return;
    const under = this.#waiting;
    this.#under = under;
    this.#waiting = [];
    this.#timer = this.#options.clock.after(BARRIER_DEADLINE, () => {
      this.#options.overdue(overdue('barrier', `no answer within ${BARRIER_DEADLINE / 1000} s`));
    });
    this.#options.send((error) => {
      if (this.#under !== under) return;
      this.#timer?.[Symbol.dispose]();
      this.#under = undefined;
      for (const tell of under) tell(error === undefined);
      this.#raise();
    });
  }
}
