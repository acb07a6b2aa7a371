/** Load of the night that has gone up against the nights before: lights, air handlers, fans that nobody switches off. */
import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, grownBehind, hoursMean, type Look, MONTH, peak, rounded } from '../check.ts';
import { median, spread } from '../robust.ts';

const NIGHTS = 3;
/** Hours of a night for what is at stake: 22:00 to 06:00. */
const HOURS = 8;

const level = (day: BranchDay): number => hoursMean(day, 0, 5);

/** The working hours of a day by those of its like. */
function grown(look: Look, day: BranchDay): number {
  const like = look.usual(28, NIGHTS, ({ open }) => open === day.open).map((one) => hoursMean(one, 9, 17));
  return hoursMean(day, 9, 17) / median(like);
}

export const nightBaseLoad: Check = {
  name: 'night-base-load',
  severity: 'warning',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 2,
  judge(look) {
    const { branch } = look;
    if (branch.carrier !== 'electricity' || branch.generates) return undefined;
    const before = look.usual(28, NIGHTS).map(level).filter(Number.isFinite);
    const now = look.last(NIGHTS);
    const most = peak(look);
    if (before.length < 10 || now.length < NIGHTS || !Number.isFinite(level(look.today))) return undefined;
    const usual = median(before);
    const least = Math.max(4 * spread(before, usual), 0.3 * usual, 0.05 * most, 3 * branch.step);
    if (!now.every((day) => !(level(day) <= usual + least))) return 'fine';
    const excess = median(now.map(level)) - usual;
    const behind = grownBehind(look, level, NIGHTS);
    if (behind > excess / 2 && !look.children.some((child) => child.open('night-base-load')))
      return undefined;
    // What has grown by as much by day is another load, or another factor, and no matter of the night.
    const byDay = median(now.map((day) => grown(look, day)));
    if (Math.abs(byDay / (1 + excess / usual) - 1) < 0.2) return undefined;
    return {
      since: now[0]?.date ?? look.today.date,
      stake: excess * HOURS * MONTH,
      evidence: { night_kw: rounded(usual + excess), usual_kw: rounded(usual), nights: NIGHTS },
    };
  },
};
