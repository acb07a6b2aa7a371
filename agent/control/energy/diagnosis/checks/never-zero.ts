/** Water or gas that flows in every hour of the day where there used to be hours without: a leak, a tap, a cistern. */
import type { BranchDay, CheckName } from '../../../../core/energy/diagnosis.ts';
import type { Carrier } from '../../../../core/energy/energy.ts';
import { type Check, MONTH, rounded } from '../check.ts';
import { median } from '../robust.ts';

const DAYS = 3;
/** Steps of the register in an hour that are no flow. */
const STEPS = 2;
/** Without a day at zero for so long it was never seen at zero. */
const NEVER = 21;

/** The least hour of a day; NaN where too few are known. */
function least({ hours }: BranchDay): number {
  let lowest = Number.POSITIVE_INFINITY;
  let known = 0;
  for (const value of hours) {
    if (!Number.isFinite(value)) continue;
    known += 1;
    lowest = Math.min(lowest, value);
  }
  return known < 18 ? Number.NaN : lowest;
}

export const waterNeverZero = neverZero('water', 'water-never-zero');
export const gasNeverZero = neverZero('gas', 'gas-never-zero');

function neverZero(carrier: Carrier, name: CheckName): Check {
  return {
    name,
    severity: 'warning',
    doubts: false,
    explainedBy: 'sum',
    closesAfter: 2,
    judge(look) {
      const { branch, today } = look;
      if (branch.carrier !== carrier) return undefined;
      if (!Number.isFinite(least(today))) return undefined;
      const zero = STEPS * branch.step + 1e-9;
      const now = look.last(DAYS);
      const before = look.usual(28, DAYS).map(least).filter(Number.isFinite);
      if (now.length < DAYS || before.length < 10) return undefined;
      if (!now.every((day) => !(least(day) <= zero))) return 'fine';
      const used = before.filter((value) => value <= zero).length / before.length;
      // A branch that is seldom at zero says nothing, unless it never was.
      if (used < 0.7 && !(used === 0 && before.length >= NEVER)) return 'fine';
      const flow = median(now.map(least));
      return {
        since: now[0]?.date ?? today.date,
        stake: flow * 24 * MONTH,
        evidence: { least_m3_per_hour: rounded(flow), days: DAYS, days_with_zero_before: rounded(used) },
      };
    },
  };
}
