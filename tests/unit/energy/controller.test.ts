/** The account in the agent: what it publishes every quarter, at midnight and on demand, by a clock that the test moves. */
import { expect, test } from 'vitest';
import { EnergyBook } from '../../../agent/control/energy/book.ts';
import type { EnergyCalls } from '../../../agent/control/energy/calls.ts';
import { startEnergy } from '../../../agent/control/energy/controller.ts';
import type { LastTotal } from '../../../agent/control/energy/totals.ts';
import type { Circuit, EnergyConfig, RegisterSeries } from '../../../agent/core/energy/energy.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { Remote } from '../../../agent/core/rpc.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { DAY, HOUR, MARCH, meter, QUARTER, series, sourceOf, steady, virtual } from './registers.ts';

const MINUTE = 60_000;
const circuit = (id: string, more: Partial<Circuit>): Circuit => ({
  id,
  title: { en: id },
  meter: id,
  tolerance: 0.02,
  loss: 0,
  ...more,
});

const CONFIG: EnergyConfig = {
  id: 'energy',
  title: { en: 'Office' },
  codes: 'national',
  moreCodes: {},
  meters: [meter('main'), meter('light'), meter('hvac'), virtual('rest', ['main'], ['light', 'hvac'])],
  circuits: [
    circuit('main', {}),
    circuit('light', { code: '01A00', fedBy: 'main' }),
    circuit('hvac', { code: '01B00', fedBy: 'main' }),
  ],
  accounts: [],
  tariffs: [],
  factors: [],
  holidays: [],
  workdays: [],
  line: 0.9,
  demandLimit: { meter: 'main', kw: 800 },
};

interface Run extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly hub: Hub;
  readonly readings: Reading[];
  readonly events: AgentEvent[];
  /** Values told of a point, oldest first. */
  told(point: string): (number | string | boolean | null)[];
}

