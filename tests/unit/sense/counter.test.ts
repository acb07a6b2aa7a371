import { describe, expect, test } from 'vitest';
import {
  type CounterRule,
  type CounterState,
  type Expected,
  judge,
  type Verdict,
} from '../../../agent/sense/counter.ts';
import { type Happening, type Life, type LifeOptions, life } from './history.ts';

const RULE: CounterRule = { mostPerHour: 200, resolution: 0.01, outage: 90_000 };

interface Told {
  readonly verdicts: readonly Verdict[];
  /** Consumption from the first reading to the last, with all breaks. */
  readonly counted: number;
  /** Smallest step with its break. */
  readonly least: number;
  /** Largest step with its break, by what could run in its time. */
  readonly excess: number;
}

/** What the judge makes of a life. `declared`: exchanges are declared when they happen. */
function follow({ polls, happenings }: Life, rule: CounterRule, declared: boolean): Told {
  let state: CounterState = {};
  const verdicts: Verdict[] = [];
  const waiting: Expected[] = [];
  let last: { value: number; t: number } | undefined;
  let counted = 0;
  let least = Number.POSITIVE_INFINITY;
  let excess = Number.NEGATIVE_INFINITY;
  let told = 0;
  for (const { t, shown } of polls) {
    if (shown === undefined) continue;
    for (; declared && (happenings[told]?.t ?? Infinity) < t; told++) {
      const one = happenings[told];
      if (one?.what === 'exchange') waiting.push({ closing: one.closing, opening: one.opening, at: one.t });
    }
    const [expected] = waiting;
    const judged = judge(state, { value: shown, t }, rule, {
      serial: 'unknown',
      ...(expected === undefined ? {} : { expected }),
    });
    state = judged.state;
    const { verdict } = judged;
    if (verdict.what !== 'on') verdicts.push(verdict);
    if (verdict.what === 'broken' && verdict.kind === 'exchange') waiting.shift();
    if (last !== undefined) {
      const offset = 'closing' in verdict ? verdict.closing - verdict.opening : 0;
      const step = shown - last.value + offset;
      counted += step;
      least = Math.min(least, step);
      excess = Math.max(excess, step - (rule.mostPerHour * (t - last.t)) / 3_600_000);
    }
    last = { value: shown, t };
  }
  expect(waiting).toEqual([]);
  return { verdicts, counted, least, excess };
}

const kinds = (verdicts: readonly Verdict[]) =>
  verdicts.flatMap((one) =>
    one.what === 'confirmed' || one.what === 'broken' ? [`${one.what} ${one.kind}`] : [one.what],
  );

function seen(options: LifeOptions, declared = false, rule = RULE) {
  const it = life(options);
  const first = it.polls[0]?.consumed ?? 0;
  const real = (it.polls.at(-1)?.consumed ?? 0) - first;
  return { life: it, real, ...follow(it, rule, declared) };
}

describe('a register', () => {
  test('that runs on, also over hours of silence, is nothing to tell of', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { verdicts, counted, real } = seen({ seed, happen: ['silence', 'silence'] });
      expect(kinds(verdicts)).toEqual(['first']);
      expect(Math.abs(counted - real)).toBeLessThan(0.02);
    }
  });

  test('that rolls over is told from one that was reset and from one that was exchanged', () => {
    const what = (happen: Happening, modulus?: number) =>
      kinds(
        seen({ seed: 7, happen: [happen], ...(modulus === undefined ? {} : { modulus }) }).verdicts,
      ).slice(1);
    expect(what('roll-over')).toEqual(['broken roll-over', 'doubtful', 'confirmed roll-over']);
    expect(what('roll-over', 42_949_672.96)).toEqual(['broken roll-over', 'doubtful', 'confirmed roll-over']);
    expect(what('reset')).toEqual(['broken reset', 'doubtful', 'confirmed reset']);
    expect(what('exchange')).toEqual(['broken unexplained', 'doubtful', 'confirmed unexplained']);
    expect(what('spike')).toEqual(['broken unexplained', 'taken-back']);
  });

  test('with a declared range rolls over there and nowhere else', () => {
    const odd = { seed: 3, modulus: 65_000, happen: ['roll-over'] as const };
    expect(kinds(seen(odd, false, { ...RULE, modulus: 65_000 }).verdicts)).toContain('confirmed roll-over');
    expect(kinds(seen(odd).verdicts)).not.toContain('confirmed roll-over');
  });

  test('whose serial number is another one was exchanged, however well the numbers fit', () => {
    const state: CounterState = { last: { value: 100, t: 0 } };
    const next = { value: 100.01, t: 600_000 };
    expect(judge(state, next, RULE, { serial: 'same' }).verdict.what).toBe('on');
    expect(judge(state, next, RULE, { serial: 'changed' }).verdict).toMatchObject({ kind: 'unexplained' });
  });

  test('that begins anew after a silence was exchanged or reset: only the serial number can say that it was not', () => {
    const state: CounterState = { last: { value: 5000, t: 0 } };
    const next = { value: 0.2, t: 600_000 };
    expect(judge(state, next, RULE, { serial: 'unknown' }).verdict).toMatchObject({ kind: 'unexplained' });
    expect(judge(state, next, RULE, { serial: 'same' }).verdict).toMatchObject({ kind: 'reset' });
  });
});

describe('whatever happens to a register', () => {
  const ALL: readonly Happening[] = ['roll-over', 'reset', 'exchange', 'spike', 'silence'];
  const lives = Array.from({ length: 400 }, (_, i) => {
    const happen = Array.from(
      { length: 1 + (i % 4) },
      (_, n) => ALL[(i * 7 + n * 3) % ALL.length] ?? 'spike',
    );
    return { seed: 1000 + i, happen };
  });

  test('consumption is never negative and never more than can have run', () => {
    for (const options of lives) {
      const { least, excess } = seen(options);
      expect({ ...options, least: Math.min(0, Math.round(least * 1e6)) }).toEqual({
        ...options,
        least: -0 + 0,
      });
      expect(excess).toBeLessThan(0.1);
    }
  });

  test('declared exchanges lose and add nothing: consumption is what the meters counted', () => {
    for (const options of lives) {
      const { counted, real, life: it } = seen(options, true, { ...RULE, modulus: 1_000_000 });
      // A reset takes what ran since the poll before; each break may cost a step of the last digit on both sides.
      const resets = it.happenings.filter(({ what }) => what === 'reset').length;
      const slack = 0.021 + 0.02 * it.happenings.length + resets * ((100 * 10_000) / 3_600_000);
      expect({ ...options, off: Math.abs(counted - real) <= slack }).toEqual({ ...options, off: true });
    }
  });

  test('an exchange that nobody declares counts nothing for its step, and is told once', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { counted, real, verdicts } = seen({ seed, happen: ['exchange'] });
      expect(counted).toBeLessThanOrEqual(real + 0.02);
      expect(real - counted).toBeLessThan(200 * 1.2);
      expect(kinds(verdicts).filter((one) => one === 'confirmed unexplained').length).toBeLessThanOrEqual(1);
    }
  });
});
