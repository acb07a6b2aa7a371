/** The uplinks of a site, wired to log, hub and router. */
import { join } from 'node:path';
import type { Submit } from '../../core/command.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Site, UplinkConfig } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { ToldTime } from '../../core/time/told-time.ts';
import type { Store } from '../../store/contract.ts';
import { hardwareId } from '../../store/identity.ts';
import { startUplinks, type Uplinks } from '../../uplink/uplinks.ts';
import type { Directory } from '../describe.ts';
import type { HealthBoard } from '../health.ts';
import { identityAtStart } from '../identity.ts';

export interface UplinkParts {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: Directory;
  readonly submit: Submit;
  readonly opened: Store;
  readonly hub: Publisher;
  readonly board: HealthBoard;
  /** Absent in a demonstration, whose time is the street's own. */
  readonly told: ToldTime | undefined;
}

export function startSiteUplinks(
  configs: readonly UplinkConfig[],
  { site, clock, log, directory, submit, opened, hub, board, told }: UplinkParts,
): Uplinks {
  return startUplinks({
    configs,
    logFile: opened.file,
    entry: new URL('./thread.ts', import.meta.url),
    site: site.id,
    agent: site.agent.id,
    generation: identityAtStart(site.state, hardwareId(), (event, facts) => log.warn(event, facts))
      .generation,
    timezone: site.timezone,
    stateDir: join(site.state, 'uplinks'),
    clock,
    log,
    descriptions: () => directory.descriptions,
    submit,
    settle: (uplink, lane, cursor) => opened.settle(uplink, lane, cursor),
    keep: (uplink, lane, cursor) => opened.keep(uplink, lane, cursor),
    refuse: (uplink, lane, records) => opened.refuse(uplink, lane, records),
    event: (event) => hub.event(event),
    onHealth: board.set,
    onTime: (uplink, wall, mono, uncertaintyMs) =>
      void told?.take({ rank: 'server', by: `uplink:${uplink}`, mono, wall, uncertaintyMs }),
  });
}
