/** Arrivals: places on the line, what the links take, what is promised and what is shown. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate } from '../../../agent/sign/arrivals/estimate.ts';
import { Links, linkKey } from '../../../agent/sign/arrivals/links.ts';
import { Pattern } from '../../../agent/sign/arrivals/pattern.ts';
import { Promises } from '../../../agent/sign/arrivals/promise.ts';
import { Score } from '../../../agent/sign/arrivals/score.ts';
import { minutes, ShownRow } from '../../../agent/sign/arrivals/shown.ts';
import { TrackedTrip } from '../../../agent/sign/arrivals/vehicle.ts';
import { LEG, line, place, START, stops } from './street.ts';

describe('a pattern', () => {
  test('knows its lengths and its timetable between the stops', () => {
    const pattern = line();
    expect(pattern.length).toBeCloseTo(10_000, 0);
    expect(pattern.stops.map(({ distance }) => Math.round(distance))).toEqual(
      Array.from({ length: 11 }, (_, i) => i * 1000),
    );
    expect(pattern.timeAt(2500)).toBeCloseTo(START + 2.5 * LEG, 3);
    expect(pattern.timeAt(-5)).toBe(START);
    expect(pattern.timeAt(99_999)).toBe(START + 10 * LEG);
  });

  test('lays a position onto the line, within the stretch asked for', () => {
    const found = line().project(place(3300, 40), 0, 10_000);
    expect(found?.distance).toBeCloseTo(3300, 0);
    expect(found?.off).toBeCloseTo(40, 0);
    expect(line().project(place(3300), 5000, 10_000)?.distance).toBeCloseTo(5000, 0);
  });

  test('takes the shape of the feed: a detour is longer than the air', () => {
    const shape = [place(0), place(0, 1000), place(2000, 1000), place(2000)];
    const pattern = new Pattern(stops(3), shape);
    expect(pattern.length).toBeCloseTo(4000, -1);
    expect(pattern.stops.at(-1)?.distance).toBeCloseTo(4000, -1);
  });

  test('of one stop is none', () => expect(() => new Pattern(stops(1))).toThrow(RangeError));
});

describe('a vehicle', () => {
  const drive = (trip: TrackedTrip, metres: number, time: number, now = time, off = 0) =>
    trip.take({ ...place(metres, off), time }, now, undefined, 250);

  test('passes stops between two positions, at times in between', () => {
    const trip = new TrackedTrip(line());
    expect(drive(trip, 500, START)).toEqual([]);
    const passed = drive(trip, 2500, START + 200);
    expect(passed).toMatchObject([{ index: 1, gap: 200 }, { index: 2 }]);
    expect(typeof passed === 'string' ? [] : passed.map(({ time }) => Math.round(time - START))).toEqual([
      50, 150,
    ]);
  });

  test.each([
    ['too-fast', 9000, START + 30, START + 30, 0],
    ['off-route', 1000, START + 60, START + 60, 900],
    ['time-back', 1000, START - 10, START, 0],
    ['future', 1000, START + 200, START, 0],
  ] as const)(
    'a position that is %s is left out, and the next good one counts',
    (why, metres, time, now, off) => {
      const trip = new TrackedTrip(line());
      drive(trip, 500, START);
      expect(drive(trip, metres, time, now, off)).toBe(why);
      expect(drive(trip, 1500, START + 120)).toMatchObject([{ index: 1 }]);
    },
  );

  test('GPS noise at a stop drives nothing backwards', () => {
    const trip = new TrackedTrip(line());
    drive(trip, 1020, START);
    expect(drive(trip, 990, START + 30)).toEqual([]);
    expect(trip.last?.distance).toBeCloseTo(1020, 0);
  });

  test('property: whatever positions come, places never go back and each stop is passed once', () => {
    const fixes = fc.array(
      fc.record({
        metres: fc.integer({ min: -500, max: 11_000 }),
        step: fc.integer({ min: -60, max: 400 }),
        off: fc.integer({ min: -600, max: 600 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fixes, (list) => {
        const trip = new TrackedTrip(line());
        const seen: number[] = [];
        let time = START;
        let last = -1;
        for (const { metres, step, off } of list) {
          time += step;
          const passed = trip.take({ ...place(metres, off), time }, time, new Links(), 250);
          if (typeof passed !== 'string') seen.push(...passed.map(({ index }) => index));
          expect(trip.last?.distance ?? last).toBeGreaterThanOrEqual(last);
          last = trip.last?.distance ?? last;
        }
        expect(new Set(seen).size).toBe(seen.length);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('estimates', () => {
  const at = (metres: number, time: number) => ({ distance: metres, time, off: 0 });
  const times = (links: Links, metres: number, time: number) =>
    estimate(line(), at(metres, time), links, 0, 1800).map(({ index, time: when }) => [
      index,
      Math.round(when - time),
    ]);

  test('follow the timetable where nothing else is known, from where the bus is', () => {
    expect(times(new Links(), 1500, START + 180).slice(0, 3)).toEqual([
      [2, 60],
      [3, 180],
      [4, 300],
    ]);
  });

  test('a bus at its first stop leaves at its time, or now if that is over', () => {
    expect(times(new Links(), 50, START - 300)[0]?.[1]).toBeGreaterThan(300 + 100);
    expect(times(new Links(), 50, START + 20)[0]?.[1]).toBeLessThanOrEqual(LEG);
  });

  test('slow buses before make the links slow, fast ones fast, and it is forgotten', () => {
    const links = new Links();
    for (let bus = 0; bus < 5; bus++) links.learn(linkKey('s2', 's3'), 240, 120, 1, START);
    expect(links.ratio(linkKey('s2', 's3'), START)).toBeGreaterThan(1.8);
    expect(links.ratio(linkKey('s2', 's3'), START + 6 * 3600)).toBeLessThan(1.1);
    expect(links.ratio(linkKey('s3', 's4'), START)).toBe(1);
    const slow = times(links, 1500, START + 180);
    expect(slow[1]?.[1]).toBeGreaterThan(240);
  });

  test('one bus that stood for an hour does not make a link an hour long', () => {
    const links = new Links();
    links.learn('a>b', 3600, 60, 1, START);
    expect(links.ratio('a>b', START)).toBeLessThanOrEqual(2);
  });

  test('a late bus makes up some of its delay, and never arrives before it could', () => {
    const late = estimate(line(), at(1500, START + 180 + 600), new Links(), 0, 3600);
    const last = late.at(-1);
    expect(last?.time).toBeLessThan(START + 10 * LEG + 600);
    expect(last?.time).toBeGreaterThan(START + 10 * LEG + 180);
    for (const [i, one] of late.entries()) expect(one.time).toBeGreaterThanOrEqual(late[i - 1]?.time ?? 0);
  });
});

describe('the promise', () => {
  test('is earlier than what is expected, learns how late buses come, and stays as meant', () => {
    const promises = new Promises();
    const before = promises.margin(600);
    expect(before).toBeGreaterThan(30);
    // Buses that come 100 s after what is expected need no margin, those that come early need more.
    for (let i = 0; i < 2000; i++) for (const left of [500, 600, 700]) promises.learn(left, 100);
    expect(promises.margin(600)).toBe(0);
    const early = new Promises();
    for (let i = 0; i < 2000; i++) for (const left of [500, 600, 700]) early.learn(left, -20);
    expect(early.margin(600)).toBeGreaterThan(before + 10);
    expect(early.margin(600)).toBeLessThanOrEqual(90);
  });

  test('never promises the past, and one broken-down bus changes little', () => {
    const promises = new Promises();
    expect(promises.margin(5)).toBe(5);
    for (let i = 0; i < 200; i++) promises.learn(300, 0);
    const before = promises.margin(300);
    promises.learn(300, 7200);
    expect(before - promises.margin(300)).toBeLessThan(3);
  });

  test('its memory is taken up again', () => {
    const promises = new Promises();
    for (let i = 0; i < 500; i++) promises.learn(400, 60);
    const again = new Promises(JSON.parse(JSON.stringify(promises.memory())));
    expect(again.margin(400)).toBe(promises.margin(400));
  });
});

describe('a row', () => {
  test('shows minutes that have fully to pass, and counts down by itself', () => {
    expect([minutes(0), minutes(59), minutes(60), minutes(-5)]).toEqual([0, 0, 1, 0]);
    const row = new ShownRow();
    expect(row.at(0, false)).toBeUndefined();
    expect(row.promise(310, 0, false)).toBe(5);
    expect(row.at(130, false)).toBe(3);
  });

  test('says that the bus comes now only where there is evidence of it', () => {
    const row = new ShownRow();
    expect(row.promise(20, 0, false)).toBe(1);
    expect(row.at(10, true)).toBe(0);
    expect(row.at(10_000, false)).toBe(1);
  });

  test('goes up one minute only when a second position says so, and more at once', () => {
    const row = new ShownRow();
    const promise = (left: number, now: number) => row.promise(left, now, false);
    promise(310, 0);
    expect([promise(370, 10), row.held]).toEqual([5, true]);
    expect([promise(310, 20), row.held]).toEqual([5, false]);
    expect(promise(370, 30)).toBe(5);
    expect(promise(370, 40)).toBe(6);
    expect(promise(600, 50)).toBe(10);
    expect(promise(120, 60)).toBe(2);
  });
});

test('the benchmark: bands are not even, both ends are in, buckets are half open', () => {
  const score = new Score();
  score.add(0, 130, 100);
  score.add(0, 131, 100);
  score.add(0, 10, 100);
  score.add(0, 9, 100);
  score.add(0, 180, 180);
  score.add(0, 0, 900);
  const [near, next] = score.buckets();
  expect(near).toMatchObject({ count: 4, accurate: 50 });
  expect(next).toMatchObject({ count: 1, accurate: 100 });
  expect(score.overall()).toBe(75);
});
