/** Contracts around the hub: the one place where readings meet those who want them. */

import type { Reading } from './reading.ts';
import type { AgentEvent } from './record.ts';

/** What drivers, bus, vision and controllers publish to. Never blocks, never throws. */
export interface Publisher {
  /** Readings as soon as they are known. */
  readings(readings: readonly Reading[]): void;
  event(event: AgentEvent): void;
}

/** A publisher that can be waited for. */
export interface Recorder extends Publisher {
  /** Publishes events and resolves when they are durable, or known never to be. */
  record(events: readonly AgentEvent[]): Promise<void>;
}

/** The last reading of each point, and every one from now on. */
export interface Subscription {
  latest(device: string, point: string): Reading | undefined;
  /** Called on main, in order, with what one publish brought. A listener that throws is cut off and reported. */
  onReadings(listener: (readings: readonly Reading[]) => void): Disposable;
  onEvent(listener: (event: AgentEvent) => void): Disposable;
}
