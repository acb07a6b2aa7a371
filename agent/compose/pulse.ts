/**
 * Whether this process still does its work; asked by the watchdog. Only what a new start would mend counts: a city that is
 * away, a cable that is pulled or a full disk are told elsewhere and are no reason to begin anew.
 */

import { AgentError } from '../core/errors.ts';
import type { Clock } from '../core/time/clock.ts';
import type { PartHealth } from '../core/view.ts';

export interface PulseOptions {
  readonly clock: Clock;
  /** Since when the hub has waited for its oldest commit, ms of the monotonic clock; undefined: for none. */
  readonly waitingSince: () => number | undefined;
  /** The log's own opinion. */
  readonly store: () => PartHealth;
  /** Address of the console. */
  readonly url: string;
}

/** Longest wait for a commit while the log calls itself well, ms: a slow card takes seconds, never minutes. */
const COMMIT_PATIENCE = 120_000;
/** Longest wait for the console's own answer, ms. */
const ANSWER_PATIENCE = 10_000;

/** Resolves while the agent works. Throws `AgentError` `internal` with what stands still. */
export async function pulse({ clock, waitingSince, store, url }: PulseOptions): Promise<void> {
  const since = waitingSince();
  const waited = since === undefined ? 0 : clock.mono() - since;
  if (waited > COMMIT_PATIENCE && store().state === 'ok') {
    throw new AgentError('internal', `the log has not answered for ${Math.round(waited / 1000)} s`);
  }
  const response = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(ANSWER_PATIENCE) });
  if (!response.ok) throw new AgentError('internal', `the console answers ${response.status}`);
  await response.arrayBuffer();
}
