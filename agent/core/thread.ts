/** A supervised worker thread: started, restarted with back-off as a new generation when it dies, ended with the signal. */
import { Worker } from 'node:worker_threads';
import type { BackoffOptions } from './backoff.ts';
import { AgentError } from './errors.ts';
import type { Log } from './log.ts';
import { supervise } from './supervise.ts';
import type { Clock } from './time/clock.ts';

export interface ThreadOptions {
  readonly name: string;
  readonly entry: URL;
  /** Handed to each generation as `workerData`. */
  readonly data: () => unknown;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly backoff?: BackoffOptions;
  /**
   * Called with each new generation; asks again what the last one had not settled. `healthy` ends the outage. Its
   * returned disposable ends with the generation.
   */
  readonly start: (worker: Worker, healthy: () => void) => Disposable;
  /** Asks the thread to end by itself, at most this long, before it is terminated, ms. Default 2000. */
  readonly grace?: number;
  /** Called by the abort: tell the worker to finish (flush, close). */
  readonly stop?: (worker: Worker) => void;
  readonly onState?: (state: 'down' | 'up', error?: AgentError) => void;
}

/** Threads of an agent make little garbage at a time; the default young generation would grow to 48 MB in each. */
const LIMITS = { maxYoungGenerationSizeMb: 6 };

/** Runs until `signal` aborts and the thread is gone. Never rejects. */
export async function runThread(options: ThreadOptions): Promise<void> {
  const { name, clock, log, signal, grace = 2000 } = options;
  const generation = async (healthy: () => void) => {
    const worker = new Worker(options.entry, { workerData: options.data(), name, resourceLimits: LIMITS });
    const exited = new Promise<void>((resolve, reject) => {
      worker.once('error', (cause) =>
        reject(new AgentError('thread-died', `${name} thread died: ${cause}`, { cause })),
      );
      worker.once('exit', (code) =>
        code === 0 || signal.aborted
          ? resolve()
          : reject(new AgentError('thread-died', `${name} thread died: exit code ${code}`)),
      );
    });
    let timer: Disposable | undefined;
    const stop = () => {
      options.stop?.(worker);
      timer = clock.after(options.stop === undefined ? 0 : grace, () => void worker.terminate());
    };
    const running = options.start(worker, healthy);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      await exited;
    } finally {
      signal.removeEventListener('abort', stop);
      timer?.[Symbol.dispose]();
      running[Symbol.dispose]();
    }
  };
  await supervise(generation, {
    clock,
    signal,
    ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
    onDown: (error, retryIn) => {
      log.error('thread.down', { thread: name, error: error.message, retry_in_ms: Math.round(retryIn) });
      options.onState?.('down', error);
    },
    onUp: () => {
      log.info('thread.up', { thread: name });
      options.onState?.('up');
    },
  });
}
