/** What is left of a branch after those behind it: measured sums against the branch's own meter, day by day. */
import type { BranchDay } from '../../../core/energy/diagnosis.ts';
import type { Look } from './check.ts';
import { median, slope, spread } from './robust.ts';

export interface BalanceDay {
  readonly date: string;
  readonly open: boolean;
  /** Quantity that no branch behind it accounts for, losses taken off. */
  readonly rest: number;
  /** The same by what flowed through. */
  readonly share: number;
  readonly through: number;
  /** Nothing was found on the branch that day. */
  readonly clear: boolean;
}

/** Days that are looked back. */
const BACK = 100;

interface Reckoned {
  readonly version: number;
  readonly days: BalanceDay[];
  /** Day up to which they are reckoned. */
  upTo: string;
}
const RECKONED = new WeakMap<object, Reckoned>();

/** Newest last; days on which a part is not known, or not to be believed, are left out. */
export function balance(look: Look): readonly BalanceDay[] {
  if (look.children.length === 0) return [];
  let known = RECKONED.get(look.memory);
  if (known?.version !== look.version) {
    known = { version: look.version, days: [], upTo: '' };
    RECKONED.set(look.memory, known);
  }
  const { upTo, days } = known;
  const missing = look.last(BACK).filter(({ date }) => date > upTo);
  if (missing.length > 0) days.push(...reckon(look, missing));
  while (days.length > BACK) days.shift();
  known.upTo = look.today.date;
  return days;
}

/** `trusted`: a branch behind it that is taken as it is, whatever was found on it. */
function reckon(look: Look, missing: readonly BranchDay[], trusted?: string): readonly BalanceDay[] {
  const { children, branch } = look;
  const from = missing[0]?.date ?? '';
  const behind = children.map(
    (child) =>
      new Map(child.last(BACK).flatMap((day) => (day.date < from ? [] : [[day.date, day] as const]))),
  );
  return missing.flatMap((day) => {
    if (day.total === null || day.events.length > 0 || !look.sound(day)) return [];
    let sum = 0;
    let through = 0;
    for (const [i, days] of behind.entries()) {
      const part = days.get(day.date);
      if (part === undefined || part.total === null || part.events.length > 0) return [];
      const child = children[i];
      if (child === undefined || (child.branch.id !== trusted && !child.sound(part))) return [];
      sum += part.total;
      through += Math.abs(part.total);
    }
    if (through <= 0) return [];
    const rest = day.total - sum - branch.loss * through;
    const { date, open } = day;
    return [{ date, open, rest, share: rest / through, through, clear: look.clear(day) }];
  });
}

export interface Shift {
  /** Share of what flows through by which the rest has moved. */
  readonly share: number;
  /** Quantity a day. */
  readonly quantity: number;
  /** Part of it that was there from one day to the next, 0…1. */
  readonly atOnce: number;
  readonly since: string;
}

const RECENT = 5;
const LITTLE = 0.3;
const WORKING = 20;
const BEFORE = 20;
const GAP = 10;

/**
 * How far the rest of the last days lies from what it was two to five weeks ago; `none` where it lies
 * within what it always does, undefined where too few days are known or they disagree. `least`: share that is a shift.
 */
export function shiftOf(all: readonly BalanceDay[], least: number): Shift | 'none' | undefined {
  // Working days are each other's like; on days with little flow the last digits of the registers are most of the rest.
  const working = all.filter(({ open }) => open);
  const alike = working.length >= WORKING ? working : all;
  const little = LITTLE * median(alike.map(({ through }) => through));
  const days = alike.filter(({ through }) => through >= little);
  const recent = days.slice(-RECENT);
  const before = days
    .slice(0, -GAP)
    .filter(({ clear }) => clear)
    .slice(-BEFORE);
  if (recent.length < RECENT || before.length < 10) return undefined;
  const shares = before.map(({ share }) => share);
  const usual = median(shares);
  const moved = (day: BalanceDay): number => day.share - usual;
  // How they scatter around the line they lie on, for a meter that drifts moves what is usual as well.
  const steep = slope(shares.map((value, i) => [i, value]));
  const limit = Math.max(least, 4 * spread(shares.map((value, i) => value - steep * i)));
  const share = median(recent.map(moved));
  if (Math.abs(share) < limit / 2) return 'none';
  if (!recent.every((day) => Math.abs(moved(day)) > limit && Math.sign(moved(day)) === Math.sign(share))) {
    return undefined;
  }
  const since = days.findLastIndex((day) => Math.abs(moved(day)) <= limit) + 1;
  const just = median(days.slice(Math.max(0, since - 4), since).map(moved));
  return {
    share,
    quantity: median(recent.map(({ rest, through }) => rest - usual * through)),
    atOnce: 1 - just / share,
    since: days[since]?.date ?? recent[0]?.date ?? '',
  };
}

/** Days by which the rest of the parent rose or fell against the weeks before, for what a branch behind it lost or gained. */
export function parentMoved(look: Look, dates: readonly string[]): number | undefined {
  const { parent } = look;
  if (parent === undefined) return undefined;
  const days = balance(parent);
  const now = reckon(
    parent,
    parent.last(21).filter(({ date }) => dates.includes(date)),
    look.branch.id,
  );
  const before = days.filter(({ date, clear }) => clear && date < (dates[0] ?? '')).slice(-20);
  if (now.length < Math.min(2, dates.length) || before.length < 8) return undefined;
  const usual = median(before.map(({ share }) => share));
  return median(now.map(({ rest, through }) => rest - usual * through));
}

/** The days in order, by date. */
export function dates(days: readonly BranchDay[]): readonly string[] {
  return days.map(({ date }) => date);
}
