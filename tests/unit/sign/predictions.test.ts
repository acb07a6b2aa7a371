/** What a centre says: weighed by how well it foretold arrivals here, and what it does to trips. */
import { describe, expect, test } from 'vitest';
import { fuse, type Opinion } from '../../../agent/sign/arrivals/fusion.ts';
import { Skills } from '../../../agent/sign/arrivals/skill.ts';
import { EIGHT, eight, SignUnderTest } from './buses.ts';
import { DATE, extract } from './extract.ts';

const opinion = (scored: string, expected: number, age = 0): Opinion => ({
  source: scored,
  scored,
  origin: 'prediction',
  expected,
  age,
});

describe('sources', () => {
  test('nobody knows have about the same say, the nearer one a little more', () => {
    const fused = fuse([opinion('a', 300), opinion('b', 360)], 0, new Skills());
    expect(fused.expected).toBeGreaterThan(325);
    expect(fused.expected).toBeLessThan(330);
    expect(fused.sources.map(({ weight }) => weight)).toEqual([
      expect.closeTo(0.5, 1),
      expect.closeTo(0.5, 1),
    ]);
    expect(fused.sources[0]?.skill).toBeUndefined();
  });

  test('have more say the better they foretold arrivals here, and what they always say wrong is taken off', () => {
    const skills = new Skills();
    for (let i = 0; i < 200; i++) {
      skills.add('good', 300, i % 2 === 0 ? 15 : -15);
      skills.add('bad', 300, i % 2 === 0 ? 200 : -200);
      skills.add('early', 300, 60);
    }
    const { sources, expected, skill } = fuse([opinion('good', 300), opinion('bad', 350)], 0, skills);
    expect(sources.map(({ weight }) => weight > 0.9)).toEqual([true, false]);
    expect(expected).toBeLessThan(310);
    expect([skill, sources[1]?.skill]).toEqual([100, 0]);
    expect(fuse([opinion('good', 300), opinion('early', 240)], 0, skills).expected).toBeCloseTo(299, -1);
  });

  test('have less say the older they are', () => {
    const fused = fuse([opinion('a', 300), opinion('b', 400, 150)], 0, new Skills());
    expect(fused.expected).toBeLessThan(335);
  });

  test('keep their skill over a restart, told once there are enough arrivals', () => {
    const skills = new Skills();
    for (let i = 0; i < 19; i++) skills.add('a', 120, 10);
    expect(skills.of('a', 120).share).toBeUndefined();
    skills.add('a', 120, 500);
    expect(skills.of('a', 120).share).toBe(95);
    expect(skills.spread('a', 120)).toEqual([10, 10]);
    const again = new Skills(JSON.parse(JSON.stringify(skills.memory())));
    expect(again.of('a', 120)).toEqual(skills.of('a', 120));
  });
});

