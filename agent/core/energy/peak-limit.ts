/** The peak limit of a site: which loads give way, in which order and for how long, so that demand stays below a limit. */
import type { Value } from '../reading.ts';

/** A load that may be shed. What is not in the list is never touched. */
export interface SheddableLoad {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Value while it is shed, and what it has back afterwards. */
  readonly shed: Value;
  readonly normal: Value;
  /** What shedding it saves, kW. */
  readonly kw: number;
  /** 1 is shed first and restored last. */
  readonly priority: number;
  /** Once restored it stays on this long, and once shed off, ms. */
  readonly minOn: number;
  readonly minOff: number;
  /** It has its power back after this, ms, whatever the demand is; absent: when there is room. */
  readonly maxOff?: number;
}

export interface PeakLimitConfig {
  /** kW, mean of a window. */
  readonly limit: number;
  /** ms */
  readonly window: number;
  /** Share of the limit that is kept free, 0…1. */
  readonly margin: number;
  /** Active power of the whole, W or kW. */
  readonly power: { readonly device: string; readonly point: string };
  /** False: nothing is commanded; what would have been is shown. */
  readonly armed: boolean;
  /** Least time between two restorations, ms: what comes back draws more at first. */
  readonly restoreEvery: number;
  /** Time that a command takes effect in, ms. */
  readonly response: number;
  /** A shed load comes back by itself after this, ms, where nobody renews it. */
  readonly lease: number;
  readonly loads: readonly SheddableLoad[];
}

export type ShedReason = 'demand' | 'room' | 'longest-time' | 'limit-off';

/** A load is shed or has its power back. */
export interface ShedAction {
  readonly load: string;
  readonly what: 'shed' | 'restore';
  readonly why: ShedReason;
  /** Unix epoch ms. */
  readonly at: number;
}

/** What the plan makes of a stretch of time. */
export interface ShedPlan {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Highest mean of a window as it was, and as it would have been, kW; null where nothing is known. */
  readonly measured: number | null;
  readonly planned: number | null;
  /** Windows above the limit, minute by minute. */
  readonly measuredAbove: number;
  readonly plannedAbove: number;
  readonly actions: readonly ShedAction[];
  /** Minutes off and kWh not drawn meanwhile, by load. */
  readonly loads: Readonly<Record<string, { readonly minutes: number; readonly kwh: number }>>;
  /** Minute by minute, kW: as it was and as it would have been. */
  readonly curve: readonly {
    readonly time: number;
    readonly measured: number | null;
    readonly planned: number | null;
  }[];
}

export interface PeakLimitState {
  readonly armed: boolean;
  readonly limit: number;
  /** Mean of the running window and what it comes to if the load stays, kW; null: the power is not known. */
  readonly demand: number | null;
  readonly forecast: number | null;
  readonly power: number | null;
  readonly shed: readonly string[];
  /** Newest first. */
  readonly recent: readonly ShedAction[];
  /** Why nothing is done, where something keeps it from doing anything. */
  readonly blocked?: 'power-unknown';
}

/** The peak limit as console and API see it. */
export interface PeakLimitView {
  state(): PeakLimitState;
  /** With the power of the last `hours`; undefined where none was logged. Rejects as reading of history does. */
  dryRun(hours: number, signal: AbortSignal): Promise<ShedPlan | undefined>;
}
