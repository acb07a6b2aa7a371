/** Rows age honestly: never a live minute of dead data, never less than a minute without evidence. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BoardArrival } from '../../../../agent/core/board.ts';
import { aged } from '../../../../agent/sign/screen/ageing.ts';

const bus = (change: Partial<BoardArrival> = {}): BoardArrival => ({
  id: 'b',
  state: 'live',
  dueIn: 400_000,
  positionAge: 5000,
  stopsAway: 4,
  planned: { time: '08:35', in: 380_000 },
  why: [],
  ...change,
});

describe('an arrival', () => {
  test('goes from live to about to stops to the timetable, and then away', () => {
    const states = [0, 39_000, 41_000, 114_000, 116_000, 294_000, 296_000, 430_000].map(
      (elapsed) => aged(bus(), elapsed)?.state,
    );
    expect(states).toEqual(['live', 'live', 'about', 'about', 'stops', 'stops', 'timetable', 'timetable']);
    expect(aged(bus(), 441_000)).toBeUndefined();
  });

  test('counts down whole minutes by itself', () => {
    const young = bus({ positionAge: 0 });
    expect([0, 40_000, 45_000, 100_000, 119_000].map((elapsed) => aged(young, elapsed)?.minutes)).toEqual([
      6, 6, 5, 5, 4,
    ]);
  });

  test('says how long ago its place was heard, and nothing else, once that is too old for minutes', () => {
    const old = aged(bus({ state: 'stops', positionAge: 200_000 }), 60_000);
    expect(old).toMatchObject({ state: 'stops', since: 4 });
    expect(old?.minutes).toBeUndefined();
  });

  test('is never better than its agent said', () => {
    expect(aged(bus({ state: 'about', positionAge: 1000 }), 0)?.state).toBe('about');
    expect(aged(bus({ state: 'timetable' }), 0)?.state).toBe('timetable');
  });

  test('comes now only while there is evidence', () => {
    const near = bus({ approaching: true, dueIn: 10_000, positionAge: 2000 });
    expect(aged(near, 0)).toMatchObject({ approaching: true });
    expect(aged(near, 46_000)?.approaching ?? false).toBe(false);
    expect(aged(near, 46_000)?.minutes).toBeUndefined();
  });

  test('without a place and a plan leaves when its minutes are too old', () => {
    const { planned: _, stopsAway: __, ...bare } = bus();
    expect(aged(bare, 100_000)?.state).toBe('about');
    expect(aged(bare, 130_000)).toBeUndefined();
  });

  test('never gets better with time, never shows 0 or a negative, never a minute older than two', () => {
    const order = ['live', 'about', 'stops', 'timetable'];
    fc.assert(
      fc.property(
        fc.record({
          state: fc.constantFrom('live', 'about', 'stops', 'timetable') as fc.Arbitrary<
            BoardArrival['state']
          >,
          dueIn: fc.integer({ min: -60_000, max: 3_600_000 }),
          positionAge: fc.integer({ min: 0, max: 400_000 }),
          stopsAway: fc.integer({ min: 1, max: 30 }),
        }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (change, first, more) => {
          const before = aged(bus(change), first);
          const after = aged(bus(change), first + more);
          if (before === undefined) return after === undefined;
          for (const one of [before, after]) {
            if (one?.minutes === undefined) continue;
            if (one.minutes < 1) return false;
            const age = change.positionAge + (one === after ? first + more : first);
            if (age > 120_000) return false;
          }
          return after === undefined || order.indexOf(after.state) >= order.indexOf(before.state);
        },
      ),
    );
  });
});
