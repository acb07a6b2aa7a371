/**
 * Judges the readings of one counter, in the numbers of its display. A counter runs upwards, not faster than it can; it
 * begins again at 0 behind its highest number. Everything else is a break, which is doubted until the readings after it
 * go on from there: a single wrong value takes itself back. Pure.
 */

export interface CounterRule {
  /** The register goes back to 0 here; absent: guessed from where it stood. */
  readonly modulus?: number;
  /** More in an hour is no consumption; `Infinity`: nothing is known. */
  readonly mostPerHour: number;
  /** The most that ran in any hour so far, where that is known of many: what ran in a silence is held to it. */
  readonly learned?: number;
  /** One step of the last digit. */
  readonly resolution: number;
  /** A silence of this length is long enough to put up another meter, ms. */
  readonly outage: number;
}

/** `t`: ms on a clock that only runs on. */
export interface Seen {
  readonly value: number;
  readonly t: number;
}

export type DoubtKind = 'roll-over' | 'reset' | 'unexplained';

export interface Doubt {
  readonly kind: DoubtKind;
  /** The last reading that nobody doubts. */
  readonly before: Seen;
  /** What the breaks since then add; taken back with them. */
  readonly offset: number;
  readonly confirmations: number;
}

export interface CounterState {
  readonly last?: Seen;
  readonly doubt?: Doubt;
}

/** An exchange somebody has declared and nobody has seen yet. */
export interface Expected {
  readonly closing: number;
  readonly opening: number;
  readonly at: number;
}

/** What is known of the device besides the counter. */
export interface Circumstances {
  /** Whether its serial number is another one than before. */
  readonly serial: 'same' | 'changed' | 'unknown';
  readonly expected?: Expected;
}

export type Verdict =
  | { readonly what: 'first' | 'on' | 'doubtful' }
  /** A step that is none: `again` where the break before it was wrong, too. */
  | {
      readonly what: 'broken';
      readonly kind: DoubtKind | 'exchange';
      readonly closing: number;
      readonly opening: number;
      readonly again: boolean;
    }
  /** The break that was doubted is one. */
  | { readonly what: 'confirmed'; readonly kind: DoubtKind }
  /** It was a wrong value; the step back is a break too. */
  | { readonly what: 'taken-back'; readonly closing: number; readonly opening: number };

export interface Judged {
  readonly state: CounterState;
  readonly verdict: Verdict;
}

/** Readings that have to go on from behind a break before it counts. */
const CONFIRMATIONS = 2;
const HOUR = 3_600_000;
/** No silence is reckoned longer, ms: what may have been consumed meanwhile would excuse any step. */
const LONGEST = 30 * 24 * HOUR;
/** A silence may have been so many times busier than the busiest hour so far. */
const MARGIN = 5;
/** Steps of the last digit that are no step. */
const JITTER = 2;
/** A register rolls over from the last part of its range into the first. */
const TOP = 0.9;
/** The same where the range is guessed. */
const GUESSED_TOP = 0.99;
/** How far the hour that somebody wrote down may be off, ms. */
const HAND = HOUR;

/** What may be consumed in `ms`, in the unit of the register. */
export function most({ mostPerHour, resolution, learned, outage }: CounterRule, ms: number): number {
  const silence = Math.min(Math.max(ms, 0), LONGEST);
  const hard = (mostPerHour * silence) / HOUR;
  if (learned === undefined || silence < outage) return hard + 3 * resolution;
  return Math.min(hard, (MARGIN * learned * Math.max(silence, HOUR)) / HOUR) + 3 * resolution;
}

/** True where a register that showed `from` can show `to` after `ms`. */
export function runsOn(rule: CounterRule, from: number, to: number, ms: number): boolean {
  return to - from >= -JITTER * rule.resolution && to - from <= most(rule, ms);
}

