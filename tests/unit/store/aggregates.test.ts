/** What a bucket says besides its mean: statistics of levels, share of valid data with the clause that asks for it, marks. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import type { Bucket } from '../../../agent/core/view.ts';
import { openHistory } from '../../../agent/store/history.ts';
import { add, bucketValue, emptyAccumulator, merge } from '../../../agent/store/rollup/accumulator.ts';
import { dayLevels, emptyLevels, exceeded } from '../../../agent/store/rollup/levels.ts';
import { decodeRow, encodeRow } from '../../../agent/store/rollup/row.ts';
import { MINIMA, minimumFor } from '../../../agent/store/rollup/validity.ts';
import type { PointFacts } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open } from './site.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Midnight in Berlin. */
const START = Date.UTC(2027, 0, 10, 23);

const FACTS: Readonly<Record<string, PointFacts>> = {
  noise: { type: 'number', unit: 'dB(A)', decimals: 1, aggregation: 'leq', lane: 'telemetry', every: 10_000 },
  'pm2-5': {
    type: 'number',
    unit: 'ug/m3',
    decimals: 0,
    aggregation: 'mean',
    lane: 'telemetry',
    every: MINUTE,
  },
  direction: {
    type: 'number',
    unit: 'deg',
    decimals: 0,
    aggregation: 'vector',
    weight: 'wind',
    lane: 'telemetry',
    every: MINUTE,
  },
  wind: { type: 'number', unit: 'm/s', decimals: 1, aggregation: 'mean', lane: 'telemetry', every: MINUTE },
  door: { type: 'boolean', unit: '1', aggregation: 'state', lane: 'telemetry', every: MINUTE },
};

function noise(levels: readonly number[], night: (i: number) => boolean = () => false) {
  const acc = emptyAccumulator('leq');
  for (const [i, level] of levels.entries()) add(acc, i * 1000, level, '', undefined, undefined, night(i));
  return acc;
}

test('L10, L50, L90 of a minute with ten seconds of a passing bus: ranks of the values in descending order', () => {
  // 50 × 55.0 … 59.9 dB, then 70 … 79 dB.
  const acc = noise([
    ...Array.from({ length: 50 }, (_, i) => 55 + i / 10),
    ...Array.from({ length: 10 }, (_, i) => 70 + i),
  ]);
  const levels = acc.levels ?? emptyLevels();
  // Rank ceil(0.1 × 60) = 6 of 79, 78, 77 …; rank 30: 59.9 is rank 11, so 58.0; rank 54: 55.6.
  expect([0.1, 0.5, 0.9].map((share) => exceeded(levels, 60, share))).toEqual([74, 58, 55.6]);
  expect(exceeded(levels, 61, 0.5)).toBeNull();
});

test('Ld 60, Ln 50 give Ldn 60.0 dB; Ld 55 and Ln 55 give 61.0 dB', () => {
  // 10 lg[(16 × 10^6 + 8 × 10^6) / 24]; 10 lg[(16 × 10^5.5 + 8 × 10^6.5) / 24].
  const of = (ld: number, ln: number) => {
    const { levels, sum, count } = noise([ld, ld, ln], (i) => i === 2);
    return dayLevels(levels ?? emptyLevels(), sum, count);
  };
  expect(of(60, 50)).toEqual({
    ld: expect.closeTo(60, 6),
    ln: expect.closeTo(50, 6),
    ldn: expect.closeTo(60, 6),
  });
  expect(of(55, 55).ldn).toBeCloseTo(55 + 10 * Math.log10(4), 6);
  const day = noise([60, 62]);
  expect(dayLevels(day.levels ?? emptyLevels(), day.sum, day.count)).toMatchObject({ ln: null, ldn: null });
});

test('statistics of levels merge into what one bucket would have had, through a row and back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -200, max: 1400 }), fc.boolean()), { minLength: 1, maxLength: 60 }),
      fc.nat(60),
      (samples, cut) => {
        const at = (from: number, to: number) => {
          const part = samples.slice(from, to);
          const acc = noise(
            part.map(([tenths]) => tenths / 10),
            (i) => part[i]?.[1] === true,
          );
          return decodeRow(START, encodeRow(START, new Map([[7, acc]]))).get(7) ?? acc;
        };
        const [whole, early, late] = [at(0, 60), at(0, cut), at(cut, 60)];
        merge(early, late);
        expect(early.levels?.counts).toEqual(whole.levels?.counts);
        expect(early.levels?.nightCount).toBe(whole.levels?.nightCount);
        for (const share of [0.1, 0.5, 0.9])
          expect(exceeded(early.levels ?? emptyLevels(), early.count, share)).toBe(
            exceeded(whole.levels ?? emptyLevels(), whole.count, share),
          );
      },
    ),
    { seed: 20270501, numRuns: 300 },
  );
});

test('rows of version 1 stay readable: without statistics of levels, with all else', () => {
  const { hex } = JSON.parse(
    readFileSync(new URL('../../vectors/store/rollup-row-v1.json', import.meta.url), 'utf8'),
  );
  const row = decodeRow(Date.UTC(2027, 0, 1), Buffer.from(hex, 'hex'));
  const values = [...row].map(([id, acc]) => [id, acc.kind, acc.count, bucketValue(acc)]);
  expect(values).toEqual([
    [1, 'mean', 20, expect.closeTo(50.95, 6)],
    [3, 'sum', 20, expect.closeTo(1019, 6)],
    [5, 'counter', 20, expect.closeTo(1.9, 6)],
    [7, 'leq', 20, expect.closeTo(50.988, 3)],
    [9, 'vector', 20, expect.closeTo(50.95, 6)],
    [11, 'weighted', 20, expect.closeTo(50.95, 6)],
    [13, 'state', 20, null],
    [15, 'last', 20, 51.9],
  ]);
  expect(row.get(13)?.durations).toEqual(
    new Map([
      ['on', 12_000],
      ['off', 7000],
    ]),
  );
  const old = row.get(7);
  expect(exceeded(old?.levels ?? emptyLevels(), 20, 0.5)).toBeNull();
  expect([...row.values()].map(({ revision, bad, marked }) => [revision, bad, marked])[4]).toEqual([1, 0, 0]);
});

