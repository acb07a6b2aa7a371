/** An LED text panel as what shows on it has it: written through the router like anything else, read from the hub. */
import { randomUUID } from 'node:crypto';
import { type Clock, wallAt } from '../core/clock.ts';
import type { Command, CommandResult } from '../core/command.ts';
import type { Subscription } from '../core/hub.ts';
import type { PanelGeometry, TextPanel } from '../core/text-panel.ts';

/** A write that waits longer than this is worth nothing any more, ms. */
const LIFE = 60_000;

export function textPanel(
  id: string,
  geometry: PanelGeometry,
  {
    steer,
    hub,
    clock,
  }: {
    readonly steer: (write: Command) => Promise<CommandResult>;
    readonly hub: Pick<Subscription, 'latest'>;
    readonly clock: Clock;
  },
): TextPanel {
  return {
    id,
    geometry,
    write: (point, value) => {
      const { time } = wallAt(clock.mapping(), clock.mono());
      return steer({
        id: `panel-${randomUUID()}`,
        device: id,
        point,
        value,
        issuer: 'control:sign',
        issued: time,
        expires: time + LIFE,
      });
    },
    read: (point) => {
      const reading = hub.latest(id, point);
      return reading?.quality === 'bad' ? undefined : (reading?.value ?? undefined);
    },
  };
}
