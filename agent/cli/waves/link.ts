/** The way to the agents of a roll-out and back; `mqtt.ts` is the real one. */
import type { UpdateBody } from './fate.ts';
import type { Target } from './plan.ts';

/** `begun`: what becomes of it is told by events. `silent`: no answer came. */
export type Sent =
  | { readonly kind: 'begun' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'silent'; readonly reason: string };

export interface FleetListener {
  /** An event of kind `update`, as it comes. */
  onUpdate(target: string, body: UpdateBody): void;
  /** The agent is there again. */
  onOnline(target: string): void;
  /** The broker was gone and is back: what was told meanwhile was told to nobody. */
  onBack(): void;
}

export interface FleetLink {
  /** Sends the command of the roll-out. */
  send(target: Target): Promise<Sent>;
  /** What the broker last heard of the agent: that it left, or that its link broke; undefined: it is there, or never was. */
  offline(target: string): string | undefined;
  listen(listener: FleetListener): Disposable;
}