test('every row of the table of minima names its clause; a second sensor counts as the factor it measures', () => {
  for (const { clause, share } of MINIMA) {
    expect(clause).toMatch(/^(GB|HJ|own choice)/);
    expect(share).toBeGreaterThan(0);
  }
  const of = (point: string, bucket: number, aggregation: 'mean' | 'leq' | 'counter' = 'mean') =>
    minimumFor({ point, aggregation }, bucket);
  expect(of('so2', HOUR)).toMatchObject({ share: 0.75, clause: expect.stringContaining('GB 3095-2026') });
  expect(of('pm2-5-2', DAY)).toMatchObject({ hours: 20 });
  expect(of('pm2-5-cf1', DAY)?.hours).toBeUndefined();
  expect(of('noise', MINUTE, 'leq')?.clause).toContain('HJ 906');
  expect(of('energy', HOUR, 'counter')).toBeUndefined();
});

test.each([
  ['Europe/Berlin', START, 0],
  ['Europe/Berlin', START + 22 * HOUR, 22],
  ['Europe/Berlin', Date.UTC(2027, 2, 28, 0, 59), 1],
  ['Europe/Berlin', Date.UTC(2027, 2, 28, 1), 3],
  ['Asia/Kathmandu', Date.UTC(2027, 0, 1, 0, 15), 6],
])('in %s at %d it is %d o’clock', (zone, time, hour) => {
  expect(new LocalDays(zone).hour(time)).toBe(hour);
});

test('a day of the street: levels by day and night, share by factor with its clause, maintenance in no mean, steady wind, door', async () => {
  using at = folder();
  const clock = new VirtualClock(START);
  const describe = (_: string, point: string) => FACTS[point];
  const { store } = await open(at.dir, { clock, describe });
  const base = clock.mono();
  const mark = (from: number, to: number, elapsed: number) => elapsed >= from * HOUR && elapsed < to * HOUR;
  for (let quarter = 0; quarter < 98; quarter++) {
    const readings: Reading[] = [];
    for (let i = 0; i < 90; i++) {
      const elapsed = quarter * 15 * MINUTE + i * 10_000;
      const put = (point: string, value: Reading['value'], more: Partial<Reading> = {}) =>
        readings.push({
          device: 'meter-1',
          point,
          value,
          unit: FACTS[point]?.unit ?? '1',
          quality: 'good',
          time: base + elapsed,
          ...more,
        });
      const hour = Math.floor(elapsed / HOUR) % 24;
      const night = hour < 6 || hour >= 22;
      // Somebody shouts into it at noon, under maintenance.
      if (mark(12, 13, elapsed)) put('noise', 110, { quality: 'uncertain', reason: 'maintenance' });
      else put('noise', night ? 50 : 60);
      if (i % 6 !== 0) continue;
      // Five hours of the day are missing: 19 are left of the 20 that are asked for.
      if (!mark(14, 19, elapsed)) put('pm2-5', 30);
      put('wind', 2);
      put('direction', quarter % 2 === 0 ? 350 : 10);
      put('door', hour === 8);
    }
    await clock.advance(15 * MINUTE);
    await store.append(readings, []);
  }
  await using history = openHistory({ file: store.file, timezone: 'Europe/Berlin', clock, log: silent });
  const ask = (point: string, bucket: number, from = START, to = START + DAY) =>
    history.query('meter-1', point, from, to, bucket, AbortSignal.timeout(20_000));
  const [day] = await ask('noise', DAY);
  expect(day).toMatchObject({
    marked: 360,
    noise: {
      l10: 60,
      l50: 60,
      l90: 50,
      ld: expect.closeTo(60, 6),
      ln: expect.closeTo(50, 6),
      ldn: expect.closeTo(60, 6),
    },
    share: expect.closeTo(23 / 24, 3),
    sufficient: true,
    max: 60,
  });
  const noon = (await ask('noise', HOUR))[12] as Bucket;
  expect(noon).toMatchObject({ count: 0, mean: null, marked: 360, share: 0, sufficient: false });
  const [dust] = await ask('pm2-5', DAY);
  expect(dust).toMatchObject({
    mean: 30,
    sufficient: false,
    clause: expect.stringContaining('20 hour means'),
  });
  expect(dust?.share).toBeCloseTo(19 / 24, 3);
  const [wind] = await ask('direction', HOUR);
  expect(wind?.mean).toBeCloseTo(0, 6);
  expect(wind?.vector?.length).toBeCloseTo(2 * Math.cos(Math.PI / 18), 6);
  expect(wind?.vector?.steadiness).toBeCloseTo(Math.cos(Math.PI / 18), 6);
  const [door] = await ask('door', DAY);
  expect(door?.durations_ms).toEqual({ false: expect.any(Number), true: HOUR });
  // An hour that is still open is judged by what has passed of it.
  const [open_] = await ask('noise', HOUR, START + DAY, START + DAY + HOUR);
  expect(open_).toMatchObject({ share: 1, sufficient: true });
  await store[Symbol.asyncDispose]();
}, 60_000);