describe('a prediction', () => {
  test('without a position is a row of its own, live while it is fresh', () => {
    const sign = new SignUnderTest();
    sign.tell([{ arrival: eight(700), vehicle: 'bus-9', occupancy: 'few-seats' }], 0);
    expect(sign.row(0)).toMatchObject({
      state: 'live',
      minutes: 10,
      vehicle: 'bus-9',
      crowding: 'few-seats',
      why: { sources: [{ source: 'centre', origin: 'prediction', weight: 1 }] },
    });
    expect(sign.row(91).state).toBe('about');
    expect(sign.row(121)).toMatchObject({ state: 'timetable', scheduled: eight(600) });
  });

  test('and a position of the same trip are one row, with both in its reasons', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.tell([{ arrival: eight(660) }], 240);
    const row = sign.row(240);
    expect(row.why.sources.map(({ source }) => source)).toEqual(['gps', 'centre']);
    expect(row.why.expected).toBeGreaterThan(eight(605));
    expect(row.why.expected).toBeLessThan(eight(655));
  });

  test('that cancels a trip strikes it out, until a bus is seen to come all the same', () => {
    const sign = new SignUnderTest();
    sign.tell([{ relationship: 'cancelled' }], 0);
    expect(sign.row(10)).toMatchObject({ state: 'cancelled', scheduled: eight(600) });
    expect(sign.row(10).minutes).toBeUndefined();
    sign.drive([0, 0], [2000, 240]);
    expect(sign.row(240)).toMatchObject({ state: 'live' });
    expect(new SignUnderTest().row(0).state).toBe('timetable');
  });

  test.each(['skipped', 'deleted'] as const)('that says %s takes the row away', (relationship) => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.tell([{ relationship }], 240);
    expect(sign.rows(240)).toEqual([]);
    expect(sign.line(240).state).toBe(relationship === 'skipped' ? 'skipped' : 'no-data');
  });

  test('without data leaves the timetable', () => {
    const sign = new SignUnderTest();
    sign.tell([{ relationship: 'no-data' }], 0);
    expect(sign.row(0)).toMatchObject({ state: 'timetable' });
  });

  test.each(['added', 'duplicated'] as const)('of a trip that is %s stands beside the timetable', (how) => {
    const sign = new SignUnderTest();
    const trip = { trip: `up-${EIGHT}`, line: 'L7', direction: 0 as const, date: DATE, relationship: how };
    sign.tell([{ trip, relationship: how, arrival: eight(1500), headsign: '体育馆' }], 0);
    const rows = sign.rows(0);
    expect(rows).toMatchObject([{ state: 'timetable' }, { state: 'live', terminus: { text: '体育馆' } }]);
    expect(rows[1]?.why.because).toContain('added-by-centre');
    expect(rows[1]?.scheduled).toBeUndefined();
  });

  test('that is over, or that nobody renews, is dropped; a full dataset replaces the one before', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 600] }));
    const second = { trip: `up-${EIGHT + 600}`, date: DATE };
    sign.tell([{ arrival: eight(700) }, { trip: second, arrival: eight(1200) }], 0);
    expect(sign.rows(0).map(({ state }) => state)).toEqual(['live', 'live']);
    sign.tell([{ trip: second, arrival: eight(1210) }], 60);
    expect(sign.rows(60).map(({ state }) => state)).toEqual(['timetable', 'live']);
    sign.tell([{ arrival: eight(690) }], 70, false);
    expect(sign.rows(70).map(({ state }) => state)).toEqual(['live', 'live']);
    expect(sign.rows(599).map(({ state }) => state)).toEqual(['timetable', 'timetable']);
  });

  test('of a bus that is seen elsewhere is not believed, but of one that takes another way', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    for (const t of [260, 280, 300]) sign.see(2000 + t, t, { off: 700 });
    sign.tell([{ arrival: eight(620) }], 300);
    expect(sign.row(300)).toMatchObject({ state: 'timetable', why: { because: ['off-route'] } });
    sign.tell([{ arrival: eight(620), detour: true }], 300);
    expect(sign.row(300).state).toBe('live');
  });

  test('of a detour is marked', () => {
    const sign = new SignUnderTest();
    sign.tell([{ arrival: eight(700), relationship: 'replacement', detour: true }], 0);
    expect(sign.row(0).why.because).toContain('detour');
  });
});

describe('arrivals', () => {
  test('score what was said of them: the sources, the promise, the timetable', () => {
    const sign = new SignUnderTest();
    for (let t = 0; t <= 640; t += 20) {
      sign.tell([{ arrival: eight(700), time: eight(t) }], t);
      sign.see((t * 1000) / 120, t);
      sign.rows(t);
    }
    const { tallies } = sign.engine.ledger;
    expect(tallies.figures()).toMatchObject({ arrivals: 1, forecast: 1, zeros: 1, ghosts: 0 });
    expect(tallies.of('=gps').overall()).toBe(100);
    expect(tallies.of('centre').overall()).toBeLessThan(tallies.of('=gps').overall());
    expect(tallies.of('shown').buckets()[0]?.count).toBeGreaterThan(5);
    expect(tallies.of('timetable').overall()).toBe(100);
  });

  test('that never come are ghosts once the row has said now, and missed once the timetable has passed', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT] }));
    for (let t = 0; t <= 595; t += 20) {
      sign.tell([{ arrival: eight(620), time: eight(t) }], t);
      sign.rows(t);
    }
    for (let t = 600; t <= 3000; t += 60) sign.rows(t);
    expect(sign.engine.ledger.tallies.figures()).toMatchObject({
      zeros: 1,
      ghosts: 1,
      arrivals: 1,
      forecast: 0,
    });
  });
});
