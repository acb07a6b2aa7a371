/** History on main: asks the history thread page by page, newest first, until there is enough. */
import type { Worker } from 'node:worker_threads';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { caller, type Remote } from '../core/rpc.ts';
import { runThread } from '../core/thread.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Bucket } from '../core/view.ts';
import type { History } from './contract.ts';
import type { Page } from './history-page.ts';
import type { HistoryCalls, HistoryData } from './history-thread.ts';
import { LEVELS } from './schema.ts';

const PAGE = 400;
const MAX_BUCKETS = 5000;
const DEADLINE = 15_000;

export interface HistoryOptions extends HistoryData {
  readonly clock: Clock;
  readonly log: Log;
}

export function openHistory({ file, timezone, clock, log }: HistoryOptions): History {
  const ending = new AbortController();
  let calls: Remote<HistoryCalls> | undefined;
  const start = (worker: Worker, healthy: () => void): Disposable => {
    const mine = caller<HistoryCalls>(worker, { deadline: DEADLINE, peer: 'the history thread' });
    calls = mine;
    worker.once('online', healthy);
    return {
      [Symbol.dispose]: () => {
        if (calls === mine) calls = undefined;
        mine[Symbol.dispose]();
      },
    };
  };
  const running = runThread({
    name: 'history',
    entry: new URL('./history-thread.ts', import.meta.url),
    data: () => ({ file, timezone }) satisfies HistoryData,
    clock,
    log,
    signal: ending.signal,
    start,
    stop: (worker) => worker.postMessage({ close: true }),
  });
  return {
    async alarms(limit) {
      if (calls === undefined)
        throw new AgentError('thread-died', 'reading of alarms failed: the history thread is not running');
      return calls.alarms(limit);
    },
    async events(...asked) {
      if (calls === undefined)
        throw new AgentError('thread-died', 'reading of events failed: the history thread is not running');
      return calls.events(...asked);
    },
    async query(device, point, from, to, bucket, signal) {
      if (!LEVELS.some(({ ms }) => ms === bucket))
        throw new AgentError(
          'unsupported',
          `reading of history failed: no buckets of ${bucket} ms (1 min, 15 min, 1 h, 1 d)`,
        );
      const pages: (readonly Bucket[])[] = [];
      let count = 0;
      for (let end: number | undefined = to; end !== undefined && count < MAX_BUCKETS; ) {
        signal.throwIfAborted();
        if (calls === undefined)
          throw new AgentError('thread-died', 'reading of history failed: its thread is not running');
        const limit = Math.min(PAGE, MAX_BUCKETS - count);
        const page: Page = await abortable(calls.page(device, point, from, end, bucket, limit), signal);
        pages.unshift(page.buckets);
        count += page.buckets.length;
        end = page.before !== undefined && page.before > from ? page.before : undefined;
      }
      return pages.flat();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
