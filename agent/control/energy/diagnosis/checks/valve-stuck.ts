/** Heating or cooling water that flows always the same, day and night, where it used to follow the need. */
import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, hoursMean, MONTH, rounded } from '../check.ts';
import { median, variation } from '../robust.ts';

const DAYS = 2;
/** Standard deviation by mean of the hourly flow. */
const MOST = 0.025;

function restless({ flow }: BranchDay): number {
  const known = [...(flow ?? [])].filter((value) => value > 0);
  return known.length < 22 ? Number.NaN : variation(known);
}

export const valveStuck: Check = {
  name: 'valve-stuck',
  severity: 'warning',
  doubts: false,
  explainedBy: 'any',
  closesAfter: 2,
  judge(look) {
    const { today } = look;
    if (today.flow === undefined) return undefined;
    const now = look.last(DAYS);
    // Water that stands is not stuck.
    if (!Number.isFinite(restless(today)))
      return [...today.flow].some((value) => value > 0) ? 'fine' : undefined;
    const before = look.usual(28, DAYS).map(restless).filter(Number.isFinite);
    if (now.length < DAYS || before.length < 5) return undefined;
    const usual = median(before);
    if (!now.every((day) => restless(day) < Math.min(MOST, usual / 2))) return 'fine';
    const nights = look.usual(14, DAYS).map((day) => hoursMean(day, 0, 5));
    const night = hoursMean(today, 0, 5) - median(nights);
    return {
      since: now[0]?.date ?? today.date,
      stake: Number.isFinite(night) ? Math.max(0, night) * 8 * MONTH : null,
      evidence: {
        flow_m3_per_hour: rounded(median(today.flow)),
        flow_varies_percent: rounded(restless(today) * 100, 2),
        usually_percent: rounded(usual * 100, 2),
      },
    };
  },
};
