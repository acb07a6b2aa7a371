/** Keeps something running: starts it, restarts it with back-off when it fails, says so once down and once up. */
import { Backoff, type BackoffOptions } from './backoff.ts';
import { type AgentError, asAgentError } from './errors.ts';
import type { Clock } from './time/clock.ts';

export interface Supervision {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly backoff?: BackoffOptions;
  /** First failure after health, with the wait before the next try, ms. Later failures of the same outage are not told. */
  onDown(error: AgentError, retryIn: number): void;
  /** Called by `healthy()` of a generation after an outage. */
  onUp(): void;
}

/** Lets one generation say that it works. */
export type Healthy = () => void;

/**
 * Runs `generation` again and again until `signal` aborts. A generation owns its queues and timers and resolves or
 * rejects only after they are gone; both count as a failure unless aborted. Never rejects.
 */
export async function supervise(
  generation: (healthy: Healthy, signal: AbortSignal) => Promise<void>,
  { clock, signal, backoff: options, onDown, onUp }: Supervision,
): Promise<void> {
  const backoff = new Backoff(options);
  let down = false;
  while (!signal.aborted) {
    const healthy = () => {
      backoff.healthy(clock.mono());
      if (down) onUp();
      down = false;
    };
    let error: AgentError;
    try {
      await generation(healthy, signal);
      error = asAgentError(new Error('ended by itself'));
    } catch (thrown) {
      error = asAgentError(thrown);
    }
    if (signal.aborted) return;
    const wait = backoff.next(clock.mono());
    if (!down) onDown(error, wait);
    down = true;
    await clock.sleep(wait, signal).catch(() => {});
  }
}
