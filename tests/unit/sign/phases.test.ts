/** Ghost rows never: what a vehicle is doing, and that one which does not come has no row. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VehicleReport } from '../../../agent/core/sign/transit.ts';
import { EIGHT, SignUnderTest } from './buses.ts';
import { DATE, extract } from './extract.ts';

const phase = (sign: SignUnderTest, seconds: number) =>
  sign.engine.phases(Date.parse('2027-06-21T00:00:00Z') + seconds * 1000)[0]?.phase;
/** Rows that say of a bus that it is measured. */
const measured = (sign: SignUnderTest, seconds: number) =>
  sign.rows(seconds).filter(({ state }) => ['live', 'about', 'stops-away'].includes(state));

const UP = { trip: { trip: `up-${EIGHT}`, date: DATE } };
const LINE = { trip: { line: 'L7' } };

describe('a layover', () => {
  test('with a departure that is known has a row that says so, until it is overdue', () => {
    const sign = new SignUnderTest();
    sign.drive([20, -400], [30, -300]);
    expect(phase(sign, -300)).toBe('layover');
    const row = sign.row(-300);
    expect(row).toMatchObject({ state: 'about' });
    expect(row.why.because).toEqual(expect.arrayContaining(['layover', 'not-departed']));
    // Ten minutes from its departure, which is not before its time.
    expect(row.minutes).toBeGreaterThanOrEqual(13);
    sign.drive([30, 0], [35, 320]);
    expect(measured(sign, 320)).toEqual([]);
    sign.drive([100, 340], [1500, 500]);
    expect(measured(sign, 500)).toMatchObject([{ state: 'live' }]);
  });

  test('of a vehicle whose trip nobody names has none', () => {
    const sign = new SignUnderTest(extract());
    sign.drive([20, -400], [30, 0], LINE);
    expect(phase(sign, 0)).toBe('layover');
    expect(measured(sign, 0)).toEqual([]);
  });

  test('as its feed says it has none, wherever the vehicle is', () => {
    const sign = new SignUnderTest(extract());
    sign.drive([1000, 0], [3000, 240], { trip: { line: 'L7' }, phase: 'layover' });
    expect(measured(sign, 240)).toEqual([]);
  });

  test('in the middle of the way: who stands five minutes has a place and no minutes', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.drive([2000, 260], [2000, 560]);
    const row = sign.row(560);
    expect(row.state).toBe('stops-away');
    expect(row.minutes).toBeUndefined();
    expect(row.why.because).toContain('standing');
  });
});

describe('a deadhead', () => {
  test.each([
    ['without a trip', {}],
    ['said to be one', { ...UP, phase: 'deadhead' as const }],
    ['out of service', { ...UP, phase: 'out-of-service' as const }],
    [
      'of a cancelled trip',
      { trip: { trip: `up-${EIGHT}`, date: DATE, relationship: 'cancelled' as const } },
    ],
  ])('%s has no row, though it drives past the stop', (_, more) => {
    const sign = new SignUnderTest();
    const { trip: own, ...rest } = { trip: undefined, ...more } as Partial<VehicleReport>;
    for (let t = 0; t <= 500; t += 20) {
      sign.see(t * 8, t, { ...rest, ...(own === undefined ? { trip: {} } : { trip: own }) });
      expect(measured(sign, t)).toEqual([]);
    }
    expect(phase(sign, 500)).toBe('deadhead');
  });

  test('against the way of the line it is said to be on has none', () => {
    const sign = new SignUnderTest();
    for (let t = 0; t <= 600; t += 20) {
      sign.see(6000 - t * 8, t);
      expect(measured(sign, t)).toEqual([]);
    }
  });

  test('on a street beside the way has none', () => {
    const sign = new SignUnderTest();
    for (let t = 0; t <= 500; t += 20) {
      sign.see(t * 8, t, { off: 400 });
      expect(measured(sign, t)).toEqual([]);
    }
    expect(phase(sign, 500)).toBe('off-route');
  });

  test('stands at its base in the end', () => {
    const sign = new SignUnderTest();
    for (let t = 0; t <= 700; t += 30) sign.see(3000, t, { off: 900 });
    expect(phase(sign, 690)).toBe('base');
    expect(phase(sign, 2000)).toBe('silent');
  });
});

