/** A register that stands while its branch draws: by its own power, or by its like days and the sum above. */

import { dates, parentMoved } from '../balance.ts';
import { type Check, type Judgement, type Look, MONTH, rounded } from '../check.ts';
import { mean, median } from '../robust.ts';
import { dayPower } from './phase-figures.ts';

const DAYS = 2;

export const meterStopped: Check = {
  name: 'meter-stopped',
  severity: 'warning',
  doubts: true,
  closesAfter: 1,
  judge(look) {
    const { branch, today } = look;
    if (branch.generates || today.total === null) return undefined;
    if (today.total > branch.step) return 'fine';
    if (today.phases !== undefined) {
      const now = look.last(DAYS);
      const power = dayPower(today.phases);
      const drawn = now.every(
        (day) => day.phases !== undefined && dayPower(day.phases) * 24 > 5 * branch.step,
      );
      const stands = now.every(({ total }) => total !== null && total <= branch.step);
      if (now.length < DAYS || !drawn || !stands) return drawn ? undefined : 'fine';
      return {
        since: now[0]?.date ?? today.date,
        stake: power * 24 * MONTH,
        evidence: { power_kw: rounded(power), register: 'stands' },
      };
    }
    // What is heated or cooled rests for half the year: only its water tells that something flowed.
    if (branch.carrier === 'heat' || branch.carrier === 'cooling') return byFlow(look);
    // Only days of which the like were never at nothing say something.
    const like = look.usual(21, 7, ({ open, total }) => open === today.open && total !== null);
    const least = Math.min(...like.map(({ total }) => total ?? 0));
    if (like.length < 4 || !(least > 5 * branch.step)) return undefined;
    const now = look
      .last(9)
      .filter(({ open }) => open === today.open)
      .slice(-DAYS);
    if (now.length < DAYS || !now.every(({ total }) => total !== null && total <= branch.step))
      return undefined;
    const usual = median(like.map(({ total }) => total ?? 0));
    const above = parentMoved(look, dates(now));
    if (above !== undefined && above < 0.4 * usual) return 'fine';
    return {
      since: now[0]?.date ?? today.date,
      stake: usual * MONTH,
      evidence: { usual_a_day: rounded(usual), rest_above_a_day: rounded(above ?? Number.NaN) },
    };
  },
};

/** Of a heat meter: water that flows, and no energy. */
function byFlow(look: Look): Judgement {
  const now = look.last(DAYS);
  const flow = now.map((day) => mean(day.flow ?? []));
  if (now.length < DAYS || !flow.every((value) => value > 0)) return undefined;
  const stands = now.every(({ total }) => total !== null && total <= look.branch.step);
  if (!stands || mean(flow) < 0.05 * median(look.usual(28, DAYS).map((day) => mean(day.flow ?? []))))
    return 'fine';
  return {
    since: now[0]?.date ?? look.today.date,
    stake: null,
    evidence: { flow_m3_per_hour: rounded(mean(flow)), register: 'stands' },
  };
}
