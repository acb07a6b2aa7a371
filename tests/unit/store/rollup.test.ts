import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Aggregation } from '../../../agent/core/point.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import type { Bucket } from '../../../agent/core/view.ts';
import { openHistory } from '../../../agent/store/history.ts';
import { monoOf } from '../../../agent/store/import.ts';
import { add, bucketValue, emptyAccumulator, merge } from '../../../agent/store/rollup/accumulator.ts';
import { decodeRow, encodeRow } from '../../../agent/store/rollup/row.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from './site.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2027, 0, 1);

function value(
  kind: Aggregation,
  samples: readonly (readonly [value: number, weight?: number])[],
): number | null {
  const acc = emptyAccumulator(kind);
  for (const [i, [sample, weight]] of samples.entries())
    add(acc, i * 1000, sample, String(sample), weight ?? (kind === 'vector' ? 1 : undefined));
  return bucketValue(acc);
}

test('one minute at 55 dB with two seconds at 85 dB is 70.4 dB, not 56.0', () => {
  const samples = Array.from({ length: 60 }, (_, i) => [i < 2 ? 85 : 55] as const);
  // 10 lg[(58 × 10^5.5 + 2 × 10^8.5) / 60], HJ 906-2017 formula 2.
  expect(value('leq', samples)).toBeCloseTo(70.36, 1);
});

test('350° and 10° average to 0°; opposite winds of the same strength have no direction', () => {
  expect(value('vector', [[350], [10]])).toBe(0);
  expect(value('vector', [[80], [100]])).toBeCloseTo(90);
  expect(
    value('vector', [
      [0, 3],
      [90, 1],
    ]),
  ).toBeCloseTo(18.435, 3);
  expect(
    value('vector', [
      [0, 2],
      [180, 2],
    ]),
  ).toBeNull();
});

test('a flow-weighted mean, a sum, a counter that was exchanged', () => {
  expect(
    value('weighted', [
      [10, 1],
      [20, 3],
    ]),
  ).toBe(17.5);
  expect(
    value('weighted', [
      [10, 0],
      [20, 0],
    ]),
  ).toBeNull();
  expect(value('sum', [[1], [2], [3]])).toBe(6);
  expect(value('counter', [[100], [107], [2], [5]])).toBe(10);
});

test('buckets merge into what one bucket would have had', () => {
  const sample = fc.record({
    gap: fc.integer({ min: 1, max: 20_000 }),
    value: fc.integer({ min: 0, max: 1000 }).map((n) => n / 10),
    weight: fc.integer({ min: 0, max: 20 }),
  });
  const kinds = fc.constantFrom<Aggregation>(
    'mean',
    'sum',
    'counter',
    'leq',
    'vector',
    'weighted',
    'state',
    'last',
  );
  fc.assert(
    fc.property(
      kinds,
      fc.array(sample, { minLength: 1, maxLength: 40 }),
      fc.nat(40),
      (kind, samples, cut) => {
        const [whole, early, late] = [emptyAccumulator(kind), emptyAccumulator(kind), emptyAccumulator(kind)];
        let time = 0;
        for (const [i, { gap, value: sampled, weight }] of samples.entries()) {
          time += gap;
          add(whole, time, sampled, String(sampled > 50), weight);
          add(i < cut ? early : late, time, sampled, String(sampled > 50), weight);
        }
        merge(early, late);
        expect(early.count).toBe(whole.count);
        expect([early.min, early.max, early.last]).toEqual([whole.min, whole.max, whole.last]);
        const [merged, direct] = [bucketValue(early), bucketValue(whole)];
        if (direct === null || merged === null) expect(merged).toBe(direct);
        // Directions near north may come out on either side of it.
        else if (kind === 'vector') expect(Math.cos(((merged - direct) * Math.PI) / 180)).toBeCloseTo(1, 6);
        else expect(merged).toBeCloseTo(direct, 6);
      },
    ),
    { seed: 3, numRuns: 500 },
  );
});

