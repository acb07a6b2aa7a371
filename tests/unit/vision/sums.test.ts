/** What outlives a frame: sums over restarts of every kind, and the budget that decides how many frames there are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TotalsFile, type TotalsOptions } from '../../../agent/compose/vision/camera-totals.ts';
import { newestLogged } from '../../../agent/compose/vision/logged-sums.ts';
import type { CameraConfig } from '../../../agent/core/camera.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { Governor } from '../../../agent/vision/governor.ts';
import { Interval } from '../../../agent/vision/interval.ts';
import { Tally } from '../../../agent/vision/tally.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { reading as logReading, open, folder as storeFolder } from '../store/site.ts';

const BASE: CameraConfig = {
  id: 'cam-1',
  title: { en: 'Street' },
  source: 'http://127.0.0.1:1/',
  rate: 6,
  tasks: ['vehicles', 'faces'],
  preview: false,
  every: 10_000,
};

describe('sums over a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kerbside-totals-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new VirtualClock();
  const wall = (mono: number) => clock.mapping().wall + mono - clock.mapping().mono;
  let logged: number | undefined;
  let number = 0;
  const file = (camera: string, more: Partial<TotalsOptions> = {}) =>
    new TotalsFile({ folder, camera, mapping: clock.mapping(), newestLogged: () => logged, ...more });

  /** Runs until it is killed, or stops by itself; gives what it told. */
  const run = (
    camera: string,
    from: number,
    until: number,
    passAt: readonly number[],
    how: 'kill' | 'stop',
  ) => {
    const kept = file(camera);
    const tally = kept.open(from);
    const interval = new Interval(BASE, from, tally);
    const told: Reading[] = [];
    let close = from + 10_000;
    for (let time = from; time < until; time += 166) {
      if (time >= close) {
        const before = tally.state;
        told.push(...interval.close(close, undefined));
        kept.closed(before, tally.state, close);
        close += 10_000;
      }
      const passes = passAt.filter((pass) => pass >= time && pass < time + 166).length;
      interval.vehicles([], passes, time);
      kept.changed(tally.state, time);
    }
    if (how === 'stop') kept.stop(tally.state);
    return told.filter(({ point }) => point === 'vehicles-passed');
  };
  const sum = (readings: readonly Reading[]) =>
    readings.reduce((all, { value }) => all + Number(value ?? 0), 0);

  test('a stop within an interval loses and doubles nothing', () => {
    const camera = `cam-${number++}`;
    const first = run(camera, 1000, 26_000, [3000, 12_000, 24_500], 'stop');
    logged = wall(21_000);
    const second = run(camera, 30_000, 52_000, [33_000], 'kill');
    expect(sum(first) + sum(second)).toBe(4);
    // Four seconds of the interval were not seen, and it says so.
    expect(second[0]).toMatchObject({ value: 2, quality: 'uncertain', reason: 'low-rate' });
  });

  test('what was told but had not reached the log when it was killed is told again, once', () => {
    const camera = `cam-${number++}`;
    const first = run(camera, 1000, 31_500, [3000, 12_000, 24_000], 'kill');
    expect(sum(first)).toBe(3);
    // The commit of the last interval was lost with the process.
    logged = wall(21_000);
    const second = run(camera, 40_000, 62_000, [], 'kill');
    expect(sum(first.slice(0, 2)) + sum(second)).toBe(3);
    // And not a third time.
    logged = wall(60_000);
    expect(sum(run(camera, 70_000, 92_000, [], 'kill'))).toBe(0);
  });

  test('what had reached the log is not', () => {
    const camera = `cam-${number++}`;
    const first = run(camera, 1000, 31_500, [3000, 12_000, 24_000], 'kill');
    logged = wall(31_000);
    expect(sum(first) + sum(run(camera, 40_000, 62_000, [], 'kill'))).toBe(3);
  });

  test('in trouble the sums wait for better times', () => {
    const tally = Tally.empty(0);
    const interval = new Interval(BASE, 0, tally);
    for (let time = 0; time < 5000; time += 166) interval.vehicles([], time === 0 ? 2 : 0, time);
    const dark = interval.close(10_000, 'source-dark');
    expect(dark.find(({ point }) => point === 'vehicles-passed')).toMatchObject({ value: null });
    for (let time = 10_000; time < 20_000; time += 166) interval.vehicles([], 0, time);
    const then = interval.close(20_000, undefined);
    expect(then.find(({ point }) => point === 'vehicles-passed')).toMatchObject({
      value: 2,
      quality: 'uncertain',
    });
  });

  test('a shorter text over a longer one is whole', () => {
    const camera = `cam-${number++}`;
    const kept = file(camera);
    kept.open(0);
    kept.changed(
      { since: 0, frames: 5, counts: { 'vehicles-passed': 3, 'a-long-name-of-a-line-left-car': 2 } },
      2000,
    );
    kept.stop({ since: 0, frames: 6, counts: { 'vehicles-passed': 4 } });
    expect(file(camera).open(10).get('vehicles-passed')).toBe(4);
    writeFileSync(join(folder, `${camera}.json`), '{"boot": "half');
    expect(file(camera).open(7).state).toEqual({ since: 7, frames: 0, counts: {} });
  });

  test('another boot, no file', () => {
    const camera = `cam-${number++}`;
    run(camera, 1000, 6000, [3000], 'stop');
    const mapping = { ...clock.mapping(), boot: 'another' };
    expect(file(camera, { mapping }).open(50).state).toEqual({
      since: 50,
      frames: 0,
      counts: { 'vehicles-passed': 1 },
    });
    expect(file('never').open(7).state).toEqual({ since: 7, frames: 0, counts: {} });
  });
});

