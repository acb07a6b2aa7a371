/** A link that is paid by the megabyte: counted, forecast, thinned from what matters least, and the books balance. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import type { Cursor } from '../../../agent/core/record.ts';
import { DataBudget, LOOK, STEPS, wireBytes } from '../../../agent/uplink/data-budget.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { Thinning } from '../../../agent/uplink/thinning.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';

const MB = 1024 ** 2;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FRESH: Cursor = { low: 0, above: [] };

/** Lives for `ms` on a link that carries `perHour` bytes at each step. */
async function live(
  budget: DataBudget,
  clock: VirtualClock,
  ms: number,
  perHour: readonly number[],
): Promise<number[]> {
  const steps: number[] = [];
  for (let passed = 0; passed < ms; passed += LOOK) {
    await clock.advance(LOOK);
    const size = ((perHour[budget.step] ?? 0) * LOOK) / HOUR;
    for (let left = size; left > 0; left -= 10_000) budget.sent(Math.min(10_000, left));
    if (budget.look(true)) steps.push(budget.step);
  }
  return steps;
}

const budgetOf = (clock: VirtualClock, budget: number, state = FRESH, rest = 0) =>
  new DataBudget({ clock, budget, state, rest });

test('what a message costs on the wire is more than its payload: TLS, TCP/IP, topic and answer', () => {
  expect(wireBytes(0)).toBe(120 + 22 + 80);
  expect(wireBytes(1400)).toBe(1520 + 22 + 160);
  expect(wireBytes(100_000) / 100_000).toBeLessThan(1.07);
});

test('the forecast is what was used and what goes on like this; over budget the least goes first, step by step', async () => {
  const clock = new VirtualClock();
  // 1 MB an hour are 744 MB in January; without bulk 0.4, thinned 0.1.
  const wide = budgetOf(clock, 2000 * MB);
  expect(wide.forecast()).toBeUndefined();
  expect(await live(wide, clock, HOUR, [MB])).toEqual([]);
  expect((wide.forecast() ?? 0) / MB).toBeGreaterThan(740);
  const budget = budgetOf(clock, 200 * MB);
  const steps = await live(budget, clock, 6 * HOUR, [MB, 0.4 * MB, 0.1 * MB, 0.05 * MB]);
  expect(steps).toEqual([1, 2]);
  expect(budget.forecast()).toBeLessThan(200 * MB);
  // It stays where it fits, and comes back where there is much room again.
  expect(await live(budget, clock, 0.75 * DAY, [MB, 0.4 * MB, 0.1 * MB])).toEqual([]);
  // What a step used is believed for a day, then it is tried again.
  expect(await live(budget, clock, 2 * DAY, [0.01 * MB, 0.01 * MB, 0.01 * MB])).toEqual([1, 0]);
});

test('used up, only alarms and events leave until the month is over; the count outlives a restart, and only grows', async () => {
  const clock = new VirtualClock(Date.UTC(2027, 0, 30, 12));
  const budget = budgetOf(clock, MB);
  expect(await live(budget, clock, HOUR, [10 * MB, 10 * MB, 0, 0, 0])).toContain(STEPS.length - 1);
  const again = budgetOf(clock, MB, budget.state);
  expect(again.bytes).toBe(budget.bytes);
  await clock.advance(LOOK);
  expect(again.look(true)).toBe(true);
  expect(again.step).toBe(STEPS.length - 1);
  await clock.advance(36 * HOUR);
  expect(again.look(true)).toBe(true);
  expect([again.step, again.bytes]).toEqual([0, 0]);
  expect(again.state.low).toBeGreaterThanOrEqual(budget.state.low);
  expect(budgetOf(clock, MB, again.state).bytes).toBe(0);
});

test('a clock that is not to be trusted begins no month; a link at rest costs its keep-alives', async () => {
  const clock = new VirtualClock(Date.UTC(2027, 0, 31, 23));
  const budget = budgetOf(clock, 100 * MB, FRESH, 222 / 30_000);
  clock.remap({ ...clock.mapping(), rank: 'floor' });
  await live(budget, clock, 2 * HOUR, [0]);
  expect(budget.bytes).toBeCloseTo((2 * HOUR * 222) / 30_000, -1);
  clock.remap({ ...clock.mapping(), rank: 'ntp' });
  await live(budget, clock, LOOK, [0]);
  expect(budget.bytes).toBe(0);
});

/** Sends what is committed while the step changes and the link is cut; gives what arrived. */
async function play(moves: readonly (number | 'cut' | 'back')[]) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const city = new City(clock);
  let step = 0;
  const pump = startPump({
    uplink: 'city',
    agent: 'pole-1',
    source: log,
    connect: city.connect,
    clock,
    log: silent,
    inFlight: 4,
    replayRate: 0,
    selection: new Thinning(undefined, () => step),
    backoff: { random: () => 0.3 },
    settle: (lane, cursor) => log.store('city', lane, cursor),
  });
  for (const move of moves) {
    if (move === 'cut') {
      city.arriveWithoutAcknowledgement = 2;
      city.cut();
    } else if (move === 'back') city.online = true;
    else step = move;
    for (const lane of ['alarm', 'meter', 'telemetry', 'bulk'] as const) log.readings(lane, 7);
    pump.wake();
    await clock.advance(300);
  }
  city.online = true;
  for (let i = 0; i < 10; i++) {
    await clock.advance(60_000);
    pump.wake();
  }
  const tally = pump.tally();
  const stopped = pump[Symbol.asyncDispose]();
  await clock.advance(600);
  await stopped;
  const got = (lane: Lane) =>
    new Set(
      city.messages
        .filter(({ envelope }) => envelope.lane === lane)
        .flatMap(({ records }) => records.map(({ seq }) => seq)),
    ).size;
  return { city, tally, got, heads: log.heads() };
}

test('what is thinned is counted in the envelopes, whenever the step changes; alarms are never thinned', async () => {
  const { got, city, heads } = await play([1, 1, 1, 1]);
  expect([got('bulk'), got('telemetry'), got('alarm')]).toEqual([0, heads.telemetry, heads.alarm]);
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
  const used = await play([4, 4, 4]);
  expect([used.got('meter'), used.got('telemetry'), used.got('alarm')]).toEqual([0, 0, used.heads.alarm]);
  const move = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('cut' as const, 'back' as const));
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 25 }), async (moves) => {
      const { city, tally, got, heads } = await play(moves);
      expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, broken: 0, outOfOrder: 0 });
      expect(tally.settled).toBe(Object.values(heads).reduce((sum, head) => sum + head, 0));
      expect(got('alarm')).toBe(heads.alarm);
    }),
    { seed: 20270601, numRuns: 60 },
  );
});
