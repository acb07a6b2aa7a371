import { beforeAll, describe, expect, it } from 'vitest';
import type { ServiceCalendar, StopExtract } from '../../../../agent/core/sign/timetable.ts';
import { hashOfExtract } from '../../../../agent/sign/timetable/extract-file.ts';
import { addDays, runs, ServiceDays } from '../../../../agent/sign/timetable/service-day.ts';
import { boards, headsignOf, Timetable } from '../../../../agent/sign/timetable/timetable.ts';
import { CITY, imported } from './feed.ts';

let extract: StopExtract;
let table: Timetable;
beforeAll(async () => {
  ({ extract } = await imported());
  table = new Timetable(extract);
});

/** 2027-06-21 is a Monday; clocks of Shanghai are 8 h ahead. */
function local(day: number, hour: number, minute = 0): number {
  return Date.UTC(2027, 5, day, hour - 8, minute);
}

describe('days of service', () => {
  it.each([
    // Noon minus 12 h: beside midnight on the nights when clocks change (GTFS reference, «Time»).
    ['America/New_York', '20240309', '2024-03-09T05:00:00Z'],
    ['America/New_York', '20240310', '2024-03-10T04:00:00Z'],
    ['America/New_York', '20241103', '2024-11-03T05:00:00Z'],
    ['Europe/Berlin', '20270328', '2027-03-27T22:00:00Z'],
    ['Europe/Berlin', '20271031', '2027-10-30T23:00:00Z'],
    ['Australia/Lord_Howe', '20271003', '2027-10-02T13:00:00Z'],
    ['Asia/Shanghai', '20270621', '2027-06-20T16:00:00Z'],
  ])('%s %s begins at %s', (zone, date, start) => {
    expect(new Date(new ServiceDays(zone).start(date)).toISOString()).toBe(start.replace('Z', '.000Z'));
  });

  it('print the hour that riders read on the nights when clocks change', () => {
    const days = new ServiceDays('Europe/Berlin');
    const shown = (date: string, seconds: number) =>
      new Date(days.at(date, seconds)).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' });
    expect(shown('20270328', 8 * 3600)).toBe('08:00:00');
    expect(shown('20271031', 8 * 3600)).toBe('08:00:00');
    // 25:30 of the day before the change: 01:30, of the day of the change itself it is gone by one hour.
    expect(shown('20270327', 25.5 * 3600)).toBe('01:30:00');
    expect(shown('20270328', 1800)).toBe('23:30:00');
  });

  it('run by week, with exceptions first', () => {
    const service: ServiceCalendar = {
      id: 's',
      weekdays: [true, true, true, true, true, false, false],
      from: '20270601',
      to: '20270630',
      added: ['20270619'],
      removed: ['20270621'],
    };
    const on = (date: string) => runs(service, date);
    expect([on('20270618'), on('20270619'), on('20270620'), on('20270621'), on('20270701')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(addDays('20271231', 1)).toBe('20280101');
  });
});

describe('the timetable of a sign', () => {
  it('gives the calls of a window, in order, with those of the evening before', () => {
    const calls = table.calls(local(22, 0), local(22, 3));
    expect(calls.length).toBeGreaterThan(5);
    expect(new Set(calls.map(({ line }) => line.id))).toEqual(new Set(['N1']));
    expect(calls.every(({ date }) => date === '20270621')).toBe(true);
    expect(calls.map(({ departure }) => departure)).toEqual(
      calls.map(({ departure }) => departure).sort((a, b) => a - b),
    );
    const trip = CITY.trips.find(({ id }) => id === calls[0]?.trip.id);
    const index = trip?.pattern.stops.findIndex(({ station }) => station === 'C') ?? -1;
    expect(calls[0]?.departure).toBe(local(21, 0) + (trip?.times[index] ?? 0) * 1000);
  });

  it('is cut into windows without losing or doubling a call', () => {
    const whole = table.calls(local(20, 12), local(22, 12));
    const parts: typeof whole = [];
    for (let from = local(20, 12); from < local(22, 12); from += 7 * 60_000) {
      parts.push(...table.calls(from, Math.min(from + 7 * 60_000, local(22, 12))));
    }
    expect(parts).toHaveLength(whole.length);
    expect(parts.map(({ departure }) => departure)).toEqual(whole.map(({ departure }) => departure));
  });

  it('knows first and last bus of a line and direction', () => {
    const week = table.firstAndLast('20270621', { line: 'L7', direction: 0 });
    const end = table.firstAndLast('20270620', { line: 'L7', direction: 0 });
    const times = CITY.trips
      .filter(({ pattern, service }) => pattern.id === 'L7-0' && service === 'weekday')
      .map(({ times: t }) => t[11] ?? 0);
    expect(week?.first.departure).toBe(local(21, 0) + Math.min(...times) * 1000);
    expect(week?.last.departure).toBe(local(21, 0) + Math.max(...times) * 1000);
    expect(end?.first.departure).toBeGreaterThan(local(20, 6));
    expect(table.firstAndLast('20270620', { line: 'H1', direction: 0 })).toBeUndefined();
    const night = table.firstAndLast('20270621', { line: 'N1', direction: 0 });
    expect(night?.last.departure).toBeGreaterThan(local(22, 2));
    expect(night?.last.date).toBe('20270621');
  });

  it('has the runs of a headway, marked as such', () => {
    const calls = table
      .day('20270621')
      .filter(({ line, pattern }) => line.id === 'K2' && pattern.direction === 0);
    expect(calls).toHaveLength(Math.ceil((15 * 3600) / 480));
    expect(calls.every(({ headway }) => headway === 480)).toBe(true);
    expect((calls[1]?.start ?? 0) - (calls[0]?.start ?? 0)).toBe(480);
  });

  it('tells nothing of days that the feed does not cover', () => {
    expect(table.covers('20270531')).toBe(false);
    expect(table.day('20270531')).toEqual([]);
    expect(table.day('20280101')).toEqual([]);
    expect(table.day('20271231').length).toBeGreaterThan(0);
  });

  it('finds the run that a feed means, also after midnight', () => {
    const night = table.day('20270621').find(({ line, start }) => line.id === 'N1' && start > 24 * 3600);
    const id = night?.trip.id ?? '';
    expect(table.run({ trip: id }, local(22, 1))).toContain(night);
    expect(table.run({ trip: id, date: '20270620' }, local(22, 1))[0]?.date).toBe('20270620');
    expect(table.run({ trip: 'none' }, local(22, 1))).toEqual([]);
    expect(table.run({ line: 'L7' }, local(22, 1))).toEqual([]);
    const seven = table
      .day('20270621')
      .find(({ line, pattern }) => line.id === 'L7' && pattern.direction === 1);
    expect(
      table.run({ line: 'L7', direction: 1, start: seven?.start ?? -1, date: '20270621' }, local(21, 9)),
    ).toEqual([seven]);
    const headway = table.day('20270621').find(({ headway: h }) => h !== undefined);
    expect(table.run({ trip: headway?.trip.id ?? '' }, local(21, 9))).toEqual([]);
    expect(table.run({ trip: headway?.trip.id ?? '', start: headway?.start ?? -1 }, local(21, 9))).toEqual([
      headway,
    ]);
  });

  it('takes the date on the calendar for a trip past midnight, as some centres write it', () => {
    const trips = extract.trips.map((trip) => ({ ...trip, service: 'weekday' }));
    const weekdays = new Timetable({ ...extract, trips });
    const friday = weekdays.day('20270625').find(({ line, start }) => line.id === 'N1' && start > 24 * 3600);
    const trip = friday?.trip.id ?? '';
    expect(weekdays.run({ trip, date: '20270626' }, local(26, 1))).toEqual([friday]);
    const noon = weekdays.day('20270625').find(({ start }) => start > 12 * 3600);
    expect(weekdays.run({ trip: noon?.trip.id ?? '', date: '20270626' }, local(26, 12))).toEqual([]);
  });

  it('calls twice where a loop comes back, and does not board where it ends', () => {
    const loop = table.run({ trip: 'H1-0-weekday-000' }, local(21, 8));
    expect(loop).toHaveLength(2);
    expect(loop.map(boards)).toEqual([true, false]);
    expect(headsignOf(loop[0] ?? never(), extract).text).toBe('市民中心');
  });

  it('keeps days of 23 and 25 hours apart', async () => {
    const shifted = { ...extract, timezone: 'Europe/Berlin', feed: { ...extract.feed, from: '20270101' } };
    const services = extract.services.map((service) => ({ ...service, from: '20270101' }));
    const berlin = new Timetable({ ...shifted, services, hash: hashOfExtract(shifted) });
    const hour = (time: number) =>
      Number(new Date(time).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit' }));
    for (const date of ['20270327', '20270328', '20271030', '20271031']) {
      const start = berlin.days.start(date);
      const calls = berlin.calls(start + 4 * 3_600_000, start + 12 * 3_600_000);
      const first = calls.find(({ line, date: d }) => line.id === 'L15' && d === date);
      expect(hour(first?.departure ?? 0)).toBe(6);
      const names = calls.map(({ trip, date: d, call, start: s }) => `${trip.id} ${d} ${call} ${s}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

function never(): never {
  throw new Error('not reached');
}
