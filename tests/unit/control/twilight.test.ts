/** A photocell in the twilight: at a start, and in a street that runs faster than life. */
import { expect, test } from 'vitest';
import { EVALUATE_EVERY } from '../../../agent/control/lighting/controller.ts';
import { good } from '../../../agent/core/reading.ts';
import { Pole, runLamp } from './lamp.ts';
import { programmeFrom } from './programme-of.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const programme = programmeFrom({
  photocell: { device: 'board', point: 'photocell', on: 15, off: 25, dwell: '5min' },
});
/** The sun stands at −3.6° over Zibo, inside the window in which the cell decides, and is at −6° twelve minutes later. */
const TWILIGHT = Date.parse('2027-03-03T18:20:00+08:00');
const cell = (pole: Pole, value: number) =>
  good({ device: 'board', point: 'photocell', unit: 'lx' }, value, pole.clock.mono());

test('a cell that has spoken before the controller started is heard: the lamp does not flash', async () => {
  const pole = new Pole(TWILIGHT);
  await using _ = await runLamp(pole, programme, {}, undefined, [cell(pole, 40)]);
  await pole.clock.advance(2 * EVALUATE_EVERY);
  expect(pole.writes.filter(({ level }) => level > 0)).toEqual([]);
  expect(pole.level).toBe(0);
});

test('without a cell the sun decides', async () => {
  const pole = new Pole(TWILIGHT);
  await using _ = await runLamp(pole, programme);
  await pole.clock.advance(2 * EVALUATE_EVERY);
  expect(pole.level).toBe(100);
});

/** Street time from the cell's first dark reading until the lamp is lit, ms. */
async function delay(pole: Pole, hub: { readings(list: ReturnType<typeof cell>[]): void }): Promise<number> {
  const { rate } = pole.clock.mapping();
  const begun = pole.now;
  // Long enough: the window of the cell ends about 15 minutes later.
  for (let passed = 0; passed < 12 * MINUTE && pole.level === 0; passed += 10 * SECOND) {
    hub.readings([cell(pole, 10)]);
    await pole.clock.advance((10 * SECOND) / rate);
  }
  return pole.now - begun;
}

test.each([1, 60, 600])('dwell is of the street’s time at ×%d', async (rate) => {
  const pole = new Pole(TWILIGHT, rate);
  await using run = await runLamp(pole, programme, {}, undefined, [cell(pole, 40)]);
  await pole.clock.advance((2 * EVALUATE_EVERY) / rate);
  const waited = await delay(pole, run.hub);
  expect(pole.level).toBe(100);
  expect(waited).toBeGreaterThanOrEqual(5 * MINUTE - SECOND);
  expect(waited).toBeLessThan(8 * MINUTE);
});

test('a street whose clock is turned on the way counts both stretches', async () => {
  const pole = new Pole(TWILIGHT);
  await using run = await runLamp(pole, programme, {}, undefined, [cell(pole, 40)]);
  run.hub.readings([cell(pole, 10)]);
  await pole.clock.advance(2 * MINUTE);
  const mono = pole.clock.mono();
  pole.clock.remap({ mono, wall: pole.now, rate: 60, rank: 'ntp', uncertaintyMs: 1 });
  await pole.clock.advance(2 * SECOND);
  run.hub.readings([cell(pole, 10)]);
  await pole.clock.advance(SECOND);
  expect(pole.level).toBe(0);
  await pole.clock.advance(SECOND);
  run.hub.readings([cell(pole, 10)]);
  await pole.clock.advance(SECOND);
  expect(pole.level).toBe(100);
  expect(programme.photocell?.dwell).toBe(5 * MINUTE);
});
