/** Consumption over breaks of a counter: in every bucket, told at once or a day later, before and after a restart. */
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { type CounterBreak, type Mark, markEvent } from '../../../agent/core/mark.ts';
import { openHistory } from '../../../agent/store/history.ts';
import type { Store } from '../../../agent/store/store.ts';
import { seeded } from '../../support/seeded.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from './site.ts';

const START = Date.UTC(2027, 0, 1);
const MINUTE = 60_000;
const LEVELS = [MINUTE, 15 * MINUTE, 60 * MINUTE, 1440 * MINUTE];

function broken(clock: VirtualClock, change: Partial<CounterBreak>): CounterBreak {
  const mono = clock.mono() - 20;
  return {
    mark: 'break',
    id: 'b-1',
    device: 'meter-1',
    point: 'energy',
    unit: 'kW.h',
    boot: clock.boot,
    mono,
    at: START + mono - 1000,
    kind: 'exchange',
    state: 'settled',
    closing: 0,
    opening: 0,
    before: 0,
    after: 0,
    ...change,
  };
}

async function sums(store: Store, clock: VirtualClock): Promise<number[]> {
  await using history = openHistory({ file: store.file, timezone: 'Europe/Berlin', clock, log: silent });
  const found: number[] = [];
  for (const ms of LEVELS) {
    const end = START + 3 * 86_400_000;
    const buckets = await history.query(
      'meter-1',
      'energy',
      START - 86_400_000,
      end,
      ms,
      AbortSignal.timeout(20_000),
    );
    found.push(buckets.reduce((all, { mean }) => all + (mean ?? 0), 0));
    expect(Math.min(...buckets.map(({ mean }) => mean ?? 0))).toBeGreaterThanOrEqual(0);
  }
  return found.map((sum) => Math.round(sum * 1e6) / 1e6);
}

const all = (value: number) => LEVELS.map(() => value);

/** Readings every `every` ms; `values` may tell of a break first. */
async function feed(store: Store, clock: VirtualClock, values: readonly number[], every: number) {
  for (const value of values) {
    await clock.advance(every);
    await store.append([reading('energy', value, clock.mono())], []);
  }
}

test('an exchange that is told at once: closing and opening count, in buckets of every length', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  await feed(store, clock, [100, 101, 102], 20 * MINUTE);
  await clock.advance(20 * MINUTE);
  // 103.5 on the display when it was taken off; the new one began at 7.
  await store.append([], [markEvent(broken(clock, { closing: 103.5, opening: 7 }), clock.mono())]);
  await store.append([reading('energy', 9, clock.mono())], []);
  await feed(store, clock, [10, 11], 20 * MINUTE);
  // 3.5 of the old one, 4 of the new one.
  expect(await sums(store, clock)).toEqual(all(7.5));
  await store[Symbol.asyncDispose]();
  const again = await open(at.dir, { clock });
  expect(await sums(again.store, clock)).toEqual(all(7.5));
  expect(await again.store.marks()).toMatchObject([{ id: 'b-1', closing: 103.5 }]);
  await again.store[Symbol.asyncDispose]();
});

test('one that is told a day later changes what was made, and only the buckets over it', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  await feed(store, clock, [100, 101], 10_000);
  await clock.advance(10_000);
  const seen = broken(clock, {
    kind: 'unexplained',
    state: 'open',
    closing: 101,
    opening: 5,
    before: 101,
    after: 5,
  });
  await store.append([], [markEvent(seen, clock.mono())]);
  await store.append([reading('energy', 5, clock.mono())], []);
  await feed(store, clock, [6, 7], 10_000);
  await feed(
    store,
    clock,
    Array.from({ length: 26 }, (_, i) => 8 + i),
    60 * MINUTE,
  );
  expect(await sums(store, clock)).toEqual(all(1 + 28));
  const declared: CounterBreak = {
    ...seen,
    kind: 'exchange',
    state: 'settled',
    closing: 101.4,
    opening: 4.25,
  };
  await store.append([], [markEvent(declared, clock.mono())]);
  expect(await sums(store, clock)).toEqual(all(1 + 28 + 0.4 + 0.75));
  // Without a clean stop: what was mended stood in its transaction.
  const other = await open(at.dir, { clock, hardware: 'test:1' });
  expect(await sums(other.store, clock)).toEqual(all(1 + 28 + 0.4 + 0.75));
  await other.store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test('a step between two minutes, hours or days counts wherever the break lies', async () => {
  for (const gap of [10_000, 5 * MINUTE, 3 * 60 * MINUTE, 40 * 60 * MINUTE]) {
    using at = folder();
    const { store, clock } = await open(at.dir);
    await clock.advance(59 * MINUTE + 55_000);
    await feed(store, clock, [999_998, 999_999], 10_000);
    await clock.advance(gap);
    const over = { kind: 'roll-over', closing: 1_000_000, opening: 0 } as const;
    await store.append([], [markEvent(broken(clock, over), clock.mono())]);
    await store.append([reading('energy', 2, clock.mono())], []);
    await feed(store, clock, [3], 60_000);
    await clock.advance(2 * MINUTE);
    expect([gap, await sums(store, clock)]).toEqual([gap, all(1 + 3 + 1)]);
    await store[Symbol.asyncDispose]();
  }
});

test('a break of an untimed boot moves with its readings when the clock becomes known', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  await feed(store, clock, [100, 101], 10_000);
  await clock.advance(10_000);
  await store.append([], [markEvent(broken(clock, { closing: 102, opening: 1 }), clock.mono())]);
  await store.append([reading('energy', 2, clock.mono())], []);
  const { mono, wall, rate } = clock.mapping();
  clock.remap({ mono, wall: wall + 26 * 3_600_000, rate, rank: 'ntp', uncertaintyMs: 1 });
  await feed(store, clock, [3], 10_000);
  expect(await sums(store, clock)).toEqual(all(1 + 1 + 1 + 1));
  await store[Symbol.asyncDispose]();
});

