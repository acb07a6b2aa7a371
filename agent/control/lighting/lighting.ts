/** The lamps of a site: a controller for each that a programme runs, and a monitor for each that a meter sees. */

import type { Override, Submit } from '../../core/command.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { LampConfig, Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { LampController } from './controller.ts';
import type { Decision } from './evaluate.ts';
import { LampMonitor } from './monitor.ts';

export interface LightingOptions {
  readonly site: Pick<Site, 'lamps' | 'programmes' | 'position' | 'timezone'>;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly steer: Submit;
  readonly override: (device: string, point: string) => Override | undefined;
}

export interface Lighting extends Disposable {
  /** The override of a lamp's point has begun or ended. */
  onOverride(device: string, point: string): void;
  /** What a lamp should show now and why; undefined for one that no programme runs. */
  decision(lamp: string): Decision | undefined;
}

export function startLighting({ site, ...rest }: LightingOptions): Lighting {
  const stack = new DisposableStack();
  const days = new LocalDays(site.timezone);
  const controllers = new Map<string, LampController>();
  for (const lamp of site.lamps) {
    const programme = site.programmes.find(({ id }) => id === lamp.programme);
    if (programme === undefined) continue;
    const controller = stack.use(
      new LampController({ ...rest, lamp, programme, place: site.position, days }),
    );
    controllers.set(lamp.id, controller);
    if (lamp.power === undefined) continue;
    stack.use(new LampMonitor({ ...rest, lamp, power: lamp.power, decision: () => controller.decision }));
  }
  const at = (device: string, point: string) => (lamp: LampConfig) =>
    lamp.device === device && lamp.point === point;
  return {
    onOverride(device, point) {
      for (const lamp of site.lamps.filter(at(device, point))) controllers.get(lamp.id)?.nudge();
    },
    decision: (lamp) => controllers.get(lamp)?.decision,
    [Symbol.dispose]: () => stack.dispose(),
  };
}
