/** A day of which fewer readings came than the line of completeness asks for. */
import { type Check, rounded } from '../check.ts';

/** 90 %, as the city's plan asks for. */
const LINE = 0.9;

export const readingsMissing: Check = {
  name: 'readings-missing',
  severity: 'warning',
  doubts: true,
  closesAfter: 1,
  judge({ today }) {
    if (today.due === 0) return undefined;
    if (today.received >= LINE * today.due) return 'fine';
    return {
      since: today.date,
      stake: null,
      evidence: { received: today.received, due: rounded(today.due) },
    };
  },
};
