/**
 * Findings on the energy of a building: what is wrong, where, since when, what it costs and what to do. Days are local days
 * of the site, written `2027-03-15`; quantities are in the unit of the branch.
 */

import type { Unit } from '../unit.ts';
import type { Carrier } from './energy.ts';

/** Every check by its name; what each looks at is in docs/energy-diagnosis.md. */
export const CHECKS = [
  'readings-missing',
  'meter-exchanged',
  'register-rollover',
  'clock-wrong',
  'phase-lost',
  'ct-reversed',
  'phase-swapped',
  'ct-stuck',
  'pv-sign-wrong',
  'meter-stopped',
  'wrong-multiplier',
  'main-sub-drift',
  'unmetered-load',
  'night-base-load',
  'weekend-base-load',
  'water-never-zero',
  'gas-never-zero',
  'phase-imbalance',
  'reactive-power',
  'heating-and-cooling',
  'valve-stuck',
  'abnormal-day',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** A branch as the checks know it. */
export interface DiagnosedBranch {
  /** Id of the circuit. */
  readonly id: string;
  /** The branch it hangs on. */
  readonly parent?: string;
  readonly carrier: Carrier;
  readonly unit: Unit;
  /** One step of the register in that unit, ratios included. */
  readonly step: number;
  /** It feeds in what the sun gives: its quantities are negative. */
  readonly generates: boolean;
  /** Somebody is billed by it: its power factor counts. */
  readonly billed: boolean;
  /** Share lost between it and the branches behind it, 0…1. */
  readonly loss: number;
  /** Share by which the sums may differ, 0…1. */
  readonly tolerance: number;
  /** Heating, cooling or air conditioning: it follows the weather by its nature. */
  readonly weather: boolean;
  /** The branch that heats the rooms this one cools. */
  readonly heatedBy?: string;
}

/** What happened to the register of a branch on a day. */
export type RegisterEvent = 'roll-over' | 'unexplained' | 'reset' | 'exchange' | 'correction' | 'outlier';

/** A local day of a branch, by hours of that day (24; 23 or 25 where clocks change). NaN: not known. */
export interface BranchDay {
  readonly date: string;
  /** Its first instant, Unix epoch ms. */
  readonly start: number;
  /** A working day of the site. */
  readonly open: boolean;
  /** Mean outdoor temperature, °C. */
  readonly temperature: number | null;
  readonly due: number;
  readonly received: number;
  /** Quantity of each hour, by the register; export is negative. */
  readonly hours: Float64Array;
  /** Of the whole day by the register; null where an end of the day is not known. */
  readonly total: number | null;
  /** Parts of the total: what ran in, and what ran out. */
  readonly imported: number;
  readonly exported: number;
  readonly events: readonly RegisterEvent[];
  readonly phases?: PhaseDay;
  /** Flow of heating or cooling water, m³/h. */
  readonly flow?: Float64Array;
  /** Seconds by which the meter's own clock is ahead. */
  readonly clockAhead?: number;
}

type Three = readonly [Float64Array, Float64Array, Float64Array];

/** Means of each hour; L1, L2, L3. */
export interface PhaseDay {
  readonly volts: Three;
  readonly amps: Three;
  /** Export is negative. */
  readonly kilowatts: Three;
  /** kvar of all three. */
  readonly reactive?: Float64Array;
}

export type Evidence = Readonly<Record<string, number | string>>;

export interface Finding {
  /** `check:branch:since` */
  readonly id: string;
  readonly check: CheckName;
  readonly branch: string;
  readonly severity: 'info' | 'warning';
  /** First and last day on which it was so. */
  readonly since: string;
  readonly until: string;
  readonly state: 'open' | 'closed';
  /** What is lost, wasted or not counted within 30 days if nothing is done; null where it cannot be said. */
  readonly stake: number | null;
  readonly unit: Unit;
  readonly evidence: Evidence;
}

export interface FindingChange {
  readonly what: 'opened' | 'closed';
  readonly finding: Finding;
}
