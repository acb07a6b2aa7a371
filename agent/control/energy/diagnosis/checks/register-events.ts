/** What happened to a register: it fell without anybody having declared an exchange, or it began again at zero. */
import type { CheckName, RegisterEvent } from '../../../../core/energy/diagnosis.ts';
import type { Check } from '../check.ts';

export const meterExchanged = eventCheck('meter-exchanged', 'warning', ['unexplained', 'reset']);
export const registerRollover = eventCheck('register-rollover', 'info', ['roll-over']);

function eventCheck(name: CheckName, severity: Check['severity'], events: readonly RegisterEvent[]): Check {
  return {
    name,
    severity,
    // Sense counts through both; what ran over an exchange is not known and stays uncounted.
    doubts: false,
    closesAfter: 7,
    judge({ today }) {
      const seen = today.events.find((event) => events.includes(event));
      if (seen === undefined) return 'fine';
      return { since: today.date, stake: null, evidence: { register: seen } };
    },
  };
}
