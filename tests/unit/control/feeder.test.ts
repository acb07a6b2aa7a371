/** The feeder: shares as properties, and chargers with vehicles in virtual time over the real controller and router. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandRouter } from '../../../agent/command/router.ts';
import { EVALUATE_EVERY, FeederController } from '../../../agent/control/feeder/controller.ts';
import { type FeederState, share } from '../../../agent/control/feeder/share.ts';
import { slow } from '../../../agent/control/feeder/slow.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Point } from '../../../agent/core/point.ts';
import type { FeederCharger, FeederConfig, FeederPhase } from '../../../agent/core/pole.ts';
import { good } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Pole } from './lamp.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const charger = (
  n: number,
  phases: readonly FeederPhase[],
  change: Partial<FeederCharger> = {},
): FeederCharger => ({
  device: `charger-${n}`,
  limit: 'current-limit',
  currents: phases.map((phase) => `current-l${phase}`),
  phases,
  min: 6,
  max: 32,
  ...change,
});

const FEEDER: FeederConfig = {
  id: 'feeder',
  rating: 40,
  reserve: 1,
  meter: { device: 'meter', currents: ['current-l1', 'current-l2', 'current-l3'] },
  others: 15,
  stale: 20 * SECOND,
  raiseAfter: 30 * SECOND,
  raiseStep: 4,
  chargers: [charger(1, [1, 2, 3]), charger(2, [1]), charger(3, [2])],
};

describe('shares', () => {
  test.each<[string, readonly number[], readonly (readonly number[])[], readonly number[]]>([
    [
      'a quiet street: what its chargers can take, up to the feeder',
      [20, 20, 10],
      [[10, 10, 10], [10], [10]],
      [19.5, 19.5, 19.5],
    ],
    [
      'a lamp and tenants on L1: who is there gets less',
      [31, 20, 10],
      [[10, 10, 10], [10], [10]],
      [14, 14, 25],
    ],
    ['nobody charges: each may begin', [5, 5, 5], [[0, 0, 0], [0], [0]], [6, 6, 6]],
    ['too little for two on L1: the last on it pauses', [50, 20, 10], [[10, 10, 10], [10], [10]], [9, 0, 30]],
    ['nothing left', [60, 60, 60], [[6, 6, 6], [0], [0]], [0, 0, 0]],
  ])('%s', (_, phases, draws, limits) => {
    const state = {
      phases,
      chargers: draws.map((draw) => ({ draw, active: (draw[0] ?? 0) > 1, wish: undefined })),
    };
    expect(share(FEEDER, state).limits).toEqual(limits);
  });

  test('a silent meter leaves what a charger needs, as far as the rating holds with the most the rest can draw', () => {
    const silentState: FeederState = {
      phases: [undefined, 10, 10],
      chargers: FEEDER.chargers.map(() => ({ draw: [16], active: true, wish: undefined })),
    };
    expect(share(FEEDER, silentState)).toMatchObject({ limits: [6, 6, 6], mode: 'fallback' });
    expect(share({ ...FEEDER, others: 30 }, silentState).limits).toEqual([6, 0, 0]);
  });

  test('property: within the feeder on every phase, and 0 or enough to charge with for everyone', () => {
    const amps = fc.double({ min: 0, max: 60, noNaN: true });
    const inputs = fc.record({
      rating: fc.integer({ min: 10, max: 100 }),
      others: fc.tuple(amps, amps, amps),
      chargers: fc.array(
        fc.record({
          phases: fc.constantFrom<readonly FeederPhase[]>([1], [2], [3], [1, 2, 3], [1, 2]),
          draw: amps,
          known: fc.boolean(),
          wish: fc.option(amps, { nil: undefined }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    });
    fc.assert(
      fc.property(inputs, ({ rating, others, chargers }) => {
        const feeder = {
          ...FEEDER,
          rating,
          others: 0,
          chargers: chargers.map(({ phases }, n) => charger(n, phases)),
        };
        const phases = others.map(
          (rest, i) =>
            rest +
            chargers.reduce(
              (sum, one) => sum + (one.phases.includes((i + 1) as FeederPhase) ? one.draw : 0),
              0,
            ),
        );
        const { limits } = share(feeder, {
          phases,
          chargers: chargers.map(({ phases: own, draw, known, wish }) => ({
            draw: own.map(() => (known ? draw : undefined)),
            active: draw > 0.5,
            wish,
          })),
        });
        for (const [n, limit] of limits.entries()) {
          expect(limit === 0 || limit >= 5.9).toBe(true);
          expect(limit).toBeLessThanOrEqual(Math.min(32, chargers[n]?.wish ?? 32) + 1e-9);
        }
        for (const [i, rest] of others.entries()) {
          const given = limits.reduce(
            (sum, limit, n) => sum + (chargers[n]?.phases.includes((i + 1) as FeederPhase) ? limit : 0),
            0,
          );
          if (given > 0) expect(rest + given).toBeLessThanOrEqual(rating - 1 + 1e-6);
        }
      }),
      { numRuns: 5000, seed: 9 },
    );
  });

  test('limits fall at once and rise by steps after there has been room all the time', () => {
    const given = { limit: 20, since: undefined };
    expect(slow(FEEDER, given, 9, 6, 0)).toEqual({ limit: 9, since: undefined });
    // What only could become too much is looked at for ten seconds.
    const looked = slow(FEEDER, given, 9, 6, 0, false);
    expect(looked).toEqual({ limit: 20, since: undefined, low: 0 });
    expect(slow(FEEDER, looked, 20, 6, 5 * SECOND, false)).toEqual({ limit: 20, since: undefined });
    expect(slow(FEEDER, looked, 9, 6, 10 * SECOND, false).limit).toBe(9);
    const waiting = slow(FEEDER, { limit: 9, since: undefined }, 30, 6, 0);
    expect(waiting).toEqual({ limit: 9, since: 0 });
    expect(slow(FEEDER, waiting, 30, 6, 29 * SECOND).limit).toBe(9);
    expect(slow(FEEDER, waiting, 30, 6, 30 * SECOND)).toEqual({ limit: 13, since: 30 * SECOND });
    expect(slow(FEEDER, { limit: 0, since: 0 }, 30, 6, 30 * SECOND).limit).toBe(6);
    // Of the time before the start nothing is known.
    expect(slow(FEEDER, undefined, 32, 6, 0).limit).toBe(6);
  });
});

const LIMIT: Point = {
  id: 'current-limit',
  title: { en: 'Current limit' },
  type: 'number',
  unit: 'A',
  range: [0, 100],
  access: 'read-write',
  aggregation: 'last',
  lane: 'telemetry',
};

/** Chargers and vehicles; what a charger is told holds from the next second on. */
async function street(feeder: FeederConfig, slowly = 1) {
  const clock = new VirtualClock(Date.UTC(2027, 2, 4, 8));
  const pole = new Pole(Date.UTC(2027, 2, 4, 8));
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  const limits = feeder.chargers.map(() => 32);
  const wants = feeder.chargers.map(() => 0);
  const rest = [5, 5, 5];
  const faults = { deaf: new Set<number>(), meter: false };
  const writes: { n: number; value: number }[] = [];
  let controller: FeederController | undefined;
  const router = await CommandRouter.start({
    clock,
    log: silent,
    hub,
    journal: pole.journal,
    points: () => [LIMIT],
    write: async (device, { value }) => {
      const n = feeder.chargers.findIndex((one) => one.device === device);
      if (!faults.deaf.has(n)) limits[n] = Number(value);
      writes.push({ n, value: Number(value) });
      return { kind: 'done', readback: good({ device, point: LIMIT.id, unit: 'A' }, value, clock.mono()) };
    },
    fallback: () => 6,
    holds: () => 60 * MINUTE,
    onOverride: () => controller?.nudge(),
    interlock: (write) => controller?.forbids(write),
  });
  controller = new FeederController({
    feeder,
    clock,
    hub,
    log: silent,
    steer: router.steer,
    override: router.override,
  });
  const draw = (n: number) => {
    const amps = Math.min(wants[n] ?? 0, limits[n] ?? 0);
    return amps < 6 ? 0 : amps;
  };
  const load = (phase: number) =>
    (rest[phase - 1] ?? 0) +
    feeder.chargers.reduce(
      (sum, { phases }, n) => sum + (phases.includes(phase as FeederPhase) ? draw(n) : 0),
      0,
    );
  const second = async () => {
    const time = clock.mono();
    for (const [n, one] of feeder.chargers.entries()) {
      if (Math.floor(time / SECOND) % slowly !== 0) continue;
      hub.readings(
        one.currents.map((point) => good({ device: one.device, point, unit: 'A' }, draw(n), time)),
      );
    }
    if (!faults.meter) {
      hub.readings(
        [1, 2, 3].map((phase) =>
          good({ device: 'meter', point: `current-l${phase}`, unit: 'A' }, load(phase), time),
        ),
      );
    }
    await clock.advance(SECOND);
  };
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += SECOND) await second();
  };
  const ask = (n: number, value: number, lease?: number) =>
    router.submit({
      id: `ask-${n}-${writes.length}-${value}`,
      device: `charger-${n}`,
      point: LIMIT.id,
      value,
      issuer: 'uplink:city',
      issued: Date.UTC(2027, 2, 4, 8),
      expires: Date.UTC(2027, 2, 5, 8),
      ...(lease === undefined ? {} : { lease }),
    });
  return {
    clock,
    hub,
    events,
    limits,
    wants,
    rest,
    faults,
    writes,
    load,
    pass,
    second,
    ask,
    [Symbol.asyncDispose]: async () => {
      controller[Symbol.dispose]();
      await router[Symbol.asyncDispose]();
    },
  };
}