test('a row comes back as it was, one point at a time too; broken ones are store-damaged', () => {
  const points = new Map(
    (['mean', 'counter', 'leq', 'vector', 'state', 'last'] as const).map((kind, i) => {
      const acc = emptyAccumulator(kind);
      acc.expected = 60;
      for (let n = 0; n < 20; n++) add(acc, START + n * 1000, 230 + n / 10, n < 10 ? 'on' : 'off', 1.5);
      acc.revision = i;
      return [i * 3 + 1, acc] as const;
    }),
  );
  const body = encodeRow(START, points);
  const back = decodeRow(START, body);
  for (const [id, acc] of points) {
    expect(bucketValue(back.get(id) ?? emptyAccumulator('last')) ?? -1).toBeCloseTo(
      bucketValue(acc) ?? -1,
      9,
    );
    expect(back.get(id)).toMatchObject({
      count: 20,
      min: 230,
      max: 231.9,
      last: 231.9,
      revision: acc.revision,
    });
    expect([...decodeRow(START, body, id).keys()]).toEqual([id]);
  }
  expect(back.get(13)?.durations).toEqual(
    new Map([
      ['on', 10_000],
      ['off', 9000],
    ]),
  );
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 60 }), (at, byte, noise) => {
      const bent = Uint8Array.from(body);
      bent[at] = byte;
      for (const bytes of [bent, noise])
        try {
          decodeRow(START, bytes);
        } catch (thrown) {
          expect((thrown as AgentError).code).toBe('store-damaged');
        }
    }),
    { seed: 11, numRuns: 1000 },
  );
});

test.each([
  // Europe: 23 and 25 hours; Lord Howe: half an hour; Beirut: midnight that does not exist; Kathmandu: 5 h 45 min.
  ['Europe/Berlin', '2027-03-27T23:00Z', 23],
  ['Europe/Berlin', '2027-10-30T22:00Z', 25],
  ['Europe/Berlin', '2027-06-30T22:00Z', 24],
  ['Australia/Lord_Howe', '2027-04-03T13:00Z', 24.5],
  ['Asia/Beirut', '2021-03-27T22:00Z', 23],
  ['Asia/Kathmandu', '2027-01-01T18:15Z', 24],
  ['Asia/Shanghai', '2027-01-01T16:00Z', 24],
])('a day of %s beginning at %s has %d hours', (zone, begin, hours) => {
  const days = new LocalDays(zone);
  const start = Date.parse(begin);
  for (const inside of [0, 1, 3 * HOUR, hours * HOUR - 1]) expect(days.start(start + inside)).toBe(start);
  expect(days.next(start)).toBe(start + hours * HOUR);
  expect(days.start(start - 1)).toBeLessThan(start);
});

async function query(file: string, clock: VirtualClock, point: string, from: number, to: number, ms: number) {
  await using history = openHistory({ file, timezone: 'Europe/Berlin', clock, log: silent });
  return await history.query('meter-1', point, from, to, ms, AbortSignal.timeout(20_000));
}

