/** Waits until the far end of a session takes data. */
import { AgentError } from '../core/errors.ts';
import type { UplinkSession } from '../core/uplink.ts';

/** Rejects where the link is lost or the pump stops before. */
export async function untilReady(
  { closed }: UplinkSession,
  ready: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ended = Promise.withResolvers<never>();
  const abort = () => ended.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const lost = closed.then((): never => {
    throw new AgentError('link-lost', 'the link was lost before the far end took data');
  });
  try {
    await Promise.race([ready, lost, ended.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
