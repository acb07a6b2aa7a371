/** Load of closed days (weekends, holidays) that has gone up against the closed days before. */
import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, grownBehind, hoursMean, type Look, MONTH, peak, rounded } from '../check.ts';
import { asWarm, seen, weatherDriven } from '../like.ts';
import { median, quantile, spread } from '../robust.ts';

const FROM = 8;
const TO = 18;
/** Closed days in thirty. */
const CLOSED = 9;
/** Closed days looked back for. */
const WEEKENDS = 20;
/** Factor by which the last five working days may differ from the weeks before. */
const SEASON = 1.6;
/** Working days that are of the same week or so, ms. */
const AROUND = 5 * 86_400_000;

const level = (day: BranchDay): number => hoursMean(day, FROM, TO);

/** Whether the branch worked around `day` as it does now. */
function inSeason(look: Look, day: BranchDay): boolean {
  const working = look.usual(60, 0, ({ open }) => open);
  const then = working.filter(({ start }) => Math.abs(start - day.start) <= AROUND).map(level);
  const change = median(working.slice(0, 5).map(level)) / median(then);
  return change > 1 / (2 * SEASON) && change < 2 * SEASON;
}

export const weekendBaseLoad: Check = {
  name: 'weekend-base-load',
  severity: 'warning',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 2,
  judge(look) {
    const { branch, today } = look;
    if (branch.carrier !== 'electricity' || branch.generates || today.open) return undefined;
    const all = look.usual(WEEKENDS, 8, (day) => !day.open);
    // What is switched on and off by seasons has its like in its season.
    const closed = branch.weather ? all.filter((day) => inSeason(look, day)) : all;
    // The first hot weekend is not as the cool ones before.
    const driven = weatherDriven(look);
    const before = (driven ? asWarm(closed, today) : closed.slice(0, 10)).map(level).filter(Number.isFinite);
    const now = look
      .last(9)
      .filter((day) => !day.open && Number.isFinite(level(day)))
      .slice(-2);
    const most = peak(look);
    if (before.length < 5 || now.length < 2) return undefined;
    if (driven && !now.every((day) => seen(closed, day, 1))) return undefined;
    const usual = median(before);
    // Some weekends somebody works: what such days came to is nothing new.
    const worked = 1.1 * quantile(before, driven ? 1 : 0.8) - usual;
    const least = Math.max(4 * spread(before, usual), 0.3 * usual, 0.1 * most, 3 * branch.step, worked);
    if (!now.every((day) => level(day) > usual + least)) return 'fine';
    // Where working days have changed as well, a season has begun, and that is no matter of the weekend.
    const working = look.usual(25, 0, ({ open }) => open).map(level);
    // Nor is it where the branch runs more at weekends than on working days.
    if (level(today) > 1.5 * median(working)) return undefined;
    const change = median(working.slice(0, 5)) / median(working.slice(5));
    if (!(change > 1 / SEASON && change < SEASON)) return undefined;
    const excess = median(now.map(level)) - usual;
    const behind = grownBehind(look, level, 8, ({ open }) => !open);
    if (behind > excess / 2 && !look.children.some((child) => child.open('weekend-base-load')))
      return undefined;
    return {
      since: now[0]?.date ?? today.date,
      stake: (excess * (TO - FROM) * CLOSED * MONTH) / 30,
      evidence: { closed_day_kw: rounded(usual + excess), usual_kw: rounded(usual) },
    };
  },
};
