/** Rooms that are heated and cooled in the same hours. */
import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, MONTH, rounded } from '../check.ts';

/** Hours of a day in which both run. */
const HOURS = 3;
/** Of so many working days. */
const DAYS = 2;

export const heatingAndCooling: Check = {
  name: 'heating-and-cooling',
  severity: 'warning',
  doubts: false,
  closesAfter: 2,
  judge(look) {
    const heat = look.branch.heatedBy === undefined ? undefined : look.other(look.branch.heatedBy);
    if (heat === undefined || !look.today.open) return undefined;
    const cooled = look
      .last(7)
      .filter(({ open }) => open)
      .slice(-DAYS);
    const heated = new Map(heat.last(7).map((day) => [day.date, day]));
    const least = 3 * Math.max(look.branch.step, heat.branch.step);
    const both = cooled.map((day) => fought(day, heated.get(day.date), least));
    if (both.length < DAYS) return undefined;
    if (!both.every(({ hours }) => hours >= HOURS)) return 'fine';
    const last = both.at(-1) ?? { hours: 0, kwh: 0 };
    return {
      since: cooled[0]?.date ?? look.today.date,
      // What is cooled away had to be heated first: both are paid.
      stake: (2 * last.kwh * 21 * MONTH) / 30,
      evidence: { hours_both: last.hours, fought_kwh_a_day: rounded(last.kwh), heat: heat.branch.id },
    };
  },
};

/** Hours in which both took more than `least`, and the smaller of the two. */
function fought(cold: BranchDay, warm: BranchDay | undefined, least: number): { hours: number; kwh: number } {
  let hours = 0;
  let kwh = 0;
  for (const [h, value] of cold.hours.entries()) {
    const other = warm?.hours[h] ?? Number.NaN;
    if (!(value > least && other > least)) continue;
    hours += 1;
    kwh += Math.min(value, other);
  }
  return { hours, kwh };
}
