/**
 * Main against the sum behind it. A rest that moves little by little, with everything that flows, is a meter that drifts;
 * one that is there from one day to the next is a load nobody measures.
 */

import { balance, type Shift, shiftOf } from '../balance.ts';
import { type Check, type Look, MONTH, rounded, type Verdict } from '../check.ts';

/** Share of what flows through that is a shift: meters of class 1 and 2 stay within it. */
const LEAST = 0.015;
/** Part of the shift that comes at once where it is a step. */
const AT_ONCE = 0.65;

function moved(look: Look): Shift | 'fine' | undefined {
  if (look.children.length === 0) return undefined;
  const days = balance(look);
  if (days.at(-1)?.date !== look.today.date) return undefined;
  const shift = shiftOf(days, LEAST);
  return shift === 'none' ? 'fine' : shift;
}

export const mainSubDrift: Check = {
  name: 'main-sub-drift',
  severity: 'warning',
  doubts: false,
  closesAfter: 5,
  judge(look) {
    const shift = moved(look);
    if (shift === undefined || shift === 'fine') return shift;
    if (look.open('main-sub-drift')) return drift(shift);
    if (shift.atOnce > AT_ONCE || look.open('unmetered-load')) return undefined;
    return drift(shift);
  },
};

function drift(shift: Shift): Verdict {
  return {
    since: shift.since,
    stake: Math.abs(shift.quantity) * MONTH,
    evidence: { rest_moved_percent: rounded(shift.share * 100), a_day: rounded(shift.quantity) },
  };
}

export const unmeteredLoad: Check = {
  name: 'unmetered-load',
  severity: 'warning',
  doubts: false,
  closesAfter: 5,
  judge(look) {
    const shift = moved(look);
    if (shift === undefined || shift === 'fine') return shift;
    if (shift.share < 0 || look.open('main-sub-drift')) return undefined;
    if (!look.open('unmetered-load') && !(shift.atOnce > AT_ONCE)) return undefined;
    return {
      since: shift.since,
      stake: shift.quantity * MONTH,
      evidence: {
        a_day: rounded(shift.quantity),
        percent_of_through: rounded(shift.share * 100),
        hours: busiest(look),
      },
    };
  },
};

/** Hours of the day in which most of the rest flows. */
function busiest(look: Look): string {
  const rest = look.today.hours.map(
    (value, h) => value - look.children.reduce((sum, child) => sum + (child.today.hours[h] ?? Number.NaN), 0),
  );
  const most = Math.max(...rest.filter(Number.isFinite));
  const hours = [...rest.keys()].filter((h) => (rest[h] ?? 0) > most / 2);
  return hours.length === 0 ? '' : hours.map((h) => String(h).padStart(2, '0')).join(' ');
}
