/** The energy account as console, API and command line ask it. */

import type { Bill, BuildingAccount, Completeness, DemandState } from './account.ts';
import type { Finding } from './diagnosis.ts';

/** All reject with `AgentError` where the log cannot be read. Times: Unix epoch ms; what lies ahead of now is cut off. */
export interface EnergyView {
  account(from: number, to: number): Promise<BuildingAccount>;
  completeness(from: number, to: number): Promise<Completeness>;
  /** `month`: `2027-03`. Rejects with `unsupported` where there is no such account. */
  bill(account: string, month: string): Promise<Bill>;
  /** Of the days that have ended; the newest answer is given at once, and made anew once a day. */
  findings(): Promise<readonly Finding[]>;
  /** Undefined where no demand is watched. */
  demand(): DemandState | undefined;
  /** A local day (`2027-03-15`), or the one that runs. */
  day(date?: string): { readonly from: number; readonly to: number };
  /** The settlement period of a month, or the one that runs. */
  period(month?: string): { readonly month: string; readonly from: number; readonly to: number };
}
