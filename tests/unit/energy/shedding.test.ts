/** The load-shedding plan in virtual time: properties over seeded days, with the truth of the loads kept beside it. */
import { describe, expect, it } from 'vitest';
import { dryRun } from '../../../agent/control/energy/shedding/dry-run.ts';
import {
  evaluateShedding,
  NOTHING_SHED,
  type ShedState,
} from '../../../agent/control/energy/shedding/evaluate.ts';
import { PowerWindow } from '../../../agent/control/energy/shedding/window.ts';
import type { PeakLimitConfig, SheddableLoad } from '../../../agent/core/energy/peak-limit.ts';
import { seeded } from '../../support/seeded.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEP = 15 * SECOND;
const START = Date.parse('2027-07-01T00:00:00+08:00');

const load = (
  id: string,
  priority: number,
  kw: number,
  change: Partial<SheddableLoad> = {},
): SheddableLoad => ({
  id,
  device: id,
  point: 'enable',
  shed: false,
  normal: true,
  kw,
  priority,
  minOn: 3 * MINUTE,
  minOff: 5 * MINUTE,
  ...change,
});

const config = (change: Partial<PeakLimitConfig> = {}): PeakLimitConfig => ({
  limit: 200,
  window: 15 * MINUTE,
  margin: 0.04,
  power: { device: 'main', point: 'power' },
  armed: true,
  restoreEvery: 2 * MINUTE,
  response: 30 * SECOND,
  lease: 10 * MINUTE,
  loads: [load('charger', 1, 40), load('heater', 2, 20), load('ahu-1', 3, 15), load('ahu-2', 3, 10)],
  ...change,
});

interface Change {
  readonly at: number;
  readonly id: string;
  readonly shed: boolean;
}

interface Day {
  readonly highest: number;
  /** The same without a plan. */
  readonly bare: number;
  readonly changes: readonly Change[];
  readonly left: number;
}

