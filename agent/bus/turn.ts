/** One turn of a session on the line: it has the line until it settles, and not for ever. */

import { AgentError, asAgentError } from '../core/errors.ts';
import type { Clock } from '../core/time/clock.ts';

/** Longest turn, ms: several requests with the line's time-out. A session that takes more is broken. */
const LONGEST_MS = 30_000;
/** Time a session has to notice an abort, ms. */
const GRACE_MS = 500;

/**
 * Runs `work` with a signal that aborts with any of `signals` and after 30 s. Rejects with `AgentError`. A session
 * that ignores its signal is left behind; its exchange is revoked by the caller.
 */
export async function turn<T>(
  clock: Clock,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: abandoned, reject: abandon } = Promise.withResolvers<never>();
  abandoned.catch(() => {});
  let grace: Disposable | undefined;
  const stop = (reason: AgentError) => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    grace = clock.after(GRACE_MS, () => abandon(reason));
  };
  const limit = clock.after(LONGEST_MS, () =>
    stop(new AgentError('timeout', `turn on the line failed: not done within ${LONGEST_MS / 1000} s`)),
  );
  const listeners = signals.map((signal) => {
    const abort = () => stop(asAgentError(signal.reason, 'aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
  try {
    controller.signal.throwIfAborted();
    return await Promise.race([work(controller.signal), abandoned]);
  } catch (thrown) {
    throw asAgentError(thrown);
  } finally {
    limit[Symbol.dispose]();
    grace?.[Symbol.dispose]();
    for (const remove of listeners) remove();
  }
}
