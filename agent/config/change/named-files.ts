/**
 * Profiles, secrets and certificates: files that a site file only names. One that is replaced is followed like an edit by
 * hand. There is no way back to what it was, for nobody keeps secrets: where the agent does not start with it, it goes on
 * with what it read before.
 */
import type { PartChange } from '../../core/config-change.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { FollowingAgent } from './contract.ts';
import type { Right } from './start.ts';

export interface NamedChange {
  readonly from: Right;
  readonly to: Right;
  readonly changes: readonly PartChange[];
  /** As paths from the site file's folder. */
  readonly files: readonly string[];
  readonly agent: Pick<FollowingAgent, 'follow'>;
  readonly log: Log;
  /** The agent is stopping: what did not follow is nobody's failure. */
  readonly closing: AbortSignal;
  /** Not even what ran before starts. */
  readonly onLost: (error: Error) => void;
}

/** Resolves with what runs then; with the reason where that is what ran before. */
export async function followNamed({
  from,
  to,
  changes,
  files,
  agent,
  log,
  closing,
  onLost,
}: NamedChange): Promise<{ readonly running: Right; readonly reason?: string }> {
  const parts = changes.map(({ part, id = '' }) => `${part} ${id}`.trim());
  log.info('config.named-file-changed', { files: files.join(', '), parts: parts.join(', ') });
  try {
    if (changes.length > 0) await agent.follow(to.site, changes, to.facts);
    return { running: to };
  } catch (error) {
    if (closing.aborted) return { running: from };
    const reason = `the agent did not start with it: ${asAgentError(error).message}`;
    log.error('config.named-file-refused', { files: files.join(', '), reason });
    await agent
      .follow(from.site, [{ part: 'agent', change: 'changed' }], from.facts)
      .catch((thrown: unknown) => onLost(asAgentError(thrown)));
    // What it named is known: the same is not tried again with each look.
    return { running: { ...from, named: to.named }, reason };
  }
}
