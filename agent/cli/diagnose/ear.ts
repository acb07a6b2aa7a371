/**
 * Listens to a line and asks on it, keeping every byte with its moment: what agent/bus throws away as noise is what a
 * diagnosis lives on. Sends nothing but what it is given.
 */
import { characterTime, silenceTime } from '../../bus/airtime.ts';
import type { Pipe } from '../../bus/port/port.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Mono } from '../../core/reading.ts';
import type { SerialSettings } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';

/** Bytes that came together. */
export interface Arrival {
  readonly at: Mono;
  readonly bytes: Uint8Array;
}

/** What was heard from `from` to `until`, and after which request. */
export interface Heard {
  readonly serial: SerialSettings;
  readonly from: Mono;
  readonly until: Mono;
  readonly arrivals: readonly Arrival[];
  /** Absent: nothing was asked. */
  readonly request?: Uint8Array;
  /** When the last bit of the request had left. */
  readonly sent?: Mono;
}

export interface AskOptions {
  /** Longest wait for the answer, from the end of the request, ms. */
  readonly timeout: number;
  /** What is listened on after a whole answer, ms: a second one may follow. */
  readonly tail: number;
  /** Whether an answer is in what came so far. */
  readonly complete: (bytes: Uint8Array) => boolean;
}

/** After this long with bytes and no pause, the question is asked into them, ms. */
const PATIENCE = 500;
/** Pause that ends bytes that are no answer: machines under load deliver late, ms. */
const PAUSE = 150;
/** Slow devices are heard to the end, so long behind the time-out, ms. */
const DRIP = 2000;
/** Longest stretch kept in mind of a line that never stops, bytes. */
const KEEP = 4096;

export class Ear implements Disposable {
  readonly #pipe: Pipe;
  readonly #serial: SerialSettings;
  readonly #clock: Clock;
  readonly #listener: Disposable;
  #arrivals: Arrival[] = [];
  #size = 0;
  #last: Mono = Number.NEGATIVE_INFINITY;
  #from: Mono;
  #wake: (() => void) | undefined;

  constructor(pipe: Pipe, serial: SerialSettings, clock: Clock) {
    this.#pipe = pipe;
    this.#serial = serial;
    this.#clock = clock;
    this.#from = clock.mono();
    this.#listener = pipe.onData((bytes, at) => {
      this.#last = at;
      if (this.#size < KEEP) this.#arrivals.push({ at, bytes: bytes.slice() });
      this.#size += bytes.length;
      this.#wake?.();
    });
    void pipe.closed.then(() => this.#wake?.());
  }

  /** Everything that comes within `ms`. Rejects with `link-lost` or `aborted`. */
  async listen(ms: number, signal: AbortSignal): Promise<Heard> {
    const end = this.#clock.mono() + ms;
    await this.#until(() => end, signal);
    return this.#take({});
  }

  /**
   * Asks when the line is silent, and gives everything that came since the last call that is not in its record. Ends
   * `tail` after a whole answer; otherwise at the time-out, or when what is no answer has stopped. Rejects as `listen`.
   */
  async ask(request: Uint8Array, options: AskOptions, signal: AbortSignal): Promise<readonly Heard[]> {
    const { timeout, tail, complete } = options;
    const quiet = Math.max(silenceTime(this.#serial), 5);
    const patience = this.#clock.mono() + PATIENCE;
    await this.#until(() => Math.min(this.#last + quiet, patience), signal);
    const before = this.#arrivals.length > 0 ? [this.#take({})] : [];
    this.#from = this.#clock.mono();
    await this.#pipe.write(request, signal);
    const sent = this.#clock.mono() + request.length * characterTime(this.#serial);
    let seen = -1;
    let whole: Mono | undefined;
    await this.#until(() => {
      if (seen !== this.#arrivals.length) {
        seen = this.#arrivals.length;
        if (whole === undefined && complete(this.#joined())) whole = this.#last;
      }
      if (whole !== undefined) return Math.min(this.#last + tail, whole + 2 * tail + PAUSE);
      const latest = sent + timeout;
      return this.#last > sent ? Math.min(Math.max(this.#last + PAUSE, latest), latest + DRIP) : latest;
    }, signal);
    return [...before, this.#take({ request, sent })];
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
    this.#wake?.();
  }

  #joined(): Uint8Array {
    return Uint8Array.from(this.#arrivals.flatMap(({ bytes }) => [...bytes]));
  }

  #take(facts: { readonly request?: Uint8Array; readonly sent?: Mono }): Heard {
    const until = this.#clock.mono();
    const heard = { serial: this.#serial, from: this.#from, until, arrivals: this.#arrivals, ...facts };
    this.#arrivals = [];
    this.#size = 0;
    this.#from = until;
    return heard;
  }

  /** Waits until a moment that may change whenever bytes come. */
  async #until(end: () => Mono, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
      if (this.#pipe.failure !== undefined) throw this.#pipe.failure;
      const rest = end() - this.#clock.mono();
      if (!(rest > 0)) return;
      await this.#pause(rest, signal);
    }
  }

  /** Ends after `ms`, at the next bytes, when the port is lost, or when the signal aborts. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(ms, resolve);
    const wake = (): void => resolve();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    return promise.finally(() => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', wake);
      this.#wake = undefined;
    });
  }
}

/** All bytes of a record. */
export function bytesOf({ arrivals }: Heard): Uint8Array {
  return Uint8Array.from(arrivals.flatMap(({ bytes }) => [...bytes]));
}

/** Whether an error is the technician's Ctrl-C. */
export function interrupted(thrown: unknown): boolean {
  return thrown instanceof AgentError && thrown.code === 'aborted';
}
