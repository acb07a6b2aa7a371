/** Holds what somebody declares of an exchange to what the readings show. Pure. */

import { AgentError } from '../core/errors.ts';
import type { CounterBreak, ExchangedRegister, MeterExchange } from '../core/mark.ts';
import type { ExchangeDeclaration } from '../core/sense.ts';
import { most } from './counter.ts';
import { type Scale, scaled, type Track, unscaled } from './counters.ts';

const HOUR = 3_600_000;

/** The jump that an exchange at `at` explains: the newest one that nothing better explains, not long before it. */
export function explainedBy(
  breaks: readonly CounterBreak[],
  point: string,
  at: number,
): CounterBreak | undefined {
  return breaks
    .filter((one) => one.point === point && one.at >= at - HOUR)
    .filter(({ kind }) => kind === 'unexplained' || kind === 'reset')
    .toSorted((a, b) => a.at - b.at)
    .at(-1);
}

/** The break as the exchange explains it. Never backwards: numbers are held to the readings on both sides. */
export function explained(
  mark: CounterBreak,
  { closing, opening }: ExchangedRegister,
  exchange: string,
  { before, now }: { readonly before: Scale; readonly now: Scale },
): CounterBreak {
  return {
    ...mark,
    kind: 'exchange',
    state: 'settled',
    closing: Math.max(scaled(closing, before), mark.before),
    opening: Math.min(scaled(opening, now), mark.after),
    by: exchange,
  };
}

/**
 * Refuses numbers that cannot be: an old meter that runs backwards, a new one that is ahead of its readings, or more
 * consumption than there can have been. Throws `AgentError` `config-invalid`.
 */
export function checkNumbers(
  track: Track,
  { closing, opening }: ExchangedRegister,
  jump: CounterBreak | undefined,
  { before, now }: { readonly before: Scale; readonly now: Scale },
  ms: number,
): void {
  const { point, rule, state } = track;
  const last = jump === undefined ? state.last?.value : unscaled(jump.before, before);
  const refuse = (why: string, fix: string) =>
    new AgentError('config-invalid', `exchange refused: ${point}: ${why}`, {
      fix: `${fix}; --force takes it as it is`,
    });
  // A display has fewer digits than the register behind it, and cuts the rest off.
  const slack = (written: number) => Math.max(2 * rule.resolution, lastDigit(written));
  if (last !== undefined && closing < last - slack(closing))
    throw refuse(
      `the old meter cannot end at ${closing}, it was read at ${shown(last, track)} before`,
      `write --closing ${point}=${shown(last, track)} or more`,
    );
  if (last !== undefined && closing - last > most(rule, ms))
    throw refuse(
      `the old meter cannot have gone from ${shown(last, track)} to ${closing} meanwhile`,
      'look at the display again',
    );
  if (jump === undefined) return;
  const after = unscaled(jump.after, now);
  if (opening > after + slack(opening))
    throw refuse(
      `the new meter cannot begin at ${opening}, it was read at ${shown(after, track)} after`,
      `write --opening ${point}=${shown(after, track)} or less`,
    );
  if (after - opening > most(rule, HOUR + ms))
    throw refuse(
      `the new meter cannot have gone from ${opening} to ${shown(after, track)} meanwhile`,
      'look at the display again',
    );
}

/** One step of the last digit that somebody wrote down. */
function lastDigit(written: number): number {
  const [, decimals = ''] = String(written).split('.');
  return 10 ** -decimals.length;
}

function shown(value: number, { decimals = 3 }: Track): string {
  return String(Number(value.toFixed(decimals)));
}

/** The mark of a declaration. */
export function exchangeOf(declaration: ExchangeDeclaration, id: string, now: number): MeterExchange {
  const { force: _, registers, at = now, by, device, ...rest } = declaration;
  return {
    mark: 'exchange',
    id,
    device,
    at: Math.round(at),
    declared: Math.round(now),
    by,
    ...rest,
    registers,
    found: [],
    state: 'pending',
  };
}
