/** What the gateway makes of contacts, whichever driver brings them. */
import type { Text } from './point.ts';
import type { Value } from './reading.ts';
import type { Unit } from './unit.ts';

/** A counter made of the edges of a contact. */
export interface PulseConfig {
  /** Id of the point it becomes. */
  readonly id: string;
  readonly title: Text;
  /** The contact. */
  readonly of: string;
  /** `rising`: becomes true. */
  readonly edge: 'rising' | 'falling' | 'both';
  readonly unit: Unit;
  readonly perPulse: number;
  /** What the dial showed when counting began; another one begins anew. */
  readonly start: number;
  readonly decimals?: number;
}

export interface ContactRules {
  /** How long a level has to stand before it is believed, ms, by point. */
  readonly debounce: Readonly<Record<string, number>>;
  readonly pulses: readonly PulseConfig[];
  /** What outputs show while nobody commands them: written when the device is first heard, and at a clean stop. */
  readonly failSafe: Readonly<Record<string, Value>>;
}

/** Period of a pulse counter that stands still, ms; a pulse is told at once. */
export const PULSE_PERIOD = 60_000;
