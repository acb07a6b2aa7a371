/** Figures of periods: a year of hours within the budget, counters over the edge of a period, earlier epochs. */
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Reading } from '../../../agent/core/reading.ts';
import { earlierLogs } from '../../../agent/store/aside.ts';
import { openAllPeriods, openPeriods } from '../../../agent/store/periods.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from './site.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2027, 0, 1);

it('keeps a year of hours within the disk budget, when minutes and records are long gone', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const budget = 64 * 2 ** 20;
  const { store } = await open(at.dir, {
    clock,
    config: { window: 5000, budget, maxAge: DAY, ring: 2 ** 22 },
  });
  const first = clock.mono();
  for (let day = 0; day < 365; day++) {
    const readings: Reading[] = [];
    for (let hour = 0; hour < 24; hour++)
      for (const point of ['voltage', 'wind', 'noise'])
        readings.push(reading(point, 50 + (hour % 10), first + day * DAY + hour * HOUR + MINUTE));
    await clock.advance(DAY);
    await store.append(readings, []);
  }
  await store[Symbol.asyncDispose]();
  using periods = openPeriods(`${at.dir}/log.db`);
  const of = (day: number, hour: number) =>
    periods.read(
      [
        { device: 'meter-1', point: 'voltage' },
        { device: 'meter-1', point: 'nothing' },
      ],
      START + day * DAY + hour * HOUR,
      START + day * DAY + (hour + 1) * HOUR,
      0.75,
    );
  for (const [day, hour] of [
    [0, 5],
    [100, 9],
    [364, 12],
  ] as const)
    expect(of(day, hour)).toMatchObject([
      { value: 50 + (hour % 10), count: 1, kind: 'mean', unit: 'V' },
      undefined,
    ]);
  expect(periods.oldest('hour')).toBe(START);
  // Minutes stay 90 days.
  expect(periods.oldest('minute')).toBeGreaterThan(START + 200 * DAY);
  expect(statSync(`${at.dir}/log.db`).size).toBeLessThan(budget);
}, 60_000);

it('a counter counts the step into its period; valid minutes are those with enough values', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const first = clock.mono();
  const readings = Array.from({ length: 90 }, (_, i) => reading('energy', 100 + i, first + i * MINUTE));
  await clock.advance(2 * HOUR);
  await store.append(readings, []);
  using periods = openPeriods(store.file);
  const energy = [{ device: 'meter-1', point: 'energy' }];
  expect(periods.read(energy, START + 10 * MINUTE, START + 20 * MINUTE, 0.75)).toMatchObject([
    { value: 10, count: 10, expected: 600, validMinutes: [0] },
  ]);
  // One value a minute of sixty is none; asked for one it is all.
  expect(periods.read(energy, START, START + 2 * HOUR, 1 / 60)).toMatchObject([{ validMinutes: [60, 30] }]);
  expect(periods.closedTo()).toBe(START + 90 * MINUTE);
  await store[Symbol.asyncDispose]();
});

it('reads on in the log of the epoch before, but not in that of another agent', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const before = await open(at.dir, { clock });
  const first = clock.mono();
  await clock.advance(HOUR);
  await before.store.append(
    Array.from({ length: 30 }, (_, i) => reading('voltage', 230, first + i * MINUTE)),
    [],
  );
  await before.store[Symbol.asyncDispose]();
  // The card is found in another machine: a new epoch begins.
  const { store } = await open(at.dir, { clock, hardware: 'test:2' });
  const files = () => earlierLogs(at.dir);
  expect(files()).toHaveLength(1);
  const voltage = [{ device: 'meter-1', point: 'voltage' }];
  {
    using periods = openAllPeriods(store.file, 'agent-1', files);
    expect(periods.read(voltage, START, START + 10 * MINUTE, 0)).toMatchObject([{ value: 230, count: 10 }]);
    expect(periods.closedTo()).toBe(START + 30 * MINUTE);
    expect(periods.oldest('minute')).toBe(START);
  }
  using strange = openAllPeriods(store.file, 'agent-2', files);
  expect(strange.read(voltage, START, START + 10 * MINUTE, 0)).toEqual([undefined]);
  await store[Symbol.asyncDispose]();
});
