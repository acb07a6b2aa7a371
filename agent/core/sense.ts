/** What people tell the agent about its devices, beside commands: exchanges, and what became of a counter that jumped. */
import type {
  Correction,
  CounterBreak,
  ExchangedRegister,
  Maintenance,
  Mark,
  MeterExchange,
} from './mark.ts';

/** An exchange as somebody declares it. */
export interface ExchangeDeclaration {
  readonly device: string;
  /** Unix epoch ms; absent: now. */
  readonly at?: number;
  readonly by: string;
  readonly note?: string;
  readonly oldSerial?: string;
  readonly newSerial?: string;
  readonly ct?: number;
  readonly pt?: number;
  /** By point, in its unit, as the displays show them. */
  readonly registers: Readonly<Record<string, ExchangedRegister>>;
  /** Takes numbers that do not fit the readings. */
  readonly force?: boolean;
}

/** A correction as somebody orders it: slope and offset of a point, or ratios of a device; absent ones stay 1 and 0. */
export interface CorrectionOrder {
  readonly device: string;
  readonly point?: string;
  readonly slope?: number;
  readonly offset?: number;
  readonly ct?: number;
  readonly pt?: number;
  readonly by: string;
  readonly note?: string;
  readonly calibration?: NonNullable<Correction['calibration']>;
}

/** The last number of a point, before and after its correction. */
export interface RawValue {
  readonly raw: number;
  readonly value: number;
  readonly unit: string;
  /** Unix epoch ms. */
  readonly at: number;
}

/** A maintenance window as somebody opens it. */
export interface MaintenanceOrder {
  readonly device: string;
  readonly by: string;
  readonly why: string;
  /** Unix epoch ms; or how long it lasts, ms. */
  readonly until?: number;
  readonly lasts?: number;
}

/**
 * What an open break was. `consumption`: the step was consumed; `nothing`: it was not; `reset`: counted anew from 0;
 * `roll-over`: counted through the end of its range.
 */
export const EXPLANATIONS = ['consumption', 'nothing', 'reset', 'roll-over'] as const;
export type Explanation = (typeof EXPLANATIONS)[number];

/** A counter of a device as it stands: what a guide shows before it asks. */
export interface CounterFace {
  readonly device: string;
  readonly point: string;
  readonly unit: string;
  readonly decimals?: number;
  /** Last number of the display (no ratio applied), and when (Unix epoch ms); absent where there is none. */
  readonly last?: { readonly value: number; readonly at: number };
  /** A jump that waits for an explanation: the numbers before and after it, as the display showed them. */
  readonly jump?: {
    readonly id: string;
    readonly before: number;
    readonly after: number;
    readonly at: number;
  };
}

/** All acts are durable when they resolve; they reject with `AgentError` (`not-found`, `config-invalid`). */
export interface SenseActs {
  counters(device: string): Promise<readonly CounterFace[]>;
  /** Counters that jumped and wait for somebody, and exchanges declared but not seen yet. */
  tasks(): Promise<readonly (CounterBreak | MeterExchange)[]>;
  marks(device: string | undefined): Promise<readonly Mark[]>;
  exchange(declaration: ExchangeDeclaration): Promise<MeterExchange>;
  /** Corrects a point or sets the ratios of a device, from now on. */
  correct(order: CorrectionOrder): Promise<Correction>;
  /** Undefined where the point was not read yet. */
  raw(device: string, point: string): Promise<RawValue | undefined>;
  /** Marks the readings of a device until a time; an open window is replaced. */
  beginMaintenance(order: MaintenanceOrder): Promise<Maintenance>;
  endMaintenance(device: string, by: string): Promise<Maintenance>;
  /** Windows that are open. */
  maintenance(): Promise<readonly Maintenance[]>;
  /** Takes back an exchange that was declared and has not been seen. */
  withdraw(id: string): Promise<MeterExchange>;
  /** Says what the open breaks of a device (or of one point) were. */
  explain(
    device: string,
    point: string | undefined,
    as: Explanation,
    by: string,
  ): Promise<readonly CounterBreak[]>;
}
