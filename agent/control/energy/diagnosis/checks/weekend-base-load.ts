/** Load of closed days (weekends, holidays) that has gone up against the closed days before. */
import type { BranchDay } from '../../../../core/diagnosis.ts';
import { type Check, hoursMean, MONTH, peak, rounded } from '../check.ts';
import { median, spread } from '../robust.ts';

const FROM = 8;
const TO = 18;
/** Closed days in thirty. */
const CLOSED = 9;

const level = (day: BranchDay): number => hoursMean(day, FROM, TO);

export const weekendBaseLoad: Check = {
  name: 'weekend-base-load',
  severity: 'warning',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 2,
  judge(look) {
    const { branch, today } = look;
    if (branch.carrier !== 'electricity' || branch.generates || today.open) return undefined;
    const before = look
      .usual(10, 8, (day) => !day.open)
      .map(level)
      .filter(Number.isFinite);
    const now = look
      .last(9)
      .filter((day) => !day.open && Number.isFinite(level(day)))
      .slice(-2);
    const most = peak(look);
    if (before.length < 5 || now.length < 2) return undefined;
    const usual = median(before);
    const least = Math.max(4 * spread(before, usual), 0.3 * usual, 0.1 * most, 3 * branch.step);
    if (!now.every((day) => level(day) > usual + least)) return 'fine';
    const excess = median(now.map(level)) - usual;
    return {
      since: now[0]?.date ?? today.date,
      stake: (excess * (TO - FROM) * CLOSED * MONTH) / 30,
      evidence: { closed_day_kw: rounded(usual + excess), usual_kw: rounded(usual) },
    };
  },
};
