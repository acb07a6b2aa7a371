/** Kinds of conditions: what meets them, what ends them, and what cannot be told. */
import { describe, expect, test } from 'vitest';
import { judgeOf } from '../../../agent/control/alarms/judge.ts';
import type { AlarmCondition } from '../../../agent/core/alarm/alarm.ts';
import { bad, good, type Reason, uncertain, type Value } from '../../../agent/core/reading.ts';
import { seeded } from '../../support/seeded.ts';

const AT = { device: 'd', point: 'p', unit: '1' } as const;

/** A judge with readings of `p` at given times. */
function judge(condition: AlarmCondition) {
  const made = judgeOf(condition, () => undefined, 0);
  const take = (value: Value | null, time: number, reason?: Reason) => {
    made.take(
      value === null
        ? bad(AT, reason ?? 'timeout', time)
        : reason === undefined
          ? good(AT, value, time)
          : uncertain(AT, value, reason, time),
    );
    return made.verdict(time).met;
  };
  return { made, take };
}

const limit = (change: object): AlarmCondition => ({
  kind: 'limit',
  device: 'd',
  point: 'p',
  deadband: 0,
  ...change,
});

describe('a limit', () => {
  test('above it, with a deadband below', () => {
    const { take, made } = judge(limit({ above: 55, deadband: 5 }));
    expect(made.verdict(0).met).toBeUndefined();
    expect([54, 55, 55.1, 52, 50.1, 50, 54].map((value, i) => take(value, i))).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(made.verdict(9).because).toEqual({ point: 'p', value: 54, unit: '1', limit: 55 });
  });

  test('below it, with a deadband above', () => {
    const { take } = judge(limit({ below: 10, deadband: 2 }));
    expect([11, 9, 10, 11.9, 12].map((value, i) => take(value, i))).toEqual([false, true, true, true, false]);
  });

  test('is not judged by values that are not to be believed', () => {
    const { take } = judge(limit({ above: 55 }));
    expect(take(60, 1)).toBe(true);
    expect(take(null, 2)).toBeUndefined();
    expect(take(20, 3, 'frozen')).toBeUndefined();
    expect(take(99, 4, 'maintenance')).toBeUndefined();
    // An unknown clock says nothing against the value.
    expect(take(20, 5, 'clock-untrusted')).toBe(false);
    expect(take('open', 6)).toBe(false);
  });
});

describe('a rate of change', () => {
  test('is the rise within the window, also by many small steps', () => {
    const { take } = judge({ kind: 'rate', device: 'd', point: 'p', within: 60_000, rise: 5 });
    expect([0, 1, 2, 3, 4, 5].map((value, i) => take(value, i * 10_000))).toEqual(Array(6).fill(false));
    expect(take(7, 59_000)).toBe(true);
    expect(take(7, 100_000)).toBe(false);
  });

  test('falls, and either way', () => {
    const fall = judge({ kind: 'rate', device: 'd', point: 'p', within: 60_000, fall: 5 });
    expect([fall.take(20, 0), fall.take(30, 1000), fall.take(24, 2000)]).toEqual([false, false, true]);
    const change = judge({ kind: 'rate', device: 'd', point: 'p', within: 60_000, change: 5 });
    expect([change.take(20, 0), change.take(26, 1000), change.take(20, 2000)]).toEqual([false, true, true]);
  });

  test('remembers a bounded part of what it sees, and is never wrong by more than a part of the window', () => {
    const random = seeded(9);
    const within = 6000;
    const { take } = judge({ kind: 'rate', device: 'd', point: 'p', within, rise: 50 });
    const seen: { time: number; value: number }[] = [];
    let missed = 0;
    for (let time = 0; time < 300_000; time += 10) {
      const value = Math.round(random() * 60);
      seen.push({ time, value });
      const met = take(value, time);
      // Certain by the readings of the window less its oldest part.
      const lowest = Math.min(...seen.slice(-Math.floor((within - 100) / 10)).map((one) => one.value));
      if (value - lowest > 50 && met !== true) missed++;
    }
    expect(missed).toBe(0);
  }, 20_000);
});

