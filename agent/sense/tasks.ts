/** What somebody has to do about a meter, as a line of the health board. Pure. */
import type { CounterBreak, MeterExchange } from '../core/mark.ts';
import type { PartHealth } from '../core/view.ts';

/** `now`: Unix epoch ms. Without tasks the line says that all is well. */
export function taskHealth(
  device: string,
  tasks: readonly (CounterBreak | MeterExchange)[],
  now: number,
): PartHealth {
  const part = `meter:${device}`;
  const breaks = tasks.filter((one) => one.mark === 'break');
  const exchanges = tasks.filter((one) => one.mark === 'exchange');
  const since = Math.min(now, ...breaks.map(({ at }) => at), ...exchanges.map(({ declared }) => declared));
  const facts = { jumps: breaks.length, exchanges_awaited: exchanges.length };
  const [first, ...more] = breaks;
  if (first !== undefined) {
    const rest = more.length === 0 ? '' : ` and ${more.length} more`;
    return {
      part,
      state: 'degraded',
      since,
      message: `${first.point} went from ${first.before} to ${first.after} ${first.unit}${rest}: an exchange that nobody has declared, as it seems; nothing is counted for the step`,
      fix: `Declare it: kerbside meter exchange ${device}. If it was none: kerbside meter explain ${device} --as consumption|reset|roll-over|nothing.`,
      facts,
    };
  }
  const [awaited] = exchanges;
  if (awaited !== undefined) {
    return {
      part,
      state: 'ok',
      since,
      message: 'an exchange is declared and not seen yet: the next reading of the new meter will show it',
      facts,
    };
  }
  return { part, state: 'ok', since: now, facts };
}
