/** What a check is, and what it may look at: the days of one branch up to the one it judges, and those around it. */
import type { BranchDay, CheckName, DiagnosedBranch, Evidence } from '../../../core/energy/diagnosis.ts';
import { median, quantile } from './robust.ts';

/** Days a month is reckoned with, for what is at stake. */
export const MONTH = 30;

export interface Verdict {
  /** First day on which it was so. */
  readonly since: string;
  /** Within 30 days, in the unit of the branch; null where it cannot be said. */
  readonly stake: number | null;
  readonly evidence: Evidence;
}

/** `undefined`: this day says neither that it is so nor that it is not. */
export type Judgement = Verdict | 'fine' | undefined;

export interface Check {
  readonly name: CheckName;
  readonly severity: 'info' | 'warning';
  /**
   * What its branch tells is not to be believed while it holds: nothing else is said of the branch, and sums it is part of
   * are not judged.
   */
  readonly doubts: boolean;
  /** A branch is not named where those behind it have the same: `sum` of half of what it has, or `any` of them. */
  readonly explainedBy?: 'sum' | 'any';
  /** Judged days without it before it counts as gone. */
  readonly closesAfter: number;
  judge(look: Look): Judgement;
}

export interface Look {
  readonly branch: DiagnosedBranch;
  /** The day that is judged. */
  readonly today: BranchDay;
  /** Up to `count` days that end today, oldest first; days without data are among them. */
  last(count: number): readonly BranchDay[];
  /** Days before the ones judged (`skip` of them) on which nothing was found on this branch, newest first. */
  usual(count: number, skip: number, fits?: (day: BranchDay) => boolean): readonly BranchDay[];
  /** The branches behind it. */
  readonly children: readonly Look[];
  readonly parent: Look | undefined;
  /** Of another branch, on the same day. */
  other(id: string): Look | undefined;
  /** Whether what the branch told on a day is to be believed. */
  sound(day: BranchDay): boolean;
  /** Whether nothing at all was found on the branch on a day. */
  clear(day: BranchDay): boolean;
  /** Counts the changes of findings: what was reckoned from them holds as long as it stays. */
  readonly version: number;
  /** The same object for a branch day after day: what was reckoned of it hangs on it. */
  readonly memory: object;
  /** Whether a finding of a check is open on the branch. */
  open(check: CheckName): boolean;
  /** Whether something was found on a branch behind it on a day. */
  foundBehind(day: BranchDay): boolean;
}

const HIGHEST = new WeakMap<BranchDay, number>();

/** kW or m³/h of the busiest hour of its usual days (four of five are below): what is small is measured by it. */
export function peak(look: Look): number {
  return quantile(look.usual(28, 0).map(highest), 0.8);
}

function highest(day: BranchDay): number {
  let most = HIGHEST.get(day);
  if (most === undefined) {
    most = Math.max(...day.hours.filter(Number.isFinite));
    HIGHEST.set(day, most);
  }
  return most;
}

/** Mean of hours from ≤ h < to of the local day; NaN where fewer than half are known. */
export function hoursMean({ hours }: BranchDay, from: number, to: number): number {
  let sum = 0;
  let count = 0;
  for (let h = from; h < to; h++) {
    const value = hours[h] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
  }
  return count * 2 < to - from ? Number.NaN : sum / count;
}

/**
 * Quantity by which the branches behind this one have grown, as `level` has it against its median of usual days that
 * `fits` picks: what arises there is judged there.
 */
export function grownBehind(
  look: Look,
  level: (day: BranchDay) => number,
  skip: number,
  fits?: (day: BranchDay) => boolean,
): number {
  let sum = 0;
  for (const child of look.children) {
    const grown = level(child.today) - median(child.usual(14, skip, fits).map(level));
    if (Number.isFinite(grown)) sum += grown;
  }
  return sum;
}

export function rounded(value: number, digits = 3): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : 0;
}
