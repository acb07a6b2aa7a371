/** Rows of the sign: from a bus that is far away to one that has left, and what is said when less and less is known. */
import { describe, expect, test } from 'vitest';
import { EIGHT, eight, SignUnderTest } from './buses.ts';
import { at, DATE, extract } from './extract.ts';

describe('a bus on its way', () => {
  test('is live with minutes, its place, and the reason of all of it', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    const row = sign.row(240);
    expect(row).toMatchObject({
      line: 'L7',
      direction: 0,
      lineName: { text: '7' },
      terminus: { text: '东站' },
      stop: 's5',
      trip: `up-${EIGHT}`,
      vehicle: 'bus-1',
      state: 'live',
      // 360 s are left, of which the margin is taken off.
      minutes: 5,
      approaching: false,
      scheduled: eight(600),
      stopsAway: 3,
      place: { after: 2, share: 0 },
      first: true,
      last: true,
      wheelchair: true,
    });
    expect(row.why).toMatchObject({ distance: 3000, delay: 0, phase: 'in-progress', because: [] });
    expect(row.why.sources).toMatchObject([{ source: 'gps', origin: 'position', age: 0, weight: 1 }]);
    expect(row.why.margin).toBeGreaterThan(30);
    expect(row.why.expected).toBe(eight(600));
    expect(sign.line(240)).toMatchObject({ state: 'running', first: eight(600), last: eight(600) });
  });

  test('says that it comes now when it is near, is gone when it has passed, and stays gone', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [4900, 588]);
    expect(sign.row(588)).toMatchObject({ minutes: 0, approaching: true });
    sign.drive([4950, 594], [5010, 602], {}, 4);
    expect(sign.row(602)).toMatchObject({ minutes: 0, approaching: true });
    sign.drive([5050, 610], [5300, 640], {}, 10);
    expect(sign.rows(640)).toEqual([]);
    expect(sign.arrivals).toMatchObject([{ key: `up-${EIGHT}@${DATE}/5`, vehicle: 'bus-1' }]);
    sign.tell([{ arrival: eight(700), time: eight(650) }], 650);
    expect(sign.rows(650)).toEqual([]);
  });

  test('does not say now without evidence, however late it is', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [4500, 540]);
    for (const t of [560, 580, 600, 630])
      expect(sign.row(t).minutes).toBeGreaterThanOrEqual(sign.row(t).approaching ? 0 : 1);
    expect(sign.row(640)).toMatchObject({ state: 'about', minutes: 1, approaching: false });
  });
});

describe('a row ages', () => {
  const aged = (seconds: number, sign = driven()) => sign.row(360 + seconds);
  const driven = () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [2000, 240]);
    sign.drive([2000, 240], [3000, 360]);
    return sign;
  };

  test.each([
    [0, 'live'],
    [45, 'live'],
    [46, 'about'],
    [120, 'about'],
    [121, 'stops-away'],
  ] as const)('%i s after its last position it is %s', (seconds, state) => {
    expect(aged(seconds).state).toBe(state);
  });

  test('what is too old for minutes still has its place, then only the timetable is left', () => {
    const old = aged(150);
    expect(old).toMatchObject({ state: 'stops-away', stopsAway: 2, age: 150 });
    expect(old.minutes).toBeUndefined();
    expect(old.why.because).toContain('old-position');
    // The stop is left at 600 by the timetable: 240 s after the last position.
    const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 600] }));
    sign.drive([0, 0], [1000, 120]);
    const silent = sign.rows(120 + 301);
    expect(silent).toMatchObject([
      { state: 'timetable', minutes: 2, scheduled: eight(600) },
      { state: 'timetable', scheduled: eight(1200) },
    ]);
    expect(silent[0]?.why.because).toContain('silent');
    expect(silent[0]?.place).toBeUndefined();
  });

  test('a new position makes it live again', () => {
    const sign = driven();
    expect(sign.row(500).state).toBe('stops-away');
    sign.see(4200, 510);
    expect(sign.row(510).state).toBe('live');
  });

  test('minutes of old data are counted as freeze time', () => {
    const sign = driven();
    for (let t = 360; t <= 480; t += 1) sign.rows(t);
    expect(sign.engine.ledger.tallies.figures().frozen).toBeCloseTo(30, 0);
  });
});