export function judge(
  state: CounterState,
  seen: Seen,
  rule: CounterRule,
  { serial, expected }: Circumstances,
): Judged {
  const { last, doubt } = state;
  if (last === undefined) return { state: { last: seen }, verdict: { what: 'first' } };
  const ms = seen.t - last.t;
  const on = serial !== 'changed' && runsOn(rule, last.value, seen.value, ms);
  if (expected !== undefined && isExpected(rule, last, seen, expected, on)) {
    // Never backwards: a number that was written down before the last reading ends at the last reading. Behind wrong
    // values, which were counted as nothing, what is left of the old meter is added to the last of them.
    const rest = Math.max(0, expected.closing - (doubt?.before ?? last).value);
    const closing = last.value + rest;
    const opening = Math.min(expected.opening, seen.value);
    const verdict = {
      what: 'broken',
      kind: 'exchange',
      closing,
      opening,
      again: doubt !== undefined,
    } as const;
    return { state: { last: seen }, verdict };
  }
  if (doubt === undefined) {
    if (on) return { state: { last: seen }, verdict: { what: 'on' } };
    return broken(rule, last, seen, ms, serial, undefined);
  }
  if (on) {
    if (doubt.confirmations + 1 >= CONFIRMATIONS)
      return { state: { last: seen }, verdict: { what: 'confirmed', kind: doubt.kind } };
    const more = { ...doubt, confirmations: doubt.confirmations + 1 };
    return { state: { last: seen, doubt: more }, verdict: { what: 'doubtful' } };
  }
  if (runsOn(rule, doubt.before.value, seen.value, seen.t - doubt.before.t)) {
    const verdict = { what: 'taken-back', closing: last.value, opening: last.value + doubt.offset } as const;
    return { state: { last: seen }, verdict };
  }
  return broken(rule, last, seen, ms, serial, doubt);
}

function isExpected(rule: CounterRule, last: Seen, seen: Seen, expected: Expected, on: boolean): boolean {
  const since = seen.t - expected.at;
  if (since < -HAND) return false;
  if (!runsOn(rule, expected.opening, seen.value, Math.max(since, 0) + HAND)) return false;
  // Where the old meter could have run so far as well, the nearer of the two numbers tells which one it is.
  return !on || (since >= 0 && expected.opening > last.value);
}

function broken(
  rule: CounterRule,
  last: Seen,
  seen: Seen,
  ms: number,
  serial: Circumstances['serial'],
  doubt: Doubt | undefined,
): Judged {
  const { kind, closing, opening } = classify(rule, last, seen, ms, serial);
  const offset = (doubt?.offset ?? 0) + closing - opening;
  const before = doubt?.before ?? last;
  return {
    state: { last: seen, doubt: { kind, before, offset, confirmations: 0 } },
    verdict: { what: 'broken', kind, closing, opening, again: doubt !== undefined },
  };
}

/** What a step that no consumption explains was, as far as the numbers tell. */
function classify(
  rule: CounterRule,
  last: Seen,
  seen: Seen,
  ms: number,
  serial: Circumstances['serial'],
): { kind: DoubtKind; closing: number; opening: number } {
  const unexplained = { kind: 'unexplained', closing: last.value, opening: seen.value } as const;
  if (serial === 'changed' || seen.value >= last.value) return unexplained;
  // Nobody puts up another meter between two polls.
  const same = serial === 'same' || ms < rule.outage;
  const modulus = rolledOver(rule, last.value, seen.value, ms, same);
  if (modulus !== undefined) return { kind: 'roll-over', closing: modulus, opening: 0 };
  if (same && seen.value >= 0 && seen.value <= most(rule, ms))
    return { kind: 'reset', closing: last.value, opening: 0 };
  return unexplained;
}

function rolledOver(
  rule: CounterRule,
  last: number,
  now: number,
  ms: number,
  same: boolean,
): number | undefined {
  const { modulus, resolution } = rule;
  const fits = (end: number, top: number) =>
    last >= top * end && last <= end && now >= 0 && end - last + now <= most(rule, ms);
  if (modulus !== undefined) return fits(modulus, TOP) ? modulus : undefined;
  // A range is guessed for a meter that is certainly the same one.
  if (!same) return undefined;
  const ends = guessedRanges(last, resolution);
  return ends.find((end) => fits(end, GUESSED_TOP) && now <= (1 - TOP) * end);
}

/** Ends of a register that shows `last`: displays of five digits and more, registers of 16, 24, 31 and 32 bits. */
export function guessedRanges(last: number, resolution: number): number[] {
  const digits = Math.max(5, Math.ceil(Math.log10(Math.max(last, resolution))));
  return [10 ** digits, ...[16, 24, 31, 32].map((bits) => 2 ** bits * resolution)];
}
