/** A meter that counts a multiple or a fraction of what it did, while the branch above shows that nothing has changed. */

import { dates, parentMoved } from '../balance.ts';
import { type Check, MONTH, rounded } from '../check.ts';
import { expectation } from '../like.ts';
import { median, quantile } from '../robust.ts';

const DAYS = 3;
/** Of these, such that have the ratio; on the third somebody may have worked at a weekend. */
const FITTING = 2;
/** Ratios of transformer sets that are exchanged for each other, and a factor of ten; and their inverses. */
const RATIOS = [1.5, 2, 2.5, 3, 4, 5, 10];
const FIT = 0.08;
/** Share of a busy day. */
const FLOOR = 0.15;

export const wrongMultiplier: Check = {
  name: 'wrong-multiplier',
  severity: 'warning',
  doubts: true,
  closesAfter: 2,
  judge(look) {
    const { today, branch } = look;
    if (branch.generates || look.parent === undefined || today.total === null) return undefined;
    const now = look.last(DAYS);
    const like = now.map((day) => expectation(look, day, DAYS));
    const [first] = now;
    if (now.length < DAYS || first === undefined) return undefined;
    const factors = now.map((day, i) => (day.total ?? Number.NaN) / (like[i]?.expected ?? Number.NaN));
    if (!Number.isFinite(factors.at(-1))) return undefined;
    const factor = median(factors);
    const nominal = RATIOS.flatMap((ratio) => [ratio, 1 / ratio]).find(
      (ratio) => Math.abs(factor / ratio - 1) < FIT,
    );
    const fits = factors.filter((one) => Math.abs(one / (nominal ?? 0) - 1) < FIT);
    if (nominal === undefined || fits.length < FITTING)
      return factor > 0.8 && factor < 1.25 ? 'fine' : undefined;
    const gained = median(now.map((day, i) => (day.total ?? Number.NaN) - (like[i]?.expected ?? Number.NaN)));
    const busy = look.usual(45, 0).map(({ total }) => total ?? Number.NaN);
    const restless = median(like.map((one) => one?.spread ?? Number.NaN));
    // What is small, or varies as much by itself, can have any ratio by chance.
    if (Math.abs(gained) < Math.max(FLOOR * quantile(busy, 0.9), 4 * restless, 20 * branch.step))
      return undefined;
    const beyond = now.filter((day, i) => {
      const [low, high] = like[i]?.inner ?? [Number.NaN, Number.NaN];
      return (day.total ?? Number.NaN) < low || (day.total ?? Number.NaN) > high;
    });
    if (beyond.length < FITTING) return undefined;
    const above = parentMoved(look, dates(now));
    // The sum above says the opposite of what this meter gained: then nothing real has changed.
    if (above === undefined) return undefined;
    if (Math.abs(above + gained) > 0.3 * Math.abs(gained)) return undefined;
    return {
      since: first.date,
      stake: Math.abs(gained) * MONTH,
      evidence: {
        factor: rounded(nominal),
        measured_factor: rounded(factor),
        rest_above_a_day: rounded(above),
      },
    };
  },
};
