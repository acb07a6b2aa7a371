/** A text panel as whoever shows something on it has it: written through the router like anything else, read from the hub. */
import { randomUUID } from 'node:crypto';
import type { Submit } from '../command.ts';
import type { Subscription } from '../hub.ts';
import { type Clock, wallAt } from '../time/clock.ts';
import type { PanelGeometry, TextPanel } from './text-panel.ts';

/** A write that waits longer than this is worth nothing any more, ms. */
const LIFE = 60_000;

export interface RoutedPanelOptions {
  readonly geometry: PanelGeometry;
  /** Who writes, as the audit trail tells it. */
  readonly issuer: `control:${string}`;
  /** The router's way for controllers. */
  readonly steer: Submit;
  readonly hub: Pick<Subscription, 'latest'>;
  readonly clock: Clock;
}

/** `id` of the panel's device. */
export function routedPanel(id: string, options: RoutedPanelOptions): TextPanel {
  const { geometry, issuer, steer, hub, clock } = options;
  return {
    id,
    geometry,
    write: (point, value) => {
      const mapping = clock.mapping();
      const { time } = wallAt(mapping, clock.mono());
      const expires = time + LIFE * mapping.rate;
      return steer({ id: `panel-${randomUUID()}`, device: id, point, value, issuer, issued: time, expires });
    },
    read: (point) => {
      const reading = hub.latest(id, point);
      return reading?.quality === 'bad' ? undefined : (reading?.value ?? undefined);
    },
  };
}