function start(
  registers: RegisterSeries[],
  wall: number,
  latest: readonly LastTotal[] = [],
  fail = { times: 0 },
): Run {
  const clock = new VirtualClock(wall);
  const hub = new Hub({
    clock,
    log: silent,
    window: () => 5000,
    lane: () => 'telemetry',
    append: async () => ({ ranges: {}, dropped: 0 }),
  });
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  hub.onReadings((some) => void readings.push(...some));
  hub.onEvent((event) => void events.push(event));
  const source = sourceOf(registers);
  const now = () => clock.mapping().wall + clock.mono() - clock.mapping().mono;
  const book = new EnergyBook({
    config: CONFIG,
    timezone: 'Asia/Shanghai',
    settlementDay: 1,
    // The log has nothing that is yet to come.
    read: (names, from, to) =>
      source(names, from, to).map((one) => {
        const known = one.times.filter((time) => time <= now()).length;
        return { ...one, times: one.times.slice(0, known), values: one.values.slice(0, known) };
      }),
    dayMeans: () => [],
  });
  const calls: Remote<EnergyCalls> = {
    tick: async (...asked) => {
      if (fail.times-- > 0) throw new Error('no thread');
      return book.tick(...asked);
    },
    day: async (...asked) => book.day(...asked),
    account: async (...asked) => book.account(...asked),
    completeness: async (...asked) => book.completeness(...asked),
    bill: async (...asked) => book.bill(...asked),
    diagnose: async () => ({ findings: [], changes: [] }),
    demand: async (...asked) => book.demand(...asked, asked[3]),
  };
  const energy = startEnergy({
    config: CONFIG,
    timezone: 'Asia/Shanghai',
    settlementDay: 1,
    clock,
    hub,
    log: silent,
    calls,
    latest: async (points) => latest.filter(({ point }) => points.includes(point)),
  });
  return {
    clock,
    hub,
    readings,
    events,
    told: (point) =>
      readings.filter((one) => one.device === 'energy' && one.point === point).map(({ value }) => value),
    async [Symbol.asyncDispose]() {
      energy[Symbol.dispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

const building = (kw: Readonly<Record<string, number>>) =>
  Object.entries(kw).map(([id, power]) => series(id, steady(MARCH - 2 * DAY, MARCH + 2 * DAY, 1000, power)));

test('every quarter: completeness so far, sums as registers that go on from where they stood', async () => {
  const latest = [{ point: 'total-rest', value: 500, time: MARCH + 10 * HOUR - QUARTER }];
  await using run = start(building({ main: 40, light: 16, hvac: 20 }), MARCH + 10 * HOUR + MINUTE, latest);
  await run.clock.advance(2 * QUARTER);
  // 40 − 16 − 20 = 4 kW: 1 kWh a quarter. At once for the quarter before the start, then at each.
  expect(run.told('total-rest')).toEqual([501, 502, 503]);
  // Items begin at 0 with the first quarter.
  expect(run.told('item-01A00')).toEqual([4, 8]);
  expect(run.told('completeness-today')).toEqual([100, 100, 100]);
  expect(run.told('completeness-month')).toEqual([100, 100, 100]);
  const last = run.readings.findLast(({ point }) => point === 'total-rest');
  // The reading is of the quarter's end.
  const { wall, mono } = run.clock.mapping();
  expect((last?.time ?? 0) - mono + wall).toBe(MARCH + 10.5 * HOUR);
  expect(last).toMatchObject({ unit: 'kW.h', quality: 'good' });
});

test('a sub that is missing makes no falling total: there is no number, and then what ran meanwhile', async () => {
  const lost = steady(MARCH - DAY, MARCH + DAY, 0, 20).filter(
    ([time]) => time < MARCH + 10 * HOUR || time > MARCH + 12 * HOUR,
  );
  const registers = building({ main: 40, light: 16, hvac: 20 }).map((one) =>
    one.device === 'hvac' ? series('hvac', lost) : one,
  );
  await using run = start(registers, MARCH + 9.25 * HOUR + MINUTE);
  await run.clock.advance(3.25 * HOUR);
  const told = run.readings.filter(({ point }) => point === 'total-rest');
  const shown = told.map(({ value, quality }) => (value === null ? 'none' : `${value} ${quality}`));
  // From 09:15: two quarters, then silence; said to be missing from 10:45 on, and counted through when it is over.
  expect(shown).toEqual([
    '1 good',
    '2 good',
    ...Array.from({ length: 6 }, () => 'none'),
    // No further from a reading than a register at midnight may be.
    '3 good',
    ...Array.from({ length: 8 }, (_, i) => `${4 + i} uncertain`),
    '12 good',
    '13 good',
  ]);
  expect(run.told('item-01B00').at(-1)).toBe(65);
});

test('at midnight: completeness and coverage of the day, once', async () => {
  const registers = building({ main: 40, light: 16, hvac: 20 });
  await using run = start(registers, MARCH + DAY - 40 * MINUTE);
  await run.clock.advance(2 * HOUR);
  // The day before was not told yet when the agent started.
  expect(run.told('completeness-day')).toEqual([100, 100]);
  expect(run.told('coverage-day')).toEqual([90, 90]);
  await using again = start(registers, MARCH + DAY + HOUR, [
    { point: 'completeness-day', value: 100, time: MARCH + DAY - 4 },
  ]);
  await again.clock.advance(HOUR);
  expect(again.told('completeness-day')).toEqual([]);
});

test('a branch that does not add up is told once, with its name, and once when it does', async () => {
  const half = steady(MARCH - 2 * DAY, MARCH, 0, 20);
  const slow = steady(MARCH, MARCH + 6 * HOUR, half.at(-1)?.[1] ?? 0, 10);
  const back = steady(MARCH + 6 * HOUR, MARCH + 2 * DAY, slow.at(-1)?.[1] ?? 0, 20);
  const hvac = [...half, ...slow.slice(1), ...back.slice(1)];
  const registers = building({ main: 36, light: 16, hvac: 20 }).map((one) =>
    one.device === 'hvac' ? series('hvac', hvac) : one,
  );
  await using run = start(registers, MARCH - HOUR);
  await run.clock.advance(33 * HOUR);
  const told = run.events
    .filter(({ event }) => event === 'energy')
    .map(({ severity, body }) => ({ severity, ...body }));
  expect(told).toMatchObject([
    { what: 'branch-differs', severity: 'warning', branch: 'main', tolerance: 0.02, hours: 24 },
    { what: 'branch-balanced', severity: 'info', branch: 'main' },
  ]);
});

test('demand is watched reading by reading: an event names the minutes that are left', async () => {
  await using run = start(building({ main: 40, light: 16, hvac: 20 }), MARCH + 10 * HOUR);
  const { clock, hub } = run;
  let kwh = 9000;
  const feed = async (kw: number, minutes: number) => {
    for (let i = 0; i < minutes * 6; i++) {
      await clock.advance(10_000);
      kwh += (kw * 10) / 3600;
      const value = Math.round(kwh * 1e4) / 1e4;
      hub.readings([
        { device: 'main', point: 'energy-import', value, unit: 'kW.h', quality: 'good', time: clock.mono() },
      ]);
    }
  };
  await feed(500, 16);
  await feed(1000, 6);
  const [event] = run.events.filter(({ body }) => body.what === 'demand-forecast');
  expect(event).toMatchObject({
    event: 'energy',
    severity: 'warning',
    body: { limit_kw: 800, meter: 'main' },
  });
  expect(event?.body.text).toMatch(/^800 kW will be passed in \d+ minutes$/);
  expect(run.told('demand-passed-in').at(-1)).toBeGreaterThan(0);
  expect(run.told('demand-load').at(-1)).toBeCloseTo(1000, 0);
  // A minute before nothing was known of a limit to be passed: no number is no 0.
  expect(run.told('demand-passed-in')[0]).toBe(null);
});

test('a thread that is down is asked again, and nothing is left out', async () => {
  await using run = start(building({ main: 40, light: 16, hvac: 20 }), MARCH + 10 * HOUR + MINUTE, [], {
    times: 2,
  });
  await run.clock.advance(QUARTER);
  expect(run.told('item-01A00')).toEqual([4]);
});

test('nothing is told while true time is not known', async () => {
  await using run = start(building({ main: 40, light: 16, hvac: 20 }), MARCH + 10 * HOUR);
  const { wall, mono, rate, uncertaintyMs } = run.clock.mapping();
  run.clock.remap({ wall, mono, rate, uncertaintyMs, rank: 'none' });
  await run.clock.advance(HOUR);
  expect(run.told('completeness-today')).toEqual([]);
});
