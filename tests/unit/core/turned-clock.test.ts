/** A demonstration's clock that is turned: what the agent makes of it, and by what things age meanwhile. */
import { expect, test } from 'vitest';
import { AgedTime } from '../../../agent/core/aged-time.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WALL = Date.UTC(2027, 1, 10, 9, 50);
const HOUR = 3_600_000;

test('turns forward and tells everybody, with the rank it had', () => {
  const clock = new SystemClock({ wall: WALL });
  const before = clock.mapping();
  const heard: number[] = [];
  using _ = clock.onMapping(({ rate }) => void heard.push(rate));
  const mono = clock.mono();
  expect(clock.turn({ mono, wall: WALL + HOUR, rate: 60 })).toBe(true);
  expect(heard).toEqual([60]);
  expect(clock.mapping()).toEqual({ ...before, mono, wall: WALL + HOUR, rate: 60 });
  expect(wallAt(clock.mapping(), mono + 1000).time).toBe(WALL + HOUR + 60_000);
});

test.each([
  ['back', { wall: WALL - 1000, rate: 1 }],
  ['slower than life', { wall: WALL + HOUR, rate: 0.5 }],
  ['beyond all measure', { wall: WALL + HOUR, rate: 3601 }],
  ['beyond all times', { wall: 8e15, rate: 1 }],
  ['nowhere', { wall: Number.NaN, rate: 1 }],
  ['at no rate', { wall: WALL + HOUR, rate: Number.NaN }],
])('does not turn %s', (_name, turn) => {
  const clock = new SystemClock({ wall: WALL });
  const before = clock.mapping();
  expect(clock.turn({ mono: clock.mono(), ...turn })).toBe(false);
  expect(clock.mapping()).toBe(before);
});

test('things age by the rate, over each turn of it, and not by a clock that is set', () => {
  const clock = new VirtualClock(WALL);
  const aged = new AgedTime(clock);
  const begun = aged.at(1000);
  expect(aged.at(2000) - begun).toBe(1000);
  clock.remap({ mono: 2000, wall: WALL + HOUR, rate: 60, rank: 'ntp', uncertaintyMs: 1 });
  expect(aged.at(3000) - begun).toBe(61_000);
  clock.remap({ mono: 4000, wall: WALL + 9 * HOUR, rate: 60, rank: 'ntp', uncertaintyMs: 1 });
  expect(aged.at(4000) - begun).toBe(121_000);
  clock.remap({ mono: 5000, wall: WALL + 9 * HOUR, rate: 1, rank: 'ntp', uncertaintyMs: 1 });
  expect(aged.at(6000) - begun).toBe(182_000);
});