describe('a change of trip', () => {
  const both = () => extract({ starts: [EIGHT, EIGHT + 2400], down: [EIGHT + 1300] });

  test('while the bus still drives the trip before gives no row to the new one', () => {
    const sign = new SignUnderTest(both());
    sign.drive([0, 0], [3000, 360]);
    // Too early by half a way: the feed says that it is on the way down already.
    const down = { trip: { trip: `down-${EIGHT + 1300}`, date: DATE } };
    for (let t = 380; t <= 1100; t += 20) {
      sign.see(3000 + ((t - 360) * 1000) / 120, t, down);
      expect(measured(sign, t).filter(({ trip }) => trip?.startsWith('down'))).toEqual([]);
      expect(measured(sign, t).filter(({ trip }) => trip?.startsWith('up'))).toEqual([]);
    }
    // Then it drives down, as it was said.
    for (let t = 1300; t <= 1600; t += 20) sign.see(10_000 - ((t - 1300) * 1000) / 120, t, down);
    expect(measured(sign, 1600)).toMatchObject([{ trip: `down-${EIGHT + 1300}`, direction: 1 }]);
  });

  test('to a trip that the sign does not know takes its row at once', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [3000, 360]);
    expect(measured(sign, 360)).toHaveLength(1);
    sign.see(3100, 380, { trip: { trip: 'elsewhere' } });
    expect(measured(sign, 380)).toEqual([]);
  });

  test('gives the row to whoever drives it: two buses on one trip are one row', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [3000, 360]);
    sign.drive([0, 300], [500, 360], { vehicle: 'bus-2' });
    expect(measured(sign, 360)).toMatchObject([{ vehicle: 'bus-1' }]);
  });
});

describe('off the route', () => {
  test('the row is gone at once; a slip of GPS takes it for one position', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.see(2200, 260, { off: 150 });
    expect(measured(sign, 260)).toEqual([]);
    expect(sign.row(260)).toMatchObject({ state: 'timetable', why: { because: ['off-route'] } });
    sign.see(2350, 280);
    expect(measured(sign, 280)).toMatchObject([{ state: 'live' }]);
  });

  test('who has left it comes back only when the bus has shown that it drives on', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.see(2200, 260, { off: 500 });
    sign.see(2300, 280, { off: 700 });
    sign.see(3000, 400);
    expect(measured(sign, 400)).toEqual([]);
    sign.see(3200, 420);
    expect(measured(sign, 420)).toMatchObject([{ state: 'live' }]);
  });
});

describe('a line without trips, as most bus GPS has it', () => {
  test('is followed once it has driven along its way, with the run that it must be', () => {
    const sign = new SignUnderTest(extract());
    sign.see(600, 80, LINE);
    expect(measured(sign, 80)).toEqual([]);
    sign.see(800, 105, LINE);
    expect(measured(sign, 105)).toEqual([]);
    sign.see(1100, 140, LINE);
    expect(measured(sign, 140)).toMatchObject([{ state: 'live', trip: `up-${EIGHT}`, vehicle: 'bus-1' }]);
  });

  test('in the direction in which it drives', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT], down: [EIGHT] }));
    for (let t = 60; t <= 300; t += 20) sign.see(10_000 - (t * 1000) / 120, t, LINE);
    expect(measured(sign, 300)).toMatchObject([{ direction: 1, trip: `down-${EIGHT}` }]);
  });
});

test('property: who never comes near the stop has never said that it is there', () => {
  const leg = fc.record({
    metres: fc.integer({ min: -900, max: 900 }),
    off: fc.integer({ min: -800, max: 800 }),
    step: fc.integer({ min: 5, max: 200 }),
    phase: fc.constantFrom(undefined, 'layover', 'deadhead', 'at-base', 'in-progress'),
    trip: fc.constantFrom({ trip: `up-${EIGHT}`, date: DATE }, { line: 'L7' }, {}, { trip: 'other' }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3500 }), fc.array(leg, { maxLength: 40 }), (begin, legs) => {
      const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 600], down: [EIGHT] }));
      let [metres, t] = [begin, 0];
      for (const one of legs) {
        t += one.step;
        // Not nearer than 1,200 m, from whichever side.
        metres = Math.min(3800, metres + one.metres);
        const { phase: said, trip, off } = one;
        sign.see(metres, t, { trip, off, ...(said === undefined ? {} : { phase: said }) });
        for (const row of measured(sign, t)) {
          expect([row.minutes === 0, row.approaching, row.why.phase]).toEqual([false, false, row.why.phase]);
          expect(['layover', 'in-progress']).toContain(row.why.phase);
        }
      }
      expect(sign.arrivals).toEqual([]);
    }),
    { numRuns: 300, seed: 11 },
  );
});
