/** One day that is not as its like, between days that are. What stays different is no abnormal day but a change. */

import type { BranchDay } from '../../../../core/diagnosis.ts';
import { type Check, rounded } from '../check.ts';
import { type Expectation, expectation } from '../like.ts';

/** Days after it that have to be as their like. */
const AFTER = 2;
const SIGMAS = 6;
/** Share of what was expected that is worth a word. */
const SHARE = 0.35;

export const abnormalDay: Check = {
  name: 'abnormal-day',
  severity: 'info',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 1,
  judge(look) {
    const { branch } = look;
    if (branch.generates) return undefined;
    const days = look.last(AFTER + 2);
    const day = days[1];
    if (days.length < AFTER + 2 || day === undefined || day.total === null || !look.sound(day))
      return undefined;
    if (day.events.length > 0) return undefined;
    const like = expectation(look, day, AFTER + 2);
    if (like === undefined) return undefined;
    if (!far(look.branch.step, day, like)) return 'fine';
    const others = days.filter((one) => one !== day);
    const expectations = others.map((one) => expectation(look, one, AFTER + 2));
    const around = others.filter((one, i) => expectations[i] !== undefined && one.total !== null);
    // Nothing is known of the days around it, or they are as strange as it is.
    if (around.length < 2) return undefined;
    const strange = others.filter((one, i) => {
      const expected = expectations[i];
      return one.total !== null && expected !== undefined && far(branch.step, one, expected);
    });
    if (strange.length > 0) return undefined;
    return {
      since: day.date,
      stake: Math.abs(day.total - like.expected),
      evidence: {
        quantity: rounded(day.total, 4),
        expected: rounded(like.expected, 4),
        like_days: like.days,
        spread: rounded(like.spread),
      },
    };
  },
};

function far(step: number, { total }: BranchDay, { expected, spread }: Expectation): boolean {
  const off = Math.abs((total ?? 0) - expected);
  return off > Math.max(SIGMAS * spread, SHARE * Math.abs(expected), 20 * step);
}
