/** Devices that are asked for a moment on a line they are not on, or not as they are: before a site file is changed. */
import { AgentError, asAgentError } from '../core/errors.ts';
import type { SerialSettings } from '../core/line.ts';
import type { Exchange } from '../core/link.ts';

/** More than these are no trial. */
const LONGEST_QUEUE = 256;

export interface Visit {
  readonly device: string;
  readonly serial: SerialSettings | undefined;
  readonly work: (exchange: Exchange, signal: AbortSignal) => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: AgentError) => void;
}

/** First come, first served. */
export class Visits {
  readonly #queue: Visit[] = [];

  get size(): number {
    return this.#queue.length;
  }

  /** Resolves with what `work` says in its turn. Rejects with `queue-full`, `aborted`, or as `work` does. */
  add<T>({
    work,
    signal,
    ...who
  }: Pick<Visit, 'device' | 'serial' | 'signal'> & {
    readonly work: (exchange: Exchange, signal: AbortSignal) => Promise<T>;
  }): Promise<T> {
    if (signal.aborted) return Promise.reject(asAgentError(signal.reason, 'aborted'));
    if (this.#queue.length >= LONGEST_QUEUE) {
      return Promise.reject(
        new AgentError('queue-full', `visit of ${who.device} failed: ${LONGEST_QUEUE} are waiting`),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let answer: T;
    const visit: Visit = {
      ...who,
      signal,
      work: async (exchange, limit) => {
        answer = await work(exchange, limit);
      },
      resolve: () => resolve(answer),
      reject,
    };
    const abort = () => {
      const index = this.#queue.indexOf(visit);
      // Not there: it has its turn, and the turn ends it.
      if (index < 0) return;
      this.#queue.splice(index, 1);
      reject(asAgentError(signal.reason, 'aborted'));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#queue.push(visit);
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }

  take(): Visit | undefined {
    return this.#queue.shift();
  }

  rejectAll(error: AgentError): void {
    for (const visit of this.#queue.splice(0)) visit.reject(error);
  }
}
