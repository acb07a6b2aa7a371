/** Diagnostics of the agent that runs, loaded when somebody asks for the first time: most agents are never asked. */

import type { DiagnosticsBundle } from '../../core/diagnostics.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { AgentView } from '../../core/view.ts';

export interface DiagnosticsOptions {
  readonly view: AgentView;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Publisher, 'event'>;
  readonly version: string;
}

export interface Diagnostics {
  /** Makes a bundle in the state folder; who asks while one is made gets that one. */
  make(why: string): Promise<DiagnosticsBundle>;
  /** See `FleetActs`. */
  trace(device: string, ms: number): Promise<string | undefined>;
}

export function lateDiagnostics(options: DiagnosticsOptions): Diagnostics {
  let loading: Promise<Diagnostics> | undefined;
  const loaded = () => {
    loading ??= import('./running.ts').then(({ diagnostics }) => diagnostics(options));
    return loading;
  };
  return {
    make: async (why) => (await loaded()).make(why),
    trace: async (device, ms) => (await loaded()).trace(device, ms),
  };
}
