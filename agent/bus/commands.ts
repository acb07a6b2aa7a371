/** Writes that wait for their turn on a line: first come, first served, all before polling. */
import type { PointWrite, WriteOutcome } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import { Times } from './times.ts';

/** More than these mean that somebody writes faster than a serial line can. */
const LONGEST_QUEUE = 64;

export interface PendingWrite {
  readonly device: string;
  readonly write: PointWrite;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: AgentError) => void;
}

export class Commands {
  readonly #queue: PendingWrite[] = [];
  readonly #now: () => number;
  readonly #times = new Times();
  #done = 0;

  /** `now`: monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** Resolves when it had its turn. Rejects with `queue-full`, `aborted`, or what the turn rejects with. */
  add(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    if (signal.aborted) return Promise.reject(asAgentError(signal.reason, 'aborted'));
    if (this.#queue.length >= LONGEST_QUEUE) {
      return Promise.reject(
        new AgentError(
          'queue-full',
          `write of ${device} ${write.point} failed: ${LONGEST_QUEUE} are waiting`,
          {
            fix: 'Send fewer commands: a serial line takes a few in a second.',
          },
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        const index = this.#queue.indexOf(pending);
        // Not there: it has its turn, and the turn ends it.
        if (index < 0) return;
        this.#queue.splice(index, 1);
        reject(asAgentError(signal.reason, 'aborted'));
      };
      const asked = this.#now();
      const settled = () => signal.removeEventListener('abort', abort);
      const pending: PendingWrite = {
        device,
        write,
        signal,
        resolve: (outcome) => {
          settled();
          this.#done += 1;
          this.#times.add(this.#now() - asked);
          resolve(outcome);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.push(pending);
    });
  }

  /** How many had their turn, and how long they took from the wish to the read-back, ms. */
  facts(): Readonly<Record<string, number | null>> {
    return {
      commands_done: this.#done,
      command_p50_ms: this.#times.percentile(0.5),
      command_p95_ms: this.#times.percentile(0.95),
    };
  }

  /** Whether `take` would give one. */
  waiting(free: (device: string) => boolean): boolean {
    return this.#queue.some(({ device }) => free(device));
  }

  /** The first one of a device that `free` allows. */
  take(free: (device: string) => boolean = () => true): PendingWrite | undefined {
    const index = this.#queue.findIndex(({ device }) => free(device));
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** Of one device, or of all. */
  rejectAll(error: AgentError, device?: string): void {
    const gone = this.#queue.filter((pending) => device === undefined || pending.device === device);
    for (const pending of gone) {
      this.#queue.splice(this.#queue.indexOf(pending), 1);
      pending.reject(error);
    }
  }
}
