/** What the account's thread answers to the controller on main: plain data that can pass between threads. */

import type {
  Bill,
  BranchBalance,
  BuildingAccount,
  Completeness,
  CompletenessRow,
  Coverage,
  DemandFigure,
} from '../../core/energy/account.ts';
import type { AccountQuality } from '../../core/energy/energy.ts';
import type { DemandWindows } from './demand.ts';
import type { Diagnosed } from './diagnosis/replay.ts';

/** A register that the account counts on, and up to when it has. */
export interface Counting {
  /** Of a meter (`meter`) or an energy code (`item`). */
  readonly of: 'meter' | 'item';
  readonly id: string;
  /** Whole quarter. */
  readonly from: number;
}

export interface Counted {
  readonly of: Counting['of'];
  readonly id: string;
  /** At each quarter behind `from` that no later reading will change, oldest first. */
  readonly values: readonly {
    readonly time: number;
    /** Millionths of the unit since `from`. */
    readonly micro: number;
    readonly quality: AccountQuality;
  }[];
}

/** What is told every quarter of an hour. */
export interface Tick {
  /** Of the building, in the local day so far. */
  readonly today: CompletenessRow;
  /** Branches over the last 24 hours. */
  readonly branches: readonly BranchBalance[];
  readonly counted: readonly Counted[];
}

export interface DayFigures {
  readonly row: CompletenessRow;
  readonly coverage: readonly Coverage[];
}

export type EnergyCalls = {
  tick(dayStart: number, end: number, counting: readonly Counting[]): Tick;
  day(from: number, to: number): DayFigures;
  account(from: number, to: number, now: number): BuildingAccount;
  completeness(from: number, to: number, now: number): Completeness;
  bill(account: string, month: string, now: number): Bill;
  /** Judges the days that ended before `now`; a year's building on a small gateway takes seconds. */
  diagnose(now: number): Diagnosed;
  demand(meter: string, windows: DemandWindows, from: number, to: number): DemandFigure;
};
