/** What a site file says of a pole that carries more than a lamp, resolved: feeder, tenants. Durations are ms. */
import type { Text } from './point.ts';
import type { PanelGeometry } from './sign/text-panel.ts';

/** Phase of the feeder, as the meter's points are in order. */
export type FeederPhase = 1 | 2 | 3;

export interface FeederCharger {
  readonly device: string;
  /** Point that takes its limit, A. */
  readonly limit: string;
  /** Measured currents of it, A, in the order of `phases`; empty: nobody measures, and all it draws counts as others' load. */
  readonly currents: readonly string[];
  /** Phases of the feeder it is wired to. */
  readonly phases: readonly FeederPhase[];
  /** Less than this it cannot charge with, A. IEC 61851-1: 6 A */
  readonly min: number;
  readonly max: number;
}

/** One feeder, which lamp, chargers and tenants share. */
export interface FeederConfig {
  readonly id: string;
  /** A per phase: what the breaker carries for good. */
  readonly rating: number;
  /** A that are kept free. */
  readonly reserve: number;
  /** Meter of the whole feeder, with one point for each phase, A. */
  readonly meter: { readonly device: string; readonly currents: readonly string[] };
  /** What the rest may draw where the meter is silent, A per phase. */
  readonly others: number;
  /** A reading older than this is none. */
  readonly stale: number;
  /** Room has to be there for so long before a limit rises. */
  readonly raiseAfter: number;
  /** A that a limit rises at once. */
  readonly raiseStep: number;
  readonly chargers: readonly FeederCharger[];
}

/** Somebody whose equipment stands on the pole and pays for its energy. */
export interface TenantConfig {
  readonly id: string;
  readonly title: Text;
  /** Registers of its energy, each with the share it pays, 0…1. */
  readonly meters: readonly {
    readonly device: string;
    readonly point: string;
    readonly share: number;
    /** Period of its readings, ms, and its unit; of the point. */
    readonly every: number;
  }[];
  /** Who commands for it; patterns with `*` and `?`. */
  readonly issuers: readonly string[];
  /** What it may command; patterns. */
  readonly commands: readonly { readonly device: string; readonly point: string }[];
}

export const ARROWS = ['left', 'right', 'ahead', 'back'] as const;

/** Parking that a screen guides to: what is free of it is the sum of its sources. */
export interface LotConfig {
  readonly id: string;
  readonly title: Text;
  /** Points that tell how many places are free (a number), or whether one is taken (a boolean). */
  readonly places: readonly { readonly device: string; readonly point: string }[];
  readonly arrow?: (typeof ARROWS)[number];
  /** So many have to be free before a full lot is free again. */
  readonly reopen: number;
}

/** A text panel of the pole. */
export interface ScreenConfig {
  readonly device: string;
  readonly geometry: PanelGeometry;
  /** Ids of lots. */
  readonly lots: readonly string[];
  /** Templates of signed content, without fields: what it shows when nothing else is, when it hears nothing, after power-up. */
  readonly default?: string;
  readonly loss?: string;
  readonly powerUp?: string;
  /** s */
  readonly lossAfter: number;
  /** % */
  readonly brightness: { readonly day: number; readonly night: number };
}

/** A loudspeaker with recorded clips. */
export interface SpeakerConfig {
  readonly device: string;
  /** Point that takes the number of a clip; 0 is silence. */
  readonly point: string;
  /** By template of signed content. */
  readonly clips: Readonly<Record<string, number>>;
  /** A message that holds is said again after this, ms. */
  readonly every: number;
}

export interface PoleConfig {
  readonly feeder?: FeederConfig;
  readonly tenants: readonly TenantConfig[];
  readonly lots: readonly LotConfig[];
  readonly screens: readonly ScreenConfig[];
  readonly speakers: readonly SpeakerConfig[];
}
