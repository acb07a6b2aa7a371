/** What a site file says of lighting, resolved: durations are ms, levels are % of the lamp's full light. */
import type { Condition } from '../condition.ts';

/** `time`: minutes after local midnight. `dusk`, `dawn`: the sun's, moved by `offset` ms. */
export type Moment =
  | { readonly kind: 'time'; readonly minutes: number }
  | { readonly kind: 'dusk' | 'dawn'; readonly offset: number };

/** From this moment of the night on, this level. */
export interface LightStep {
  readonly from: Moment;
  readonly level: number;
}

/** Nights of these weekdays (0 is Sunday) or between these days of the year (`12-24`), by the date of the evening. */
export interface LightCalendar {
  readonly days?: readonly number[];
  readonly from?: string;
  readonly to?: string;
  readonly levels: readonly LightStep[];
}

/** Nights of these dates (`2027-02-05`), by the date of the evening, both included. */
export interface LightException {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly levels: readonly LightStep[];
}

export interface PhotocellConfig {
  readonly device: string;
  readonly point: string;
  /** Dark at or below this, lux. */
  readonly on: number;
  /** Light at or above this, lux; at least 1.3 times `on`. */
  readonly off: number;
  /** The light has to stay on one side this long, ms. */
  readonly dwell: number;
  /**
   * Degrees of the sun above the horizon between which the cell decides: below the first it is night and above the
   * second it is day, whatever the cell says.
   */
  readonly window: readonly [number, number];
}

export interface TrafficConfig {
  readonly device: string;
  /** A count per interval (`vehicles-passed`). */
  readonly point: string;
  /** ms */
  readonly window: number;
  /** Level for a flow of more than `above` vehicles an hour, ascending, the first above 0. */
  readonly steps: readonly { readonly above: number; readonly level: number }[];
}

export interface BoostConfig {
  readonly title: string;
  readonly when: Condition;
  readonly level: number;
  /** How long it holds after the condition has ended, ms. */
  readonly hold: number;
  /** Also by day (an SOS is seen better). */
  readonly always: boolean;
}

/** How a lamp is run through the year. The ladder of what wins is in agent/control/lighting/evaluate.ts. */
export interface LightingProgramme {
  readonly id: string;
  /** Night is while the sun stands below this, degrees above the horizon. */
  readonly elevation: number;
  /** A night shorter than this is no night, ms: near the polar day lamps would only flash. */
  readonly minBurn: number;
  /** Lowest level while the lamp is lit, %: the class of the road. */
  readonly class: number;
  /** Level when neither clock nor photocell can be believed, %. */
  readonly failSafe: number;
  readonly levels: readonly LightStep[];
  readonly calendar: readonly LightCalendar[];
  readonly exceptions: readonly LightException[];
  readonly photocell?: PhotocellConfig;
  readonly traffic?: TrafficConfig;
  readonly boosts: readonly BoostConfig[];
  /** The lamp is off while one of these holds: leakage, a door with live parts behind it. */
  readonly safety: readonly (Condition & { readonly title: string })[];
  readonly maintenance?: { readonly when: Condition; readonly level: number };
}

/** The meter that sees one lamp. */
export interface LampPower {
  readonly device: string;
  /** Active power, W. */
  readonly point: string;
  /** Voltage before the lamp's switch, V, on the same device; tells a failed lamp from a failed supply. */
  readonly voltage?: string;
  /** Power at full light, W. */
  readonly rated: number;
  /** Run-up to full light: what is measured sooner after a change is not judged, ms. */
  readonly settle: number;
}
