/** What a check is, and what it may look at: the days of one branch up to the one it judges, and those around it. */
import type { BranchDay, CheckName, DiagnosedBranch, Evidence } from '../../../core/diagnosis.ts';
import { mean, quantile } from './robust.ts';

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
}

/** kW or m³/h that the branch reaches in one hour of twenty on its usual days: what is small is measured by it. */
export function peak(look: Look): number {
  const hours = look.usual(28, 0).flatMap((day) => [...day.hours]);
  return hours.length < 100 ? Number.NaN : quantile(hours, 0.95);
}

/** Mean of hours from ≤ h < to of the local day; NaN where fewer than half are known. */
export function hoursMean(day: BranchDay, from: number, to: number): number {
  const part = day.hours.subarray(from, to);
  return part.filter(Number.isFinite).length * 2 < to - from ? Number.NaN : mean(part);
}

export function rounded(value: number, digits = 3): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : 0;
}
