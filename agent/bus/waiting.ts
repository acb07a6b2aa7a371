/** The wait for one answer: response time-out, silence within an answer, and what is said when none comes. */

import { AgentError, asAgentError } from '../core/errors.ts';
import type { Mono } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Reception } from './reception.ts';

/** The largest answer still on its way at the time-out may finish, characters. */
const LONGEST_ANSWER = 300;
/** A timer this late means that the process was held up: what has come meanwhile is looked at first, ms. */
const HELD_UP_MS = 5;

export interface Arrival {
  readonly bytes: Uint8Array;
  /** When its last byte came. */
  readonly time: Mono;
  /** When its first byte was on the wire. */
  readonly first: Mono;
}

interface WaitingOptions {
  readonly reception: Reception;
  readonly clock: Clock;
  /** ms */
  readonly cut: number;
  /** ms */
  readonly character: number;
  /** ms */
  readonly silence: number;
  readonly signal: AbortSignal;
}

export class Waiting {
  readonly done: Promise<Arrival>;
  readonly #options: WaitingOptions;
  readonly #resolve: (arrival: Arrival) => void;
  readonly #reject: (error: AgentError) => void;
  #over = false;
  #timer: Disposable | undefined;
  #timerDue: Mono = Number.POSITIVE_INFINITY;
  #sentEnd: Mono = Number.POSITIVE_INFINITY;
  #timeout = 0;
  #deadline: Mono = Number.POSITIVE_INFINITY;
  #lastByte: Mono = Number.NEGATIVE_INFINITY;
  #first: Mono | undefined;
  #bytes = 0;
  #mirrorStart: Mono = 0;
  #mirrorTime: Mono = 0;

  constructor(options: WaitingOptions) {
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<Arrival>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // It may fail before anybody waits (the port is lost while the request is written).
    promise.catch(() => {});
    options.signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** All bytes that came, whatever they were. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The request has left, its last character at `sentEnd`: time runs from there. */
  start(sentEnd: Mono, timeout: number): void {
    this.#sentEnd = sentEnd;
    this.#timeout = timeout;
    this.#deadline = sentEnd + timeout;
    if (!this.#over) this.#arm();
  }

  feed(bytes: Uint8Array, time: Mono): void {
    if (this.#over) return;
    const { reception, character } = this.#options;
    this.#bytes += bytes.length;
    this.#lastByte = time;
    const fresh = reception.pending === 0;
    let answer: Uint8Array | undefined;
    try {
      answer = reception.feed(bytes);
    } catch (thrown) {
      this.fail(asAgentError(thrown));
      return;
    }
    // The first byte of an answer was sent its length before the chunk that brought it was complete.
    if (fresh) this.#first = time - bytes.length * character;
    if (reception.mirror !== undefined && this.#mirrorTime === 0) {
      this.#mirrorStart = time - bytes.length * character;
      this.#mirrorTime = time;
    }
    if (answer !== undefined) this.#finish(answer, time);
    else this.#arm();
  }

  fail(error: AgentError): void {
    if (this.#over) return;
    this.#close();
    this.#reject(error);
  }

  #finish(bytes: Uint8Array, time: Mono): void {
    this.#close();
    this.#resolve({ bytes, time, first: this.#first ?? time });
  }

  readonly #abort = () => this.fail(asAgentError(this.#options.signal.reason, 'aborted'));

  #close(): void {
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    this.#options.signal.removeEventListener('abort', this.#abort);
  }

  /** One timer for both limits; bytes that come only push its meaning on, they do not set it anew. */
  #arm(): void {
    const { reception, clock, cut } = this.#options;
    const due = reception.pending > 0 ? Math.min(this.#lastByte + cut, this.#deadline) : this.#deadline;
    if (due === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timerDue <= due)) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerDue = due;
    this.#timer = clock.after(due - clock.mono(), () => this.#expired(due));
  }

  #expired(due: Mono): void {
    this.#timer = undefined;
    const { clock } = this.#options;
    if (clock.mono() - due > HELD_UP_MS) {
      this.#timerDue = Number.NEGATIVE_INFINITY;
      this.#timer = clock.after(1, () => {
        this.#timer = undefined;
        this.#judge();
      });
    } else {
      this.#judge();
    }
  }

  #judge(): void {
    const { reception, clock, cut, character } = this.#options;
    const now = clock.mono();
    // Coarse timers come a little early.
    const silent = now - this.#lastByte >= cut - 0.001;
    if (reception.pending > 0 && silent) {
      const length = reception.cut();
      // One or two bytes are what a driver makes when it switches; more was an answer.
      if (length > 2) {
        this.fail(
          new AgentError('frame-invalid', `answer cut off: silence after ${length} bytes`, {
            context: { bytes: length },
            fix: 'Check termination and bias of the line, and that no two devices have one address.',
          }),
        );
        return;
      }
    }
    if (now >= this.#deadline - 0.001) {
      const longest = this.#sentEnd + this.#timeout + LONGEST_ANSWER * character;
      if (reception.pending > 0 && !silent && now < longest) this.#deadline = Math.min(longest, now + cut);
      else this.#late(now);
    }
    if (!this.#over) this.#arm();
  }

  #late(now: Mono): void {
    const { reception, silence } = this.#options;
    const { mirror } = reception;
    // The first write on a line that has not shown yet if it echoes: an echo begins while we send, an answer only
    // after a silence.
    if (mirror !== undefined && this.#mirrorStart >= this.#sentEnd + silence) {
      this.#finish(mirror, this.#mirrorTime);
      return;
    }
    const waited = `${this.#timeout.toFixed(0)} ms`;
    const context = { bytes: this.#bytes, foreign: reception.foreign, timeout_ms: this.#timeout };
    if (reception.doubtful > 0) {
      this.fail(
        new AgentError('late-answer', 'answer refused: it may belong to an earlier request', { context }),
      );
    } else if (reception.noise + reception.pending > 0) {
      this.fail(
        new AgentError(
          'frame-invalid',
          `no valid answer within ${waited}: ${this.#bytes} bytes came (checksum or form wrong)`,
          { context, fix: 'Check baud rate and parity, A and B, shield and termination.' },
        ),
      );
    } else {
      this.fail(
        new AgentError('timeout', `no answer within ${waited}`, {
          context: { ...context, waited_ms: Math.round(now - this.#sentEnd) },
          fix: 'Check power, wiring, address and baud rate of the device.',
        }),
      );
    }
  }
}
