/** Hands over the newest frame of a stream: what nobody took in time is dropped. */

import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Frame } from './frame.ts';

interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: AgentError) => void;
}

export class Newest {
  readonly #clock: Clock;
  readonly #what: string;
  #frame: Frame | undefined;
  #error: AgentError | undefined;
  #waiting: Waiting | undefined;
  /** Frames that nobody took. */
  dropped = 0;

  /** `what`: names the source in errors. */
  constructor(clock: Clock, what: string) {
    this.#clock = clock;
    this.#what = what;
  }

  put(frame: Frame): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve(frame);
      return;
    }
    if (this.#frame !== undefined) this.dropped += 1;
    this.#frame = frame;
  }

  /** Ends it: who waits, and who asks from now on, gets the error; a frame that is there already goes first. */
  fail(error: AgentError): void {
    this.#error ??= error;
    this.#waiting?.reject(this.#error);
  }

  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** The newest frame, at most `deadline` ms from now. One taker at a time. */
  async take(deadline: number, signal: AbortSignal): Promise<Frame> {
    if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
    const ready = this.#frame;
    this.#frame = undefined;
    if (ready !== undefined) return ready;
    if (this.#error !== undefined) throw this.#error;
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const abort = () => reject(asAgentError(signal.reason, 'aborted'));
    const late = () =>
      reject(new AgentError('timeout', `${this.#what} failed: no frame within ${deadline} ms`));
    const timer = this.#clock.after(deadline, late);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting = { resolve, reject };
    try {
      return await promise;
    } finally {
      this.#waiting = undefined;
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    }
  }
}
