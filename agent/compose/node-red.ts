/** Node-RED beside the agent, with the files that come with it. */
import { join } from 'node:path';
import type { Publisher } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Site } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { startNodeRed } from '../node-red/node-red.ts';
import type { HealthBoard } from './health.ts';

export interface NodeRedParts {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
  readonly board: HealthBoard;
  /** The way back into the agent. */
  readonly agent: { readonly url: string; readonly token: string };
}

export function startAgentNodeRed({
  site,
  clock,
  log,
  hub,
  board,
  agent,
}: NodeRedParts): ReturnType<typeof startNodeRed> {
  const nodeRed = startNodeRed({
    config: site.nodeRed,
    entry: new URL('../../flows/runtime/main.js', import.meta.url),
    nodesDir: new URL('../../flows/', import.meta.url),
    example: new URL('../../flows/examples/dim-by-traffic.json', import.meta.url),
    userDir: join(site.state, 'node-red'),
    agent,
    clock,
    log,
    onHealth: board.set,
    onEvent: (severity, body) => hub.event({ event: 'agent', severity, time: clock.mono(), body }),
  });
  board.source(() => [nodeRed.health()]);
  return nodeRed;
}
