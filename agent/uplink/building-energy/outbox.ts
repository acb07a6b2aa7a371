/**
 * Reports on their way: one of live data and one of the backlog at a time, each until it is acknowledged. Live data never
 * wait behind the backlog. What is not acknowledged in time breaks the session: the protocol sends again after a break.
 */
import type { Clock } from '../../core/time/clock.ts';
import type { Delivery, StreamName } from '../../core/uplink.ts';

interface Waiting {
  readonly sequence: string;
  readonly send: () => Promise<void>;
  readonly done: (delivery: Delivery) => void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** Longest wait for an acknowledgement, ms. */
  readonly timeout: number;
  /** Nothing was acknowledged in time, or nothing can be written. */
  lose(reason: string): void;
}

export class Outbox implements Disposable {
  readonly #options: OutboxOptions;
  readonly #queues: Readonly<Record<StreamName, Waiting[]>> = { live: [], backlog: [] };
  readonly #under = new Map<StreamName, { readonly one: Waiting; readonly timer: Disposable }>();
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Resolves when the centre has acknowledged it, or `keep`. `send` writes it. */
  push(stream: StreamName, sequence: string, send: () => Promise<void>): Promise<Delivery> {
    return new Promise((done) => {
      if (this.#closed) return done({ kind: 'keep', reason: 'the session ends' });
      this.#queues[stream].push({ sequence, send, done });
      this.#next(stream);
    });
  }

  /** Sequence of the report of `stream` that waits for its acknowledgement. */
  underWay(stream: StreamName): string | undefined {
    return this.#under.get(stream)?.one.sequence;
  }

  /** True where a report was settled by it. A `sequence` that is another's belongs to a report long given up. */
  acknowledged(stream: StreamName, sequence: string | undefined, refusal?: string): boolean {
    const under = this.#under.get(stream);
    if (under === undefined) return false;
    if (sequence !== undefined && sequence !== '' && sequence !== under.one.sequence) return false;
    this.#under.delete(stream);
    under.timer[Symbol.dispose]();
    under.one.done(refusal === undefined ? { kind: 'accepted' } : { kind: 'keep', reason: refusal });
    this.#next(stream);
    return true;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    const keep: Delivery = { kind: 'keep', reason: 'the session ends' };
    for (const { one, timer } of this.#under.values()) {
      timer[Symbol.dispose]();
      one.done(keep);
    }
    this.#under.clear();
    for (const queue of Object.values(this.#queues)) for (const { done } of queue.splice(0)) done(keep);
  }

  #next(stream: StreamName): void {
    if (this.#closed || this.#under.has(stream)) return;
    const one = this.#queues[stream].shift();
    if (one === undefined) return;
    const { clock, timeout, lose } = this.#options;
    const timer = clock.after(timeout, () =>
      lose(`no acknowledgement of report ${one.sequence} within ${timeout} ms`),
    );
    this.#under.set(stream, { one, timer });
    one.send().catch((thrown: unknown) => lose(thrown instanceof Error ? thrown.message : String(thrown)));
  }
}