describe('where nothing is measured', () => {
  test('the timetable is told, marked, and no longer than it holds', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 900] }));
    expect(sign.rows(0)).toMatchObject([
      { state: 'timetable', minutes: 10, scheduled: eight(600), first: true, last: false },
      { state: 'timetable', minutes: 25, first: false, last: true },
    ]);
    expect(sign.rows(601)).toMatchObject([{ scheduled: eight(1500) }]);
  });

  test('a headway is told where only that is promised, and a bus that is seen in front of it', () => {
    const sign = new SignUnderTest(
      extract({ frequencies: [{ from: 6 * 3600, to: 22 * 3600, every: 480, exact: false }] }),
    );
    expect(sign.rows(0)).toMatchObject([{ state: 'headway', headway: [8, 8] }]);
    expect(sign.rows(0)[0]?.minutes).toBeUndefined();
    sign.drive([0, 0], [3000, 360], { trip: { line: 'L7', direction: 0 } });
    expect(sign.rows(360)).toMatchObject([{ state: 'live', vehicle: 'bus-1' }]);
  });

  test('a timetable that has ended gives headways, not times', () => {
    const starts = Array.from({ length: 60 }, (_, i) => 6 * 3600 + i * 600);
    const sign = new SignUnderTest(extract({ starts, to: '20270618' }));
    expect(sign.rows(0)).toMatchObject([{ state: 'headway', headway: [10, 10] }]);
  });

  test('while the time of day is not known nothing of the timetable is told, and buses are in minutes', () => {
    const sign = new SignUnderTest();
    expect(sign.rows(0, false)).toEqual([]);
    expect(sign.line(0, false)).toMatchObject({ state: 'no-data' });
    sign.drive([0, 0], [2000, 240]);
    const row = sign.row(240, false);
    expect(row).toMatchObject({ state: 'live', minutes: 5 });
    expect(row.scheduled).toBeUndefined();
    expect(row.why.because).toContain('clock-untrusted');
  });
});

test('a bus that is seen only after its time has its row all the same', () => {
  const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 3000] }));
  for (let t = 580; t <= 900; t += 20) sign.rows(t);
  expect(sign.rows(900)).toMatchObject([{ scheduled: eight(3600) }]);
  sign.drive([500, 920], [2000, 1100]);
  expect(sign.rows(1100)).toMatchObject([{ trip: `up-${EIGHT}`, state: 'live' }, {}]);
});

describe('the last bus', () => {
  test('is told half an hour ahead, and after it that it has gone and when the first one comes', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 3600] }));
    expect(sign.line(-3 * 3600)).toMatchObject({ state: 'not-yet', next: eight(600) });
    expect(sign.line(0)).toMatchObject({ state: 'running', lastSoon: false, last: eight(4200) });
    expect(sign.line(4200 - 1790)).toMatchObject({ state: 'running', lastSoon: true });
    expect(sign.row(4000)).toMatchObject({ last: true, state: 'timetable' });
    // Whoever waits for a late last bus is not sent away at the minute.
    expect(sign.row(4500)).toMatchObject({ last: true, state: 'timetable' });
    expect(sign.line(4900)).toMatchObject({ state: 'last-gone', next: eight(600 + 86_400) });
    expect(sign.line(4900 + 5 * 3600)).toMatchObject({ state: 'not-yet' });
  });

  test('is gone when it was seen to leave, be it early', () => {
    const sign = new SignUnderTest();
    sign.drive([0, 0], [5400, 520]);
    expect(sign.rows(521)).toEqual([]);
    expect(sign.line(521)).toMatchObject({ state: 'last-gone' });
  });

  test('on a day without service there is none', () => {
    const sign = new SignUnderTest(
      extract({ starts: [EIGHT], calendar: { removed: [DATE, '20270620', '20270622'] } }),
    );
    expect(sign.rows(0)).toEqual([]);
    expect(sign.line(0)).toMatchObject({ state: 'no-service' });
    expect(at(0)).toBeLessThan(eight(0));
  });

  test('runs past midnight on its own service day', () => {
    const sign = new SignUnderTest(extract({ starts: [EIGHT, 24 * 3600 + 1200] }));
    const half = 16 * 3600 + 1200;
    expect(sign.row(half)).toMatchObject({ last: true, scheduled: eight(half + 600) });
    expect(sign.line(half)).toMatchObject({ state: 'running', lastSoon: true });
  });
});
