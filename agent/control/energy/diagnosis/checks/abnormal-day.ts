/** One day that is not as its like, between days that are. What stays different is no abnormal day but a change. */

import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, rounded } from '../check.ts';
import { type Expectation, expectation, weatherDriven } from '../like.ts';
import { median, quantile } from '../robust.ts';

/** Days within which three like ones are looked for. */
const BACK = 14;
const SIGMAS = 6;
/** Share of what was expected that is worth a word. */
const SHARE = 0.35;
/** The same of heating, cooling and air conditioning, which weather moves more than its mean temperature tells. */
const WEATHER_SHARE = 0.5;
/** Share of its busy days (nine of ten are below) that is worth a word. */
const FLOOR = 0.15;
/** A day, or its like, below this share of the other one rests. */
const IDLE = 0.12;

export const abnormalDay: Check = {
  name: 'abnormal-day',
  severity: 'info',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 1,
  judge(look) {
    const { branch, today } = look;
    if (branch.generates) return undefined;
    // Judged is the like day before this one, once it is known that this one is as it should be again.
    const alike = look.last(BACK).filter(({ open }) => open === today.open);
    const [earlier, day] = alike.slice(-3);
    if (earlier === undefined || day === undefined || day === today) return undefined;
    if (day.total === null || today.total === null || day.events.length > 0) return undefined;
    if (!look.clear(day) || look.foundBehind(day)) return undefined;
    const skip = look.last(BACK).length - look.last(BACK).indexOf(day);
    const like = expectation(look, day, skip);
    if (like === undefined) return undefined;
    const totals = look.usual(45, skip).map(({ total }) => total ?? Number.NaN);
    // What rests for weeks and runs for once is switched by the season: another day, not a wrong one.
    const most = Math.max(day.total, like.expected);
    const rests = Math.min(day.total, like.expected) < IDLE * most;
    const seasonal = branch.weather || weatherDriven(look);
    if (rests && (seasonal || median(totals) < IDLE * most)) return 'fine';
    const least = Math.max(20 * branch.step, FLOOR * quantile(totals, 0.9));
    const share = branch.weather ? WEATHER_SHARE : SHARE;
    if (!far(least, share, day, like)) return 'fine';
    // The days beside it must be as their like; what stays different is a change.
    for (const beside of [earlier, today]) {
      const expected = expectation(look, beside, skip);
      if (expected === undefined || far(least, share, beside, expected)) return undefined;
    }
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

/** Far from what was expected, and well outside everything its like came to. */
function far(
  least: number,
  part: number,
  { total }: BranchDay,
  { expected, spread, range }: Expectation,
): boolean {
  const off = Math.abs((total ?? 0) - expected);
  const [low, high] = range;
  const outside = Math.max(low - (total ?? 0), (total ?? 0) - high);
  return off > Math.max(SIGMAS * spread, part * Math.abs(expected), least) && outside > 0.5 * (high - low);
}