test('the newest sum in a real log is found by device and point, at its true time', async () => {
  using own = storeFolder();
  const { store, clock } = await open(own.dir);
  const { file } = store;
  const sums = new Set(['voltage']);
  expect(newestLogged(file, 'cam', sums)).toBeUndefined();
  const many = Array.from({ length: 5000 }, (_, i) =>
    logReading('voltage', 1, 2000 + i, i % 2 === 0 ? 'cam' : 'other'),
  );
  await store.append([...many, logReading('wind', 1, 9000, 'cam')], []);
  await store.append(
    Array.from({ length: 3000 }, (_, i) => logReading('voltage', 2, 10_000 + i, 'other')),
    [],
  );
  const { wall, mono } = clock.mapping();
  expect(newestLogged(file, 'cam', sums)).toBe(wall + 6998 - mono);
  expect(newestLogged(file, 'nobody', sums)).toBeUndefined();
  await store[Symbol.asyncDispose]();
  writeFileSync(file, 'no database');
  // What may have been told already is not told again.
  expect(newestLogged(file, 'cam', sums)).toBe(Number.POSITIVE_INFINITY);
});

describe('the budget', () => {
  const governed = (budget: { cpu: number; temperature: number }, celsius: () => number | undefined) =>
    new Governor({ rate: 10, budget, temperature: async () => celsius() });

  test('of processor time decides the frame rate', () => {
    const governor = governed({ cpu: 0.5, temperature: 80 }, () => undefined);
    expect(governor.allowed).toEqual({ rate: 10, limit: undefined });
    for (let i = 0; i < 200; i++) governor.spent(80, i % 2 === 0 ? 20 : 400);
    expect(governor.allowed.limit).toBe('cpu-budget');
    expect(governor.allowed.rate).toBeCloseTo(5, 3);
    for (let i = 0; i < 400; i++) governor.spent(25, 5);
    expect(governor.allowed).toEqual({ rate: 10, limit: undefined });
  });

  test('of heat takes frames and gives them back', async () => {
    let celsius: number | undefined = 85;
    const governor = governed({ cpu: 4, temperature: 80 }, () => celsius);
    let now = 0;
    const next = () => {
      now += 10_000;
      return governor.feel(now);
    };
    for (let i = 0; i < 4; i++) await next();
    expect(governor.allowed.limit).toBe('temperature');
    expect(governor.allowed.rate).toBeLessThan(5);
    for (let i = 0; i < 60; i++) await next();
    expect(governor.allowed.rate).toBeCloseTo(1, 6);
    celsius = 78;
    await next();
    expect(governor.allowed.rate).toBeCloseTo(1, 6);
    celsius = 60;
    for (let i = 0; i < 30; i++) await next();
    expect(governor.allowed).toEqual({ rate: 10, limit: undefined });
    celsius = undefined;
    await next();
    expect(governor.facts.celsius).toBeNull();
  });
});
