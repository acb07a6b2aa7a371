/** Photocell and traffic as functions of what they have seen. */
import { describe, expect, test } from 'vitest';
import { Photocell } from '../../../agent/control/lighting/photocell.ts';
import { Traffic } from '../../../agent/control/lighting/traffic.ts';
import { bad, good } from '../../../agent/core/reading.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LUX = { device: 'board', point: 'illuminance', unit: 'lx' } as const;
const CARS = { device: 'camera-1', point: 'vehicles-passed', unit: '1' } as const;

describe('photocell', () => {
  const config = { ...LUX, on: 15, off: 25, dwell: 5 * MINUTE, window: [-6, 6] as const };
  const lux = (cell: Photocell, value: number, time: number, elevation = 0) =>
    cell.take(good(LUX, value, time), elevation);

  test('decides at once after a boot, then with hysteresis and dwell', () => {
    const cell = new Photocell(config);
    expect(cell.state(0)).toBeUndefined();
    lux(cell, 10, 0);
    expect(cell.state(0)).toBe('dark');
    lux(cell, 20, MINUTE);
    expect(cell.state(MINUTE)).toBe('dark');
    lux(cell, 30, 2 * MINUTE);
    expect(cell.state(2 * MINUTE)).toBe('dark');
    lux(cell, 30, 7 * MINUTE);
    expect(cell.state(7 * MINUTE)).toBe('light');
  });

  test('headlights do not turn the lamp off', () => {
    const cell = new Photocell(config);
    for (let i = 0; i < 60; i++) lux(cell, i % 4 === 1 ? 500 : 2, i * MINUTE);
    expect(cell.state(60 * MINUTE)).toBe('dark');
  });

  test.each([
    ['silent', (cell: Photocell) => lux(cell, 10, 0), 11 * MINUTE],
    [
      'stuck',
      (cell: Photocell) => {
        for (let t = 0; t <= 27 * HOUR; t += MINUTE) lux(cell, 10, t);
      },
      27 * HOUR,
    ],
    [
      'dark-by-day',
      (cell: Photocell) => {
        for (let t = 0; t <= 3 * HOUR; t += MINUTE) lux(cell, 5 + (t % 7), t, 40);
      },
      3 * HOUR,
    ],
    [
      'light-by-night',
      (cell: Photocell) => {
        for (let t = 0; t <= 3 * HOUR; t += MINUTE) lux(cell, 500 + (t % 7), t, -30);
      },
      3 * HOUR,
    ],
  ] as const)('a cell that is %s is not believed', (fault, play, now) => {
    const cell = new Photocell(config);
    play(cell);
    expect(cell.fault(now)).toBe(fault);
    expect(cell.state(now)).toBeUndefined();
  });

  test('a bad reading is none', () => {
    const cell = new Photocell(config);
    cell.take(bad(LUX, 'timeout', 0), 0);
    expect(cell.fault(0)).toBe('silent');
  });
});

describe('traffic', () => {
  const config = {
    ...CARS,
    window: 6 * MINUTE,
    steps: [
      { above: 0, level: 50 },
      { above: 60, level: 75 },
      { above: 300, level: 100 },
    ],
  };
  const street = (perMinute: (minute: number) => number, minutes: number) => {
    const traffic = new Traffic(config);
    const levels: number[] = [];
    for (let minute = 0; minute < minutes; minute++) {
      traffic.take(good(CARS, perMinute(minute), minute * MINUTE));
      levels.push(traffic.level(minute * MINUTE));
    }
    return { traffic, levels };
  };

  test('is bright until it knows the street, then follows the flow', () => {
    const { levels } = street(() => 0, 20);
    expect(levels[0]).toBe(100);
    expect(levels[11]).toBe(100);
    expect(levels[12]).toBe(50);
  });

  test('goes up at once and down after two windows', () => {
    const { levels } = street((minute) => (minute === 20 ? 40 : 0), 60);
    expect(levels[19]).toBe(50);
    expect(levels[20]).toBe(100);
    expect(levels[31]).toBe(100);
    expect(levels[32]).toBe(50);
  });

  test('a camera that sees nothing makes the street bright, not dark', () => {
    const { traffic } = street(() => 0, 30);
    expect(traffic.level(29 * MINUTE)).toBe(50);
    traffic.take(bad(CARS, 'source-dark', 30 * MINUTE));
    expect(traffic.level(30 * MINUTE)).toBe(100);
    const silent = street(() => 0, 30).traffic;
    expect(silent.level(29 * MINUTE + 7 * MINUTE)).toBe(100);
  });
});
