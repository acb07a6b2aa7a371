/** What the log of a site is opened with: by the agent, and by commands where no agent runs. */

import type { Log } from '../core/log.ts';
import type { Site } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { StoreOptions } from '../store/contract.ts';
import type { Directory } from './describe.ts';

export function siteLog(
  site: Site,
  directory: Directory,
  clock: Clock,
  log: Log,
): Pick<StoreOptions, 'dir' | 'agent' | 'timezone' | 'config' | 'clock' | 'log' | 'describe'> {
  return {
    dir: site.state,
    agent: site.agent.id,
    timezone: site.timezone,
    config: site.log,
    clock,
    log,
    describe: (device, point) => {
      const plan = directory.plan(device, point);
      return plan && { ...plan.point, every: plan.every };
    },
  };
}