/** A day of a building whose base load wanders by `steep` kW a minute between the two bounds. */
function play(plan: PeakLimitConfig, seed: number, low: number, high: number, steep: number): Day {
  const random = seeded(seed);
  const window = new PowerWindow(plan.window);
  const truth = new PowerWindow(plan.window);
  const untouched = new PowerWindow(plan.window);
  const off = new Set<string>();
  const pending: { readonly at: number; readonly id: string; readonly shed: boolean }[] = [];
  const changes: Change[] = [];
  let state: ShedState = NOTHING_SHED;
  let base = low;
  let aim = low;
  let highest = 0;
  let bare = 0;
  for (let now = START; now < START + 24 * HOUR; now += STEP) {
    if (random() < 0.004) aim = low + (high - low) * random();
    // The last two hours are quiet.
    if (now > START + 22 * HOUR) aim = low;
    const most = (steep * STEP) / MINUTE;
    base += Math.min(most, Math.max(-most, aim - base));
    while ((pending[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
      const next = pending.shift();
      if (next === undefined) break;
      if (next.shed) off.add(next.id);
      else off.delete(next.id);
    }
    const power = base + plan.loads.reduce((sum, { id, kw }) => sum + (off.has(id) ? 0 : kw), 0);
    truth.take(now, power);
    untouched.take(now, base + plan.loads.reduce((sum, { kw }) => sum + kw, 0));
    window.take(now, power);
    const mean = truth.mean(now + STEP);
    if (now > START + plan.window) {
      highest = Math.max(highest, mean);
      bare = Math.max(bare, untouched.mean(now + STEP));
    }
    const { state: next, actions } = evaluateShedding(plan, state, { now, window, taken: new Set() });
    state = next;
    for (const { load: id, what } of actions) {
      changes.push({ at: now, id, shed: what === 'shed' });
      pending.push({ at: now + plan.response * random(), id, shed: what === 'shed' });
      pending.sort((a, b) => a.at - b.at);
    }
  }
  return { highest, bare, changes, left: off.size };
}

describe('the plan through seeded days', () => {
  const plan = config();
  const days = Array.from({ length: 16 }, (_, seed) => play(plan, seed + 1, 90, 180, 6));

  it('never passes the limit where shedding suffices', () => {
    for (const [seed, { highest }] of days.entries())
      expect(highest, `seed ${seed + 1}`).toBeLessThanOrEqual(plan.limit);
    // Without a plan it would: the days are no easy ones.
    expect(days.filter(({ bare }) => bare > plan.limit).length).toBeGreaterThan(10);
    expect(days.some(({ changes }) => changes.length > 0)).toBe(true);
  });

  it('keeps the least times of every load', () => {
    for (const { changes } of days) {
      for (const { id, minOn, minOff } of plan.loads) {
        const own = changes.filter((one) => one.id === id);
        for (const [i, { at, shed }] of own.entries()) {
          const before = own[i - 1];
          if (before === undefined) continue;
          expect(shed).toBe(!before.shed);
          expect(at - before.at).toBeGreaterThanOrEqual(shed ? minOn : minOff);
        }
      }
    }
  });

  it('restores one load at a time, with a pause', () => {
    for (const { changes } of days) {
      const back = changes.filter(({ shed }) => !shed);
      for (const [i, { at }] of back.entries()) {
        if (i > 0) expect(at - (back[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(plan.restoreEvery);
      }
    }
  });

  it('sheds by priority: the charger first, and what is shed last comes back first', () => {
    for (const { changes } of days) {
      const off = new Map<string, number>();
      for (const { id, shed } of changes) {
        const own = plan.loads.find((one) => one.id === id);
        if (!shed) off.delete(id);
        else off.set(id, own?.priority ?? 0);
      }
      const [first] = changes;
      if (first !== undefined) expect(first.id).toBe('charger');
    }
  });

  it('gives everything back once there is room', () => {
    for (const { left } of days) expect(left).toBe(0);
  });
});

describe('a load with a longest time off', () => {
  it('comes back after it, whatever the demand is', () => {
    const plan = config({ limit: 100, loads: [load('ahu', 1, 10, { maxOff: 30 * MINUTE })] });
    const { changes } = play(plan, 7, 150, 160, 1);
    const [shed, back] = changes;
    expect(shed?.shed).toBe(true);
    expect(back?.shed).toBe(false);
    expect((back?.at ?? 0) - (shed?.at ?? 0)).toBeGreaterThanOrEqual(30 * MINUTE);
    expect((back?.at ?? 0) - (shed?.at ?? 0)).toBeLessThan(31 * MINUTE);
  });
});

describe('a load that somebody else has', () => {
  it('is asked for nothing', () => {
    const window = new PowerWindow(15 * MINUTE);
    window.take(START, 300);
    const { actions } = evaluateShedding(config(), NOTHING_SHED, {
      now: START + MINUTE,
      window,
      taken: new Set(['charger']),
    });
    expect(actions.map((one) => one.load)).toEqual(['heater', 'ahu-1', 'ahu-2']);
  });
});

describe('the dry run of a day', () => {
  const power = Array.from({ length: 24 * 60 }, (_, minute) => ({
    time: START + minute * MINUTE,
    // A peak of two hours, and five minutes of silence in the night.
    kw: minute >= 120 && minute < 125 ? null : minute >= 600 && minute < 720 ? 230 : 120,
  }));
  const plan = dryRun(config({ armed: false }), power);

  it('shows the demand as it was and as it would have been', () => {
    expect(plan.measured).toBeCloseTo(230, 6);
    expect(plan.measuredAbove).toBeGreaterThan(100);
    expect(plan.planned).toBeLessThanOrEqual(200);
    expect(plan.plannedAbove).toBe(0);
    expect(plan.curve).toHaveLength(24 * 60);
    expect(plan.curve[122]).toEqual({ time: START + 122 * MINUTE, measured: null, planned: null });
  });

  it('says what would have been shed, when and for how long', () => {
    const [first] = plan.actions;
    expect(first).toMatchObject({ load: 'charger', what: 'shed', why: 'demand' });
    // The window begins to fill at 10:00; it acts in time, and not before.
    expect(first?.at).toBeGreaterThan(START + 10 * HOUR);
    expect(first?.at).toBeLessThan(START + 10 * HOUR + 15 * MINUTE);
    expect(plan.loads.charger?.minutes).toBeGreaterThan(90);
    expect(plan.loads.charger?.kwh).toBeCloseTo(((plan.loads.charger?.minutes ?? 0) * 40) / 60, 6);
    expect(plan.actions.at(-1)?.what).toBe('restore');
  });
});

describe('power of a window', () => {
  it('is the mean of what was, and foresees what comes', () => {
    const window = new PowerWindow(10 * MINUTE);
    window.take(START, 0);
    window.take(START + 10 * MINUTE, 100);
    expect(window.mean(START + 10 * MINUTE)).toBe(0);
    expect(window.mean(START + 15 * MINUTE)).toBe(50);
    expect(window.highest(START + 15 * MINUTE, 5 * MINUTE, 100)).toBe(100);
    expect(window.highest(START + 15 * MINUTE, 5 * MINUTE, 0)).toBe(50);
    expect(window.highest(START + 15 * MINUTE, 5 * MINUTE, 100, MINUTE, 0)).toBe(60);
  });
});