test('history at every level is what the readings say, closed or open, also after a restart without a clean stop', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const base = clock.mono();
  const all: { time: number; value: number }[] = [];
  // 26 hours, a reading every 20 s, a commit for every 5 minutes.
  for (let block = 0; block < 26 * 12; block++) {
    const readings = Array.from({ length: 15 }, (_, i) => {
      const elapsed = block * 300_000 + i * 20_000;
      const volts = 220 + ((block * 15 + i) % 97) / 10;
      all.push({ time: START + elapsed, value: volts });
      return [
        reading('voltage', volts, base + elapsed),
        reading('energy', (block * 15 + i) / 100, base + elapsed),
      ];
    }).flat();
    await clock.advance(300_000);
    await store.append(readings, []);
  }
  const expected = (ms: number, start: (time: number) => number): Bucket[] => {
    const buckets = new Map<number, number[]>();
    for (const { time, value: volts } of all) {
      const key = start(time);
      buckets.set(key, [...(buckets.get(key) ?? []), volts]);
    }
    expect(ms).toBeGreaterThan(0);
    return [...buckets].map(([time, values]) => ({
      time,
      count: values.length,
      min: Math.min(...values),
      mean: values.reduce((sum, one) => sum + one, 0) / values.length,
      max: Math.max(...values),
      last: values.at(-1) ?? null,
    }));
  };
  const days = new LocalDays('Europe/Berlin');
  for (const ms of [60_000, 900_000, HOUR, 24 * HOUR]) {
    const start =
      ms === 24 * HOUR ? (time: number) => days.start(time) : (time: number) => Math.floor(time / ms) * ms;
    const found = await query(store.file, clock, 'voltage', START - 24 * HOUR, START + 48 * HOUR, ms);
    const wanted = expected(ms, start);
    expect(found.length).toBe(wanted.length);
    for (const [i, bucket] of found.entries()) {
      expect(bucket).toMatchObject({ ...wanted[i], mean: expect.closeTo(wanted[i]?.mean ?? 0, 6) });
    }
    // The differences of the register add up to all of it.
    const energy = await query(store.file, clock, 'energy', START - 24 * HOUR, START + 48 * HOUR, ms);
    const sum = energy.reduce((total, { mean }) => total + (mean ?? 0), 0);
    expect(sum).toBeCloseTo((26 * 12 * 15 - 1) / 100, 6);
  }
  const part = await query(store.file, clock, 'voltage', START + HOUR, START + 2 * HOUR, 900_000);
  expect(part.map(({ time }) => time)).toEqual([0, 1, 2, 3].map((i) => START + HOUR + i * 900_000));
  expect(await query(store.file, clock, 'nothing', START, START + HOUR, 60_000)).toEqual([]);
  await expect(query(store.file, clock, 'voltage', START, START + HOUR, 1234)).rejects.toMatchObject({
    code: 'unsupported',
  });
  await store[Symbol.asyncDispose]();
}, 60_000);

test('late and time-repaired readings come to their bucket', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const base = clock.mono();
  for (let minute = 0; minute < 40; minute++) {
    await clock.advance(60_000);
    await store.append([reading('voltage', 230, base + minute * 60_000)], []);
  }
  // Half an hour late.
  await store.append([reading('voltage', 250, base + 5 * 60_000 + 1000)], []);
  await clock.advance(120_000);
  await store.append([reading('voltage', 230, clock.mono())], []);
  const late = await query(store.file, clock, 'voltage', START, START + 900_000, 900_000);
  expect(late).toMatchObject([{ count: 16, max: 250 }]);
  // The clock was an hour slow: everything moves.
  const mapping = clock.mapping();
  clock.remap({ ...mapping, wall: mapping.wall + HOUR });
  await store.append([reading('voltage', 230, clock.mono())], []);
  // The buckets that lost their readings say so.
  const left = await query(store.file, clock, 'voltage', START, START + HOUR, 60_000);
  expect(left.map(({ count }) => count)).toEqual(left.map(() => 0));
  const moved = await query(store.file, clock, 'voltage', START + HOUR, START + HOUR + 900_000, 900_000);
  expect(moved).toMatchObject([{ time: START + HOUR, count: 16, max: 250 }]);
  await store[Symbol.asyncDispose]();
});

test('a weight that comes in the same commit weighs; directions go by wind', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const base = clock.mono();
  await store.append(
    [
      reading('direction', 0, base),
      reading('wind', 3, base),
      reading('direction', 90, base + 2000),
      reading('wind', 1, base + 2000),
    ],
    [],
  );
  const [bucket] = await query(store.file, clock, 'direction', START, START + 60_000, 60_000);
  expect(bucket?.mean).toBeCloseTo(18.435, 3);
  await store[Symbol.asyncDispose]();
});

test('imported history is rolled up too', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const mapping = clock.mapping();
  const begin = mapping.wall - 24 * HOUR;
  for (let hour = 0; hour < 24; hour++)
    await store.append(
      Array.from({ length: 60 }, (_, i) =>
        reading('voltage', 230, monoOf(mapping, begin + hour * HOUR + i * 60_000)),
      ),
      [],
    );
  await clock.advance(60_000);
  await store.append([reading('voltage', 230, clock.mono())], []);
  const hours = await query(store.file, clock, 'voltage', begin, mapping.wall, HOUR);
  expect(hours.length).toBe(24);
  expect(hours.every(({ count, mean }) => count === 60 && mean === 230)).toBe(true);
  await store[Symbol.asyncDispose]();
});
