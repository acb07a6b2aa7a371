/** Registers of a stretch of time as the energy account reads them: a real log, a real account, numbers by hand. */
import { expect, test } from 'vitest';
import { intervalOf, registerGrid } from '../../../agent/control/energy/grid.ts';
import type { RegisterMeter, RegisterSeries } from '../../../agent/core/energy/energy.ts';
import { type CounterBreak, markEvent } from '../../../agent/core/mark.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { Registers } from '../../../agent/store/registers.ts';
import { openForReading } from '../../../agent/store/sqlite.ts';
import type { Store } from '../../../agent/store/store.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from './site.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const QUARTER = 900_000;
const ZONE = 'Europe/Berlin';
/** Midnight of 2 January 2027 in Berlin; the clock starts at 01:00 of the first. */
const SECOND = Date.UTC(2027, 0, 1, 23);

const METER: RegisterMeter = {
  kind: 'register',
  id: 'main',
  title: { en: 'Main' },
  carrier: 'electricity',
  device: 'meter-1',
  point: 'energy',
  unit: 'kW.h',
  every: QUARTER,
  ratios: [],
  reactive: [],
};

/** Readings every quarter up to the clock showing `until`, 1 kWh each. */
async function run(store: Store, clock: VirtualClock, until: number, from: number): Promise<number> {
  let value = from;
  // A commit for eight hours of them: each waits for the disk.
  let waiting: Reading[] = [];
  while (clock.mapping().wall + clock.mono() - clock.mapping().mono < until) {
    await clock.advance(QUARTER);
    value += 1;
    waiting.push(reading('energy', value, clock.mono()));
    if (waiting.length < 32) continue;
    await store.append(waiting, []);
    waiting = [];
  }
  await store.append(waiting, []);
  return value;
}

function read(store: Store, from: number, to: number): RegisterSeries {
  const db = openForReading(store.file);
  try {
    const [series] = new Registers(db, new LocalDays(ZONE)).read(
      [{ device: 'meter-1', point: 'energy' }],
      from,
      to,
    );
    if (series === undefined) throw new Error('no series');
    return series;
  } finally {
    db.close();
  }
}

const kwh = (series: RegisterSeries, from: number, to: number) =>
  intervalOf(registerGrid(METER, series, { from, to, now: to }), from, to);

test('registers of a day, with the readings beside it', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  const start = clock.mapping().wall;
  await run(store, clock, SECOND + DAY + 2 * HOUR, 100);
  const series = read(store, SECOND, SECOND + DAY);
  expect(series.unit).toBe('kW.h');
  // The period that the log knows is that of the fixture's point.
  expect(series.every).toBe(1000);
  expect(series.since).toBe(start + QUARTER);
  expect(series.buckets).toHaveLength(96);
  // One reading before the day, one behind it: both ends are measured.
  expect(series.times.length).toBe(98);
  expect(kwh(series, SECOND, SECOND + DAY)).toMatchObject({ quantity: 96, quality: 'measured' });
  // The day that runs: rows of its last quarter are not made yet, what is read is there.
  const now = SECOND + DAY + 2 * HOUR;
  expect(kwh(read(store, SECOND + DAY, now), SECOND + DAY, now)).toMatchObject({ quantity: 8 });
  await store[Symbol.asyncDispose]();
});

test('a silence of days is bridged from the readings around it, wherever the stretch lies', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  const value = await run(store, clock, SECOND + 6 * HOUR, 0);
  // 60 hours without a reading, 240 kWh.
  await clock.advance(60 * HOUR - QUARTER);
  await run(store, clock, SECOND + 4 * DAY, value + 240 - 1);
  const third = SECOND + DAY;
  const series = read(store, third, third + DAY);
  expect(series.buckets).toEqual([]);
  expect(series.times.length).toBe(2);
  // 4 kWh an hour over the silence.
  expect(kwh(series, third, third + DAY)).toMatchObject({ quantity: 96, quality: 'estimated' });
  // From the readings of the second to those of the fifth day: 24 + 240 + 54 kWh.
  const whole = read(store, SECOND, SECOND + 4 * DAY);
  expect(kwh(whole, SECOND, SECOND + 4 * DAY)).toMatchObject({
    quantity: 24 + 240 + 4 * 30,
    quality: 'measured',
  });
  await store[Symbol.asyncDispose]();
});

test('an exchange declared a day later counts', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  const value = await run(store, clock, SECOND + 12 * HOUR, 1000);
  await clock.advance(QUARTER);
  const mark: CounterBreak = {
    mark: 'break',
    id: 'b-1',
    device: 'meter-1',
    point: 'energy',
    unit: 'kW.h',
    boot: clock.boot,
    mono: clock.mono() - 20,
    at: 0,
    kind: 'unexplained',
    state: 'open',
    closing: value,
    opening: 5,
    before: value,
    after: 5,
  };
  await store.append([reading('energy', 5, clock.mono())], [markEvent(mark, clock.mono())]);
  await run(store, clock, SECOND + 2 * DAY, 5);
  const [from, to] = [SECOND, SECOND + DAY];
  // 12 h to the jump, nothing over it, 11.75 h behind it: 48 + 47.
  expect(kwh(read(store, from, to), from, to)).toMatchObject({ quantity: 95, quality: 'estimated' });
  const declared = {
    ...mark,
    kind: 'exchange',
    state: 'settled',
    closing: value + 0.6,
    opening: 4.6,
  } as const;
  await store.append([], [markEvent(declared, clock.mono())]);
  // 0.6 of the old meter and 0.4 of the new one.
  expect(kwh(read(store, from, to), from, to)).toMatchObject({ quantity: 96, quality: 'repaired' });
  await store[Symbol.asyncDispose]();
});

test('a clock that is set right moves the readings, and the bill stays continuous', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  await run(store, clock, SECOND + 6 * HOUR, 0);
  const before = kwh(read(store, SECOND, SECOND + DAY), SECOND, SECOND + 6 * HOUR);
  expect(before).toMatchObject({ quantity: 24, quality: 'measured' });
  // It was two hours earlier than the clock said: the registers of midnight are those that it showed at 02:00.
  const { wall, mono, rate, rank, uncertaintyMs } = clock.mapping();
  clock.remap({ wall: wall - 2 * HOUR, mono, rate, rank, uncertaintyMs });
  const last = 1 + 4 * (23 + 6);
  await run(store, clock, SECOND + 2 * DAY, last - 1);
  const series = read(store, SECOND, SECOND + DAY);
  expect(kwh(series, SECOND, SECOND + DAY)).toMatchObject({ quantity: 96, quality: 'measured' });
  // All that was counted is there, once: the first reading moved to before this stretch of 72 hours.
  const start = SECOND - DAY;
  const whole = read(store, start, SECOND + 2 * DAY);
  expect(kwh(whole, start, SECOND + 2 * DAY)).toMatchObject({ quantity: 288, quality: 'measured' });
  await store[Symbol.asyncDispose]();
});