test('the last value and the busiest hour of a counter are known at the next start', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  const runs = [1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2];
  const values = runs.map((_, i) => runs.slice(0, i + 1).reduce((sum, run) => sum + run, 100));
  const value = values.at(-1) ?? 0;
  await feed(store, clock, values, 15 * MINUTE);
  await clock.advance(3 * MINUTE);
  await store.append([reading('voltage', 230, clock.mono())], []);
  await store[Symbol.asyncDispose]();
  const again = await open(at.dir, { clock });
  const points = [
    { device: 'meter-1', point: 'energy' },
    { device: 'meter-1', point: 'nothing' },
  ];
  expect(await again.store.latest(points)).toEqual([
    { device: 'meter-1', point: 'energy', unit: 'kW.h', value, time: START + runs.length * 15 * MINUTE },
  ]);
  const [peak] = await again.store.peaks(points);
  expect(peak).toMatchObject({ device: 'meter-1', point: 'energy', most: 21 });
  expect(peak?.hours).toBeGreaterThanOrEqual(3);
  await again.store[Symbol.asyncDispose]();
});

test('marks go over to the log of a new epoch, and stand in its chain', async () => {
  using at = folder();
  const first = await open(at.dir);
  const mark: Mark = {
    mark: 'maintenance',
    id: 'm-1',
    device: 'meter-1',
    by: 'Li Wei',
    why: 'exchange of the meter',
    since: START,
    until: START + 3_600_000,
  };
  await first.store.append([], [markEvent(mark, first.clock.mono())]);
  await first.store[Symbol.asyncDispose]();
  const other = await open(at.dir, { hardware: 'test:2' });
  expect(other.store.epoch).not.toBe(first.store.epoch);
  expect(await other.store.marks()).toEqual([mark]);
  expect(other.store.heads().event).toBe(2);
  await other.store[Symbol.asyncDispose]();
});

test('200 random registers: every level counts what their readings and breaks say', async () => {
  const random = seeded(20_261_127);
  using at = folder();
  const { store, clock } = await open(at.dir);
  const wanted = new Map<string, number>();
  const values = new Map<string, number>();
  const devices = Array.from({ length: 200 }, (_, i) => `meter-${i + 10}`);
  for (let poll = 0; poll < 40; poll++) {
    await clock.advance(1000 + Math.floor(random() * 900_000));
    const marks: Mark[] = [];
    const readings = devices.map((device) => {
      const before = values.get(device);
      let value = Math.round(((before ?? random() * 1e5) + random() * 50) * 100) / 100;
      if (before !== undefined && random() < 0.1) {
        const closing = value;
        const opening = Math.round(random() * 1e5 * 100) / 100;
        value = Math.round((opening + random() * 5) * 100) / 100;
        marks.push(broken(clock, { id: `${device}-${poll}`, device, closing, opening }));
        wanted.set(device, (wanted.get(device) ?? 0) + (closing - before) + (value - opening));
      } else if (before !== undefined) wanted.set(device, (wanted.get(device) ?? 0) + value - before);
      values.set(device, value);
      return reading('energy', value, clock.mono(), device);
    });
    await store.append(
      readings,
      marks.map((mark) => markEvent(mark, clock.mono())),
    );
  }
  await clock.advance(10 * MINUTE);
  await using history = openHistory({ file: store.file, timezone: 'Europe/Berlin', clock, log: silent });
  for (const device of devices.slice(0, 20)) {
    for (const ms of LEVELS) {
      const buckets = await history.query(
        device,
        'energy',
        START - 86_400_000,
        START + 5 * 86_400_000,
        ms,
        AbortSignal.timeout(20_000),
      );
      const sum = buckets.reduce((rest, { mean }) => rest + (mean ?? 0), 0);
      expect(sum).toBeCloseTo(wanted.get(device) ?? 0, 4);
    }
  }
  await store[Symbol.asyncDispose]();
}, 60_000);
