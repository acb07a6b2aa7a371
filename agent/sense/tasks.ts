/** What somebody has to do about a meter, as a line of the health board. Pure. */
import type { CounterBreak, Maintenance, MeterExchange } from '../core/mark.ts';
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

/** Who works on a device, and until when. */
export function windowHealth({ device, by, why, since, until, ended }: Maintenance): PartHealth {
  const over = ended !== undefined;
  const message = `${by} works on it until ${new Date(until).toISOString()}: ${why}`;
  return {
    part: `maintenance:${device}`,
    state: 'ok',
    since: ended ?? since,
    ...(over ? {} : { message }),
    facts: {},
  };
}

/** Whether it is known what was declared of the devices. `now`: Unix epoch ms. */
export function blindHealth(blind: boolean, now: number): PartHealth {
  if (!blind) return { part: 'sense', state: 'ok', since: now, facts: {} };
  return {
    part: 'sense',
    state: 'degraded',
    since: now,
    message: 'what was declared of the devices cannot be read from the log: no reading is told to be good',
    fix: 'See what ails the store; it is tried again every 15 s.',
    facts: {},
  };
}