describe('staleness', () => {
  test('counts from the last believable reading, or from the start', () => {
    const { made, take } = judge({ kind: 'stale', device: 'd', point: 'p', after: 10_000 });
    expect(made.verdict(9_999).met).toBe(false);
    expect(made.due(0)).toBe(10_000);
    expect(made.verdict(10_000).met).toBe(true);
    expect(take(1, 11_000)).toBe(false);
    expect(take(null, 20_999)).toBe(false);
    expect(take(null, 21_000)).toBe(true);
    expect(take(3, 22_000, 'frozen')).toBe(false);
  });
});

describe('a state', () => {
  const state = (change: object): AlarmCondition => ({
    kind: 'state',
    device: 'd',
    point: 'p',
    is: [2, 4],
    not: false,
    ...change,
  });
  test('is one of these, or none of these', () => {
    expect([1, 2, 3, 4].map((value) => judge(state({})).take(value, 0))).toEqual([false, true, false, true]);
    expect([1, 2].map((value) => judge(state({ not: true })).take(value, 0))).toEqual([true, false]);
  });

  test('of a help button is believed during maintenance too', () => {
    expect(judge(state({})).take(2, 0, 'maintenance')).toBeUndefined();
    expect(judge(state({ uncertain: true })).take(2, 0, 'maintenance')).toBe(true);
    expect(judge(state({ uncertain: true })).take(null, 0)).toBeUndefined();
  });
});

test('an event begins it and another one ends it; before the first, what stood before stands for two minutes', () => {
  const condition = {
    kind: 'event',
    event: 'store',
    where: { state: 'down' },
    until: { state: 'ok' },
  } as const;
  const judged = judgeOf(condition, () => undefined, 0);
  const say = (event: 'store' | 'line', state: string) => {
    judged.event({ event, severity: 'warning', time: 0, body: { state } });
    return judged.verdict(0).met;
  };
  expect([say('line', 'down'), say('store', 'down'), say('store', 'degraded'), say('store', 'ok')]).toEqual([
    undefined,
    true,
    true,
    false,
  ]);
  const silent = judgeOf(condition, () => undefined, 1000);
  expect([silent.verdict(120_999).met, silent.due(1000), silent.verdict(121_000).met]).toEqual([
    undefined,
    121_000,
    false,
  ]);
});

describe('a combination', () => {
  const of = (kind: 'all' | 'any' | 'none', ...met: (boolean | undefined)[]) => {
    const conditions = met.map((_, i): AlarmCondition => ({ kind: 'alarm', alarm: String(i) }));
    return judgeOf({ kind, of: conditions }, (id) => met[Number(id)], 0).verdict(0).met;
  };
  test('follows the logic of what is not known', () => {
    const u = undefined;
    expect([of('all', true, true), of('all', true, false), of('all', true, u), of('all', false, u)]).toEqual([
      true,
      false,
      u,
      false,
    ]);
    expect([of('any', false, false), of('any', true, u), of('any', false, u)]).toEqual([false, true, u]);
    expect([of('none', false, false), of('none', true, u), of('none', false, u)]).toEqual([true, false, u]);
  });

  test('of readings looks at each of its points', () => {
    const judged = judgeOf(
      {
        kind: 'all',
        of: [
          { kind: 'limit', device: 'd', point: 'a', above: 5, deadband: 0 },
          { kind: 'none', of: [{ kind: 'state', device: 'd', point: 'b', is: [true], not: false }] },
        ],
      },
      () => undefined,
      0,
    );
    expect(judged.points).toEqual(['d/a', 'd/b']);
    judged.take(good({ ...AT, point: 'a' }, 6, 0));
    expect(judged.verdict(0).met).toBeUndefined();
    judged.take(good({ ...AT, point: 'b' }, false, 0));
    expect(judged.verdict(0)).toMatchObject({ met: true, because: { point: 'a', value: 6, limit: 5 } });
  });
});
