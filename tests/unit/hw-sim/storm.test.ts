/** The storm of a simulated street: a pure function of time that everything in the street agrees on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rained, type Storm, strength, waterAt } from '../../../hw-sim/world/storm.ts';
import { createWorld, type World } from '../../../hw-sim/world/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BEGIN = Date.parse('2027-02-10T22:00:00+08:00');
const STORM: Storm = {
  begin: BEGIN,
  peak: BEGIN + 60 * MINUTE,
  end: BEGIN + 180 * MINUTE,
  wind: 24,
  rain: 60,
  water: 420,
};
const OPTIONS = { seed: 817, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: BEGIN - HOUR };
const [calm, wild] = [createWorld(OPTIONS), createWorld({ ...OPTIONS, storm: STORM })];

describe('a storm', () => {
  test('comes up, has its height and goes', () => {
    expect([STORM.begin, STORM.peak, STORM.end].map((time) => strength(STORM, time))).toEqual([0, 1, 0]);
    expect(strength(STORM, STORM.begin - 1)).toBe(0);
    expect(strength(STORM, STORM.end + 1)).toBe(0);
  });

  test('rain is the sum of what falls, and the gauge is emptied at midnight', () => {
    const all = STORM.rain * ((STORM.end - STORM.begin) / HOUR / 2);
    expect(rained(STORM, STORM.begin, STORM.end)).toBeCloseTo(all, 6);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }), (a, b) => {
        const [from, middle] = [STORM.begin - HOUR + a * MINUTE, STORM.begin - HOUR + (a + b) * MINUTE];
        const end = STORM.end + HOUR;
        const parts = rained(STORM, from, middle) + rained(STORM, Math.min(middle, end), end);
        expect(parts).toBeCloseTo(rained(STORM, from, Math.max(middle, end)), 6);
        expect(rained(STORM, from, middle)).toBeGreaterThanOrEqual(0);
      }),
    );
    const midnight = Date.parse('2027-02-11T00:00:00+08:00');
    const more = (time: number) => wild.weather(time).rain - calm.weather(time).rain;
    expect(more(midnight - 1)).toBeGreaterThan(60);
    expect(more(midnight)).toBeCloseTo(0, 3);
    expect(more(midnight + HOUR)).toBeGreaterThan(1);
  });

  test('water stands later and longer than it rains', () => {
    expect(waterAt(STORM, STORM.begin + 20 * MINUTE)).toBe(0);
    expect(waterAt(STORM, STORM.end)).toBeGreaterThan(20);
    expect(waterAt(STORM, STORM.end + 90 * MINUTE)).toBe(0);
    const depths = Array.from({ length: 300 }, (_, minute) => wild.water(STORM.begin + minute * MINUTE));
    expect(Math.max(...depths)).toBeGreaterThan(410);
    expect(calm.water(STORM.peak)).toBe(0);
  });

  test('is in the weather of the street, and nowhere else', () => {
    const [before, height] = [STORM.begin - MINUTE, STORM.peak];
    expect(wild.weather(before)).toEqual(calm.weather(before));
    const [here, there] = [wild.weather(height), calm.weather(height)];
    expect(here.windSpeed).toBeGreaterThan(17.2);
    expect(here.pressure).toBeCloseTo(there.pressure - 1.8, 6);
    expect(here.humidity).toBeCloseTo(97, 6);
    expect(here.pm25).toBeLessThan(there.pm25);
    expect(wild.murk(height)).toEqual({ rain: 1, fog: 0.5 });
    expect(wild.trafficAt(height)).toEqual(calm.trafficAt(height));
  });
});

test('mains that dip are seen by every meter, and the lamp is dark in it', () => {
  const world: World = createWorld(OPTIONS);
  const seen: number[] = [];
  using _ = world.onLamp((light) => void seen.push(light));
  world.setLamp(1, BEGIN);
  world.setSupply(0.3, BEGIN + 1000);
  world.setSupply(1, BEGIN + 3000);
  const at = (time: number) => {
    const [one] = world.load('lamp', time).phases;
    return { volts: one.volts, watts: one.active, light: world.lampLight(time) };
  };
  expect(at(BEGIN + 500)).toMatchObject({ light: 1 });
  expect(at(BEGIN + 500).watts).toBeGreaterThan(100);
  expect(at(BEGIN + 2000)).toMatchObject({ light: 0, watts: 0 });
  expect(at(BEGIN + 2000).volts).toBeLessThan(80);
  expect(at(BEGIN + 4000).volts).toBeGreaterThan(220);
  expect(at(BEGIN + 4000).light).toBe(1);
  expect(seen).toEqual([1, 0, 1]);
  const counts = Array.from({ length: 60 }, (_, i) => world.load('lamp', BEGIN + i * 100).phases[0].energy);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
});
