/** The sign's phone page, LED panels and voice in the agent: panels are written through the router. */

import type { Submit } from '../../core/command.ts';
import type { Content } from '../../core/content/content.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { routedPanel } from '../../core/sign/routed-panel.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { Site } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Outlets, startOutlets } from '../../sign/outlets.ts';
import type { Showing } from '../../sign/screen/showing.ts';

export interface SignOutletsOptions {
  readonly sign: SignConfig;
  readonly site: Pick<Site, 'timezone'>;
  readonly showing: Showing;
  readonly content: Content | undefined;
  readonly steer: Submit;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
}

/** Starts them; what one of them cannot do is told by health. */
export function startSignOutlets({
  sign,
  site,
  steer,
  content,
  ...rest
}: SignOutletsOptions): Promise<Outlets> {
  const { outlets = { panels: [] } } = sign;
  const { panels } = outlets;
  return startOutlets({
    ...rest,
    config: outlets,
    sign: sign.id,
    messages: () => content?.shown(sign.id).messages ?? [],
    languages: sign.languages,
    timezone: site.timezone,
    panel: (device) => {
      const found = panels.find((one) => one.device === device);
      if (found === undefined) return undefined;
      const { rows, columns, charset } = found;
      const geometry = { rows, columns, charset };
      return routedPanel(device, {
        geometry,
        issuer: 'control:sign',
        steer,
        hub: rest.hub,
        clock: rest.clock,
      });
    },
  });
}