describe('a feeder with its chargers', () => {
  test('begins with what a charger needs, and gives more step by step', async () => {
    await using one = await street(FEEDER);
    await one.pass(2 * SECOND);
    expect(one.limits).toEqual([6, 6, 6]);
    one.wants[1] = 32;
    await one.pass(20 * SECOND);
    expect(one.limits[1]).toBe(6);
    await one.pass(5 * MINUTE);
    // What another one on this phase needs to begin is kept for it.
    expect(one.limits[1]).toBe(28);
    // Nobody else charges: these may begin and no more.
    expect(one.limits[0]).toBeLessThanOrEqual(6);
  });

  test('property: over hours of vehicles, lamps and tenants never above its rating for longer than it takes to tell', async () => {
    const random = seeded(40);
    await using one = await street(FEEDER);
    let above = 0;
    let longest = 0;
    let charged = 0;
    for (let i = 0; i < 4 * 3600; i++) {
      if (random() < 0.01) one.wants[Math.floor(random() * 3)] = random() < 0.4 ? 0 : 6 + random() * 26;
      if (random() < 0.02) one.rest[Math.floor(random() * 3)] = random() * 25;
      await one.second();
      const most = Math.max(...[1, 2, 3].map(one.load));
      above = most > FEEDER.rating ? above + 1 : 0;
      longest = Math.max(longest, above);
      charged += one.load(1);
    }
    expect(longest).toBeLessThanOrEqual(Math.ceil(EVALUATE_EVERY / SECOND));
    expect(charged).toBeGreaterThan(0);
    // Limits do not flutter: far fewer writes than evaluations.
    expect(one.writes.length).toBeLessThan((4 * 3600) / 5);
    expect(one.events.filter(({ severity }) => severity === 'alarm')).toEqual([]);
  });

  test('a charger that tells what it draws now and then only is not cut off by what the meter sees at once', async () => {
    await using one = await street({ ...FEEDER, others: 0 }, 9);
    one.wants[1] = 32;
    await one.pass(8 * MINUTE);
    expect(one.limits[1]).toBe(28);
    one.rest[0] = 20;
    for (let i = 0; i < 120; i++) {
      await one.second();
      expect(one.limits[1]).toBeGreaterThanOrEqual(6);
    }
    expect(Math.max(...[1, 2, 3].map(one.load))).toBeLessThanOrEqual(FEEDER.rating);
  });

  test('a silent meter: everybody down to the least, told; back to measured when it answers', async () => {
    await using one = await street(FEEDER);
    one.wants[0] = 32;
    await one.pass(5 * MINUTE);
    expect(one.limits[0]).toBeGreaterThan(20);
    one.faults.meter = true;
    await one.pass(30 * SECOND);
    expect(one.limits).toEqual([6, 6, 6]);
    expect(one.events.at(-1)).toMatchObject({
      event: 'load',
      severity: 'warning',
      body: { mode: 'fallback' },
    });
    expect(one.hub.latest('feeder', 'load')).toMatchObject({ quality: 'bad' });
    one.faults.meter = false;
    await one.pass(5 * MINUTE);
    expect(one.limits[0]).toBeGreaterThan(20);
  });

  test('a charger that does not do as it is told: an alarm, and the others give way', async () => {
    await using one = await street(FEEDER);
    one.wants.fill(32);
    await one.pass(4 * MINUTE);
    one.faults.deaf.add(0);
    one.limits[0] = 32;
    one.rest[0] = 15;
    await one.pass(MINUTE);
    expect(one.limits[1]).toBe(0);
    expect(one.events.at(-1)).toMatchObject({
      severity: 'alarm',
      device: 'feeder',
      body: { overload: true, rating: 40 },
    });
    expect(one.hub.latest('feeder', 'overload')?.value).toBe(true);
    one.rest[0] = 0;
    await one.pass(MINUTE);
    expect(one.hub.latest('feeder', 'overload')?.value).toBe(false);
  });

  test('the city may lower a limit for a while, and never raise it above what the feeder has', async () => {
    await using one = await street(FEEDER);
    one.wants[1] = 32;
    await one.pass(5 * MINUTE);
    expect(await one.ask(2, 10, 10 * MINUTE)).toMatchObject({ state: 'done' });
    await one.pass(MINUTE);
    expect(one.limits[1]).toBe(10);
    one.rest[0] = 32;
    await one.pass(10 * SECOND);
    expect(one.limits[1]).toBeLessThanOrEqual(7);
    expect(await one.ask(2, 30)).toMatchObject({
      state: 'rejected',
      code: 'interlocked',
      reason: expect.stringMatching(/the feeder has [\d.]+ A for charger-2 now, and 30 A were asked for/),
    });
    one.rest[0] = 5;
    await one.pass(20 * MINUTE);
    expect(one.limits[1]).toBe(28);
  });
});
