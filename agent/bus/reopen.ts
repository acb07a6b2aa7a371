/** Opens a port and keeps trying: says so once when it fails and once when it is open again. */
import { Backoff } from '../core/backoff.ts';
import { type AgentError, asAgentError } from '../core/errors.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Pipe, Port } from './port/port.ts';

/** Shortest wait between two tries, ms. */
const SHORTEST_MS = 100;

export interface ReopenOptions {
  readonly port: Port;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  readonly onDown: (error: AgentError) => void;
}

/** Gives open pipes, one after the other. */
export class Reopen {
  readonly #options: ReopenOptions;
  readonly #backoff: Backoff;
  #last: AgentError['code'] | undefined;

  constructor(options: ReopenOptions) {
    this.#options = options;
    const { port, random } = options;
    this.#backoff = new Backoff({ max: port.retry, ...(random === undefined ? {} : { random }) });
  }

  /** Resolves with the next open pipe; undefined when aborted. Never rejects. */
  async next(): Promise<Pipe | undefined> {
    const { port, clock, signal, onDown } = this.#options;
    while (!signal.aborted) {
      try {
        const pipe = await port.open(signal);
        if (signal.aborted) {
          await pipe[Symbol.asyncDispose]();
          return undefined;
        }
        this.#last = undefined;
        this.#backoff.healthy(clock.mono());
        return pipe;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const error = asAgentError(thrown, 'port-missing');
        // Another cause than before is news (the adapter is back, but somebody else has it).
        if (this.#last !== error.code) onDown(error);
        this.#last = error.code;
      }
      await this.wait();
    }
    return undefined;
  }

  /** Waits before the next try, also after a pipe that was lost at once. */
  async wait(): Promise<void> {
    const { clock, signal } = this.#options;
    const wait = Math.max(SHORTEST_MS, this.#backoff.next(clock.mono()));
    await clock.sleep(wait, signal).catch(() => {});
  }
}
