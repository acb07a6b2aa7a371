/**
 * Loaded before the agent (`--import`), and so before each of its threads: at SIGUSR2 every thread collects its garbage
 * and says what is left. The main thread writes one JSON line to the file KERBSIDE_SOAK_PROBE. Nothing of it keeps the
 * process alive.
 */
import { appendFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, threadId, threadName } from 'node:worker_threads';

/** What one thread holds after a collection. */
export interface ThreadFacts {
  readonly thread: number;
  /** As `runThread` names it; empty: the main thread. */
  readonly name: string;
  /** Bytes. */
  readonly heap: number;
  /** Outside of V8's heap, array buffers among it. */
  readonly external: number;
  readonly arrayBuffers: number;
  /** Timers that are set, and all other things the event loop waits for, by kind. */
  readonly timers: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** Threads answer within this time, or are busy with something longer than a collection, ms. */
const PATIENCE = 3000;

const ask = new BroadcastChannel('soak-ask');
const answer = new BroadcastChannel('soak-answer');

function facts(): ThreadFacts {
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { Timeout: timers = 0, ...others } = resources;
  const { external, arrayBuffers } = process.memoryUsage();
  return {
    thread: threadId,
    name: isMainThread ? '' : (threadName ?? ''),
    heap: getHeapStatistics().used_heap_size,
    external,
    arrayBuffers,
    timers,
    resources: others,
  };
}

if (isMainThread) {
  const file = process.env.KERBSIDE_SOAK_PROBE;
  process.on('SIGUSR2', () => {
    const threads: ThreadFacts[] = [];
    answer.onmessage = ({ data }) => void threads.push(data as ThreadFacts);
    answer.unref();
    ask.postMessage('now');
    threads.push(facts());
    setTimeout(() => {
      answer.onmessage = () => {};
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(threads)}\n`);
    }, PATIENCE).unref();
  });
} else {
  ask.onmessage = () => answer.postMessage(facts());
}
ask.unref();
answer.unref();
