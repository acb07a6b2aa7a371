/** Asks the board what a pin is set to. */

import { AgentError } from '../../agent/core/errors.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import { Turns } from '../../agent/core/turns.ts';
import type { OpenBoard } from './board.ts';

/** Longest wait for the answer to a pin state query, ms; asked twice. */
const QUERY_TIMEOUT = 1000;

export interface PinState {
  readonly mode: number | undefined;
  /** PWM value or level of an output; of an input whether its pull-up is on. */
  readonly state: number;
}

export class PinStates {
  readonly #id: string;
  readonly #opened: OpenBoard;
  readonly #clock: Clock;
  /** Answers name the pin only, so one query is out at a time. */
  readonly #turns = new Turns();

  constructor(id: string, opened: OpenBoard, clock: Clock) {
    this.#id = id;
    this.#opened = opened;
    this.#clock = clock;
  }

  /**
   * The state of a pin, asked for twice at most. A board obeys and answers in order: whatever was sent before is in
   * force when it resolves. Rejects with `timeout` or as `signal` says.
   */
  query(pin: number, signal: AbortSignal): Promise<PinState> {
    return this.#turns.take(() => this.#ask(pin, signal));
  }

  async #ask(pin: number, signal: AbortSignal): Promise<PinState> {
    const { board, io } = this.#opened;
    const event = `pin-state-${pin}`;
    for (let attempt = 0; attempt < 2; attempt++) {
      signal.throwIfAborted();
      const done = new AbortController();
      const { promise, resolve } = Promise.withResolvers<PinState>();
      const answered = () => resolve({ mode: io.pins[pin]?.mode, state: io.pins[pin]?.state ?? 0 });
      const late = this.#clock
        .sleep(QUERY_TIMEOUT, AbortSignal.any([signal, done.signal]))
        .then(() => undefined);
      late.catch(() => {});
      board.queryPinState(pin, answered);
      try {
        const told = await Promise.race([promise, late]);
        if (told !== undefined) return told;
      } finally {
        done.abort();
        io.removeListener(event, answered);
      }
    }
    throw new AgentError(
      'timeout',
      `state query of pin ${pin} failed: no answer within ${QUERY_TIMEOUT} ms, try 2/2 (board ${this.#id})`,
    );
  }
}
