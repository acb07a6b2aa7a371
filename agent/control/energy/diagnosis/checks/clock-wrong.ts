/** A meter whose own clock is off: its tariffs, demand and freezes belong to other times. */
import { type Check, rounded } from '../check.ts';
import { median } from '../robust.ts';

const DAYS = 2;
/** DL/T 448 and DL/T 1664 let a meter in service be five minutes off. */
const MOST_S = 300;

export const clockWrong: Check = {
  name: 'clock-wrong',
  severity: 'warning',
  doubts: false,
  closesAfter: 1,
  judge(look) {
    const now = look.last(DAYS).flatMap(({ clockAhead }) => clockAhead ?? []);
    if (look.today.clockAhead === undefined || now.length < DAYS) return undefined;
    if (!now.every((ahead) => Math.abs(ahead) > MOST_S)) return 'fine';
    return {
      since: look.last(DAYS)[0]?.date ?? look.today.date,
      stake: null,
      evidence: { ahead_s: rounded(median(now), 5) },
    };
  },
};
