/** Gets the built pages from their short-lived thread. */
import { Worker } from 'node:worker_threads';
import { AgentError } from '../core/errors.ts';
import type { Built, PageSource } from './asset.ts';

/** Longest wait for the pages, ms. */
const DEADLINE = 30_000;

/** Rejects with `internal` where a page cannot be made, with `aborted` when told to stop. */
export async function loadAssets(source: PageSource, signal: AbortSignal): Promise<Built> {
  const worker = new Worker(new URL('./build.ts', import.meta.url), {
    name: 'pages',
    workerData: source,
    // Stripping types is marked experimental; saying so at each start helps nobody.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]);
  const stop = () => void worker.terminate();
  bounded.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Built>((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(new AgentError('internal', `making the pages failed: ${cause}`, { cause }));
      worker.once('message', resolve);
      worker.once('error', fail);
      worker.once('exit', (code) => fail(bounded.aborted ? bounded.reason : `exit code ${code}`));
      if (bounded.aborted) stop();
    });
  } finally {
    bounded.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
