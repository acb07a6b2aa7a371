import { describe, expect, test } from 'vitest';
import { chance, drift } from '../../../hw-sim/world/random.ts';
import { LANES, STOP_METRES, VIEW_METRES } from '../../../hw-sim/world/traffic.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';

const HOUR = 3_600_000;
const SHANGHAI = { lat: 31.2304, lon: 121.4737 };
/** 2026-11-22 00:00 in Shanghai. */
const MIDNIGHT = Date.UTC(2026, 10, 21, 16);

const street = (seed = 817, density = 1) =>
  createWorld({ seed, place: SHANGHAI, utcOffset: 8, start: MIDNIGHT, density });

describe('chance', () => {
  test('is a function of seed and keys, evenly spread', () => {
    expect(chance(1, 2, 3)).toBe(chance(1, 2, 3));
    expect(chance(1, 2, 3)).not.toBe(chance(2, 2, 3));
    expect(chance(1, 2, 3)).not.toBe(chance(1, 3, 2));
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const tenth = Math.floor(chance(7, i) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count).toBeGreaterThan(850);
  });

  test('keys beyond 32 bits count', () => {
    expect(chance(1, 5)).not.toBe(chance(1, 5 + 2 ** 32));
  });

  test('a drift has no jump', () => {
    for (let time = 0; time < 5000; time += 10) {
      expect(Math.abs(drift(3, 4, time + 10, 1000) - drift(3, 4, time, 1000))).toBeLessThan(0.05);
    }
  });
});

