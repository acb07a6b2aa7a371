/** A generator whose energy is counted as drawn: the building then pays for its own sun. */
import { type Check, MONTH, rounded } from '../check.ts';

const DAYS = 2;

export const pvSignWrong: Check = {
  name: 'pv-sign-wrong',
  severity: 'warning',
  doubts: true,
  closesAfter: 2,
  judge(look) {
    const { branch, today } = look;
    if (!branch.generates || today.total === null) return undefined;
    const now = look.last(DAYS);
    if (now.length < DAYS) return undefined;
    const wrong = now.every(
      ({ imported, exported }) => imported > 10 * branch.step && imported > 4 * exported,
    );
    if (!wrong) return 'fine';
    return {
      since: now[0]?.date ?? today.date,
      // Counted as drawn instead of given: twice as far off.
      stake: 2 * today.imported * MONTH,
      evidence: { counted_as_import: rounded(today.imported), export: rounded(today.exported) },
    };
  },
};
