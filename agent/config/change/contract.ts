/** What a change of the site file needs of the agent that runs. Composed in agent/compose. */
import type { ConfigStop, DeviceTrial, PartChange } from '../../core/config-change.ts';
import type { AgentEvent } from '../../core/record.ts';
import type { Site } from '../../core/site.ts';
import type { PartHealth } from '../../core/view.ts';
import type { SiteFacts } from '../load.ts';

export interface FollowingAgent {
  /** Lets what runs follow, part by part or as a whole. Rejects where the agent does not start with it, or nothing runs any more. */
  follow(site: Site, changes: readonly PartChange[], facts: SiteFacts): Promise<void>;
  /** What stands still meanwhile, and about how long. */
  stops(from: Site, to: Site, changes: readonly PartChange[]): readonly ConfigStop[];
  /** Asks devices of `to` once, on lines as they run. Never rejects but for the signal. */
  try(to: Site, devices: readonly string[], signal: AbortSignal): Promise<readonly DeviceTrial[]>;
  health(): readonly PartHealth[];
  /** Rejects with what stands still. */
  pulse(): Promise<void>;
  /** Resolves when the events are durable, or known never to be. */
  record(events: readonly Omit<AgentEvent, 'time'>[]): Promise<void>;
  /** Shows a line of health of this part. */
  show(part: Omit<PartHealth, 'since'>): void;
}