describe('the world', () => {
  test('is the same whoever asks, in whatever order', () => {
    const times = Array.from({ length: 40 }, (_, i) => MIDNIGHT + i * 1_234_567);
    const ask = (world: ReturnType<typeof street>, time: number) => ({
      traffic: world.trafficAt(time),
      weather: world.weather(time),
      load: world.load('feeder', time),
    });
    const forwards = street();
    const backwards = street();
    const first = times.map((time) => ask(forwards, time));
    const second = times.toReversed().map((time) => ask(backwards, time));
    expect(second.toReversed()).toEqual(first);
    expect(ask(street(818), MIDNIGHT + 9 * HOUR)).not.toEqual(ask(forwards, MIDNIGHT + 9 * HOUR));
  });

  test('has the sun of Shanghai: up at 06:27, down at 16:53 on that day', () => {
    const world = street();
    const at = (hour: number, minute: number) => MIDNIGHT + hour * HOUR + minute * 60_000;
    expect(world.sun(at(6, 20))).toBeLessThan(0);
    expect(world.sun(at(6, 40))).toBeGreaterThan(0);
    expect(world.sun(at(16, 45))).toBeGreaterThan(0);
    expect(world.sun(at(17, 5))).toBeLessThan(0);
    expect(world.weather(at(11, 40)).lux).toBeGreaterThan(8000);
    expect(world.weather(at(0, 0)).lux).toBeLessThan(0.1);
  });

  test('stays within what sensors of the street can show', () => {
    const world = street();
    for (let time = MIDNIGHT - 10 * 24 * HOUR; time < MIDNIGHT; time += 1_777_777) {
      const now = world.weather(time);
      expect(now.temperature).toBeGreaterThan(-20);
      expect(now.temperature).toBeLessThan(45);
      expect(now.humidity).toBeGreaterThan(0);
      expect(now.humidity).toBeLessThanOrEqual(100);
      expect(now.windSpeed).toBeGreaterThanOrEqual(0);
      expect(now.windDirection).toBeGreaterThanOrEqual(0);
      expect(now.windDirection).toBeLessThan(360);
      expect(now.pm1).toBeLessThan(now.pm25);
      expect(now.pm25).toBeLessThan(now.pm10);
    }
  });

  test('noise follows the traffic', () => {
    const loud = street();
    const empty = street(817, 0);
    expect(loud.weather(MIDNIGHT + 8 * HOUR).noise).toBeGreaterThan(
      empty.weather(MIDNIGHT + 8 * HOUR).noise + 3,
    );
  });

  test('power, current, voltage and power factor agree', () => {
    const { phases, frequency } = street().load('feeder', MIDNIGHT + 19 * HOUR);
    expect(frequency).toBeCloseTo(50, 0);
    for (const phase of phases) {
      expect(phase.volts * phase.amps).toBeCloseTo(phase.apparent, 6);
      expect(phase.active / phase.apparent).toBeCloseTo(phase.powerFactor, 6);
    }
  });

  test('the feeder carries what the circuits draw', () => {
    const world = street();
    const time = MIDNIGHT + 20 * HOUR;
    const sum = (['lamp', 'sign', 'cabinet'] as const)
      .flatMap((circuit) => world.load(circuit, time).phases)
      .reduce((all, phase) => all + phase.active, 0);
    const feeder = world.load('feeder', time).phases.reduce((all, phase) => all + phase.active, 0);
    expect(feeder).toBeCloseTo(sum, 6);
  });

  test('counters never run back, whatever the lamp does, and count the lamp', () => {
    const [lit, dark] = [street(), street()];
    const energy = (world: typeof lit, time: number) => world.load('lamp', time).phases[0].energy;
    let before = 0;
    for (let second = 0; second < 3600; second += 7) {
      const time = MIDNIGHT + second * 1000;
      lit.setLamp(second % 3 === 0 ? 1 : 0, time);
      const now = energy(lit, time);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(before - energy(dark, MIDNIGHT + HOUR)).toBeGreaterThan(0.01);
  });

  test('hands are told to who watches, until he stops', () => {
    const world = street();
    const seen: boolean[] = [];
    const watch = world.onHands((hands) => seen.push(hands.doorOpen));
    world.setHands({ doorOpen: true });
    watch[Symbol.dispose]();
    world.setHands({ doorOpen: false });
    expect(seen).toEqual([true]);
  });

  test('a clock runs at its rate', () => {
    let mono = 500;
    const clock = worldClock(MIDNIGHT, 60, () => mono);
    mono += 1000;
    expect(clock.now()).toBe(MIDNIGHT + 60_000);
    expect(clock.origin).toEqual({ mono: 500, wall: MIDNIGHT });
  });

  test('a clock is turned forward and tells it, and does not go back', () => {
    let mono = 0;
    const clock = worldClock(MIDNIGHT, 1, () => mono);
    let turns = 0;
    {
      using _ = clock.onTurn(() => {
        turns += 1;
      });
      mono = 1000;
      clock.turn(60);
      mono = 2000;
      expect(clock.now()).toBe(MIDNIGHT + 61_000);
      clock.turn(1, MIDNIGHT + 3_600_000);
      expect(() => clock.turn(1, MIDNIGHT)).toThrow(/street time does not go back/);
    }
    clock.turn(600);
    expect({ turns, rate: clock.rate }).toEqual({ turns: 2, rate: 600 });
    expect(clock.origin).toEqual({ mono: 2000, wall: MIDNIGHT + 3_600_000 });
  });
});

describe('traffic', () => {
  const world = street();
  const RUSH = MIDNIGHT + 8 * HOUR;

  test('vehicles keep their lane, direction, class and colour, and move with their speed', () => {
    const seen = new Map<string, { position: number; class: string; colour: number }>();
    for (let time = RUSH; time < RUSH + 120_000; time += 500) {
      for (const one of world.trafficAt(time).vehicles) {
        expect(Math.abs(one.position)).toBeLessThanOrEqual(VIEW_METRES);
        expect(LANES[one.lane]?.direction).toBe(one.direction);
        const before = seen.get(one.id);
        if (before !== undefined) {
          expect(one.position - before.position).toBeCloseTo(one.direction * one.speed * 0.5, 6);
          expect([one.class, one.colour]).toEqual([before.class, before.colour]);
        }
        seen.set(one.id, one);
      }
    }
    expect(seen.size).toBeGreaterThan(20);
    expect(new Set([...seen.values()].map((one) => one.class)).size).toBeGreaterThan(3);
  });

  test('nobody drives through anybody', () => {
    for (let time = RUSH; time < RUSH + 600_000; time += 700) {
      const { vehicles } = world.trafficAt(time);
      for (const a of vehicles) {
        for (const b of vehicles) {
          if (a.id >= b.id || a.lane !== b.lane) continue;
          expect(Math.abs(a.position - b.position)).toBeGreaterThan((a.length + b.length) / 2);
        }
      }
    }
  });

  test('a passage is the moment at which the vehicle is over the line', () => {
    for (const metres of [0, 12, -30]) {
      const passages = world.passages(RUSH, RUSH + 300_000, metres);
      expect(passages.length).toBeGreaterThan(30);
      for (const passage of passages) {
        const vehicle = world.trafficAt(passage.time).vehicles.find((one) => one.id === passage.id);
        expect(vehicle?.position).toBeCloseTo(metres, 4);
        expect(vehicle?.class).toBe(passage.class);
      }
    }
  });

  test('passages of two stretches are those of both', () => {
    const half = RUSH + 77_777;
    const both = [...world.passages(RUSH, half), ...world.passages(half, RUSH + 200_000)];
    expect(both).toEqual(world.passages(RUSH, RUSH + 200_000));
  });

  test('more come in the rush hour than at night', () => {
    const rush = world.passages(RUSH, RUSH + HOUR).length;
    expect(rush).toBeGreaterThan(4 * world.passages(MIDNIGHT + 2 * HOUR, MIDNIGHT + 3 * HOUR).length);
  });

  test('faces stand in places of their own', () => {
    let most = 0;
    for (let time = RUSH; time < RUSH + 3 * HOUR; time += 9000) {
      const { faces } = world.trafficAt(time);
      most = Math.max(most, faces.length);
      expect(new Set(faces.map((face) => face.position)).size).toBe(faces.length);
    }
    expect(most).toBeGreaterThan(1);
  });

  test('buses of the timetable come by day, up to a few minutes late, as buses', () => {
    const arrivals = world.busArrivals(MIDNIGHT, MIDNIGHT + 24 * HOUR);
    expect(arrivals.length).toBeGreaterThan(90);
    for (const { id, planned, time } of arrivals) {
      expect(time - planned).toBeGreaterThan(-15_000);
      expect(time - planned).toBeLessThan(150_000);
      const bus = world.passages(time - 30_000, time, 0).find((passage) => passage.id === id);
      expect(bus?.class).toBe('bus');
      expect(time - (bus?.time ?? 0)).toBeCloseTo((STOP_METRES / (bus?.speed ?? 1)) * 1000, 3);
    }
    expect(world.busArrivals(MIDNIGHT + HOUR, MIDNIGHT + 4 * HOUR)).toEqual([]);
  });

  test('an empty street is empty', () => {
    const empty = street(817, 0);
    expect(empty.trafficAt(RUSH)).toEqual({ vehicles: [], faces: [] });
    expect(empty.passages(RUSH, RUSH + HOUR)).toEqual([]);
    expect(empty.busArrivals(RUSH, RUSH + HOUR)).toEqual([]);
  });
});
