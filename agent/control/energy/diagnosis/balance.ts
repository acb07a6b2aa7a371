/** What is left of a branch after those behind it: measured sums against the branch's own meter, day by day. */
import type { BranchDay } from '../../../core/diagnosis.ts';
import type { Look } from './check.ts';
import { median, spread } from './robust.ts';

export interface BalanceDay {
  readonly date: string;
  readonly open: boolean;
  /** Quantity that no branch behind it accounts for, losses taken off. */
  readonly rest: number;
  /** The same by what flowed through. */
  readonly share: number;
  readonly through: number;
}

/** Newest last; days on which a part is not known, or not to be believed, are left out. */
export function balance(look: Look, count: number): readonly BalanceDay[] {
  const { children, branch } = look;
  if (children.length === 0) return [];
  const behind = children.map((child) => new Map(child.last(count).map((day) => [day.date, day])));
  return look.last(count).flatMap((day) => {
    if (day.total === null || !look.sound(day)) return [];
    let sum = 0;
    let through = 0;
    for (const [i, days] of behind.entries()) {
      const part = days.get(day.date);
      if (part === undefined || part.total === null || children[i]?.sound(part) !== true) return [];
      if (part.events.length > 0) return [];
      sum += part.total;
      through += Math.abs(part.total);
    }
    if (through <= 0 || day.events.length > 0) return [];
    const rest = day.total - sum - branch.loss * through;
    return [{ date: day.date, open: day.open, rest, share: rest / through, through }];
  });
}

export interface Shift {
  /** Share of what flows through by which the rest has moved. */
  readonly share: number;
  /** Quantity a day. */
  readonly quantity: number;
  /** The largest part of it that came between two days. */
  readonly step: number;
  readonly since: string;
}

const RECENT = 5;
const BEFORE = 24;
const GAP = 12;

/**
 * How far the rest of the last days lies from what it was two to five weeks ago; undefined where too few days are known or
 * it lies within what it always does. `least`: share that is a shift.
 */
export function shiftOf(days: readonly BalanceDay[], least: number): Shift | undefined {
  const recent = days.slice(-RECENT);
  const before = days.slice(0, -GAP).slice(-BEFORE);
  if (recent.length < RECENT || before.length < 10) return undefined;
  const shares = before.map(({ share }) => share);
  const usual = median(shares);
  const moved = (day: BalanceDay): number => day.share - usual;
  const limit = Math.max(least, 4 * spread(shares, usual));
  const share = median(recent.map(moved));
  if (!recent.every((day) => Math.abs(moved(day)) > limit && Math.sign(moved(day)) === Math.sign(share))) {
    return undefined;
  }
  const since = days.findLastIndex((day) => Math.abs(moved(day)) <= limit) + 1;
  return {
    share,
    quantity: median(recent.map(({ rest, through }) => rest - usual * through)),
    step: largestStep(days.slice(-RECENT - GAP)) * Math.sign(share),
    since: days[since]?.date ?? recent[0]?.date ?? '',
  };
}

/** Largest difference between the medians of three days and the three before them. */
function largestStep(days: readonly BalanceDay[]): number {
  let largest = 0;
  for (let i = 3; i + 3 <= days.length; i++) {
    const before = median(days.slice(i - 3, i).map(({ share }) => share));
    const after = median(days.slice(i, i + 3).map(({ share }) => share));
    if (Math.abs(after - before) > Math.abs(largest)) largest = after - before;
  }
  return largest;
}

/** Days by which the rest of the parent rose or fell against the weeks before, for what a branch behind it lost or gained. */
export function parentMoved(look: Look, dates: readonly string[]): number | undefined {
  const { parent } = look;
  if (parent === undefined) return undefined;
  // The branch itself is what is doubted: it is taken as it is.
  const days = balance(parent, 45);
  const now = days.filter(({ date }) => dates.includes(date));
  const before = days.filter(({ date }) => date < (dates[0] ?? '')).slice(-20);
  if (now.length < Math.min(2, dates.length) || before.length < 8) return undefined;
  const usual = median(before.map(({ share }) => share));
  return median(now.map(({ rest, through }) => rest - usual * through));
}

/** The days in order, by date. */
export function dates(days: readonly BranchDay[]): readonly string[] {
  return days.map(({ date }) => date);
}
