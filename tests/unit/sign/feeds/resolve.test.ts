import { describe, expect, it } from 'vitest';
import type { TripUpdate } from '../../../../agent/sign/feeds/content.ts';
import { type Detour, Tally } from '../../../../agent/sign/feeds/content.ts';
import { resolve } from '../../../../agent/sign/feeds/resolve.ts';
import { NOW, timetable } from './stand.ts';

/** The call here of a trip on Monday, and the sequence before and behind it. */
const DATE = '20270621';
const [call] = timetable.run({ trip: 'L7-0-weekday-017', date: DATE }, NOW);
if (call === undefined) throw new Error('no such run');
const sequences = call.pattern.calls.map(({ sequence }) => sequence);
const here = sequences[call.call] ?? 0;
const stopAt = (index: number) => call.pattern.calls[index]?.stop ?? '';
const trip = { trip: call.trip.id, date: DATE };

function run(
  update: Omit<TripUpdate, 'trip'> & { readonly trip?: TripUpdate['trip'] },
  detours: readonly Detour[] = [],
  now = NOW,
) {
  const tally = new Tally();
  const predictions = resolve([{ trip, ...update }], detours, {
    timetable,
    sourced: { source: 'city', received: 1 },
    now,
    tally,
  });
  return { predictions, dropped: tally.counts() };
}

const late = (seconds: number) => ({ delay: seconds });

describe('what an update of a trip means here', () => {
  it('is its own time, and time counts before delay', () => {
    const { predictions } = run({
      vehicle: 'v',
      time: NOW - 5000,
      stops: [
        {
          sequence: here,
          relationship: 'scheduled',
          arrival: { time: call.arrival + 77_000, delay: 5, uncertainty: 30 },
        },
      ],
    });
    expect(predictions).toEqual([
      {
        source: 'city',
        received: 1,
        trip: { trip: call.trip.id, line: 'L7', direction: 0, date: DATE, start: call.start },
        vehicle: 'v',
        time: NOW - 5000,
        stop: 'C1',
        sequence: here,
        relationship: 'scheduled',
        scheduled: call.arrival,
        arrival: call.arrival + 77_000,
        departure: call.arrival + 77_000,
        uncertainty: 30,
      },
    ]);
  });

  it.each<[string, TripUpdate['stops'], number | undefined]>([
    [
      'the delay of the stop before goes on',
      [{ sequence: 15, relationship: 'scheduled', departure: late(90) }],
      90,
    ],
    [
      'the nearest update before counts',
      [
        { sequence: 10, relationship: 'scheduled', departure: late(90) },
        { sequence: 20, relationship: 'scheduled', arrival: late(30) },
      ],
      30,
    ],
    [
      'a time before gives the delay',
      [{ sequence: 15, relationship: 'scheduled', departure: { time: call.departure - 10_000_000 } }],
      undefined,
    ],
    [
      'a skipped stop before says nothing',
      [
        { sequence: 15, relationship: 'skipped' },
        { sequence: here + 5, relationship: 'scheduled', arrival: late(9) },
      ],
      undefined,
    ],
    [
      'updates that begin behind say it has been here',
      [{ sequence: here + 5, relationship: 'scheduled', arrival: late(9) }],
      undefined,
    ],
  ])('%s', (_name, stops, delay) => {
    const { predictions } = run({ stops });
    expect(predictions.map(({ arrival }) => ((arrival ?? 0) - call.arrival) / 1000)).toEqual(
      delay === undefined ? [] : [delay],
    );
  });

  it('is by stop where no sequence is given', () => {
    const { predictions } = run({
      stops: [
        { stop: stopAt(3), relationship: 'scheduled', departure: late(60) },
        { stop: 'C1', relationship: 'scheduled', arrival: late(45) },
      ],
    });
    expect(predictions[0]?.arrival).toBe(call.arrival + 45_000);
  });

  it('is the delay of the trip where no stop is told', () => {
    expect(run({ delay: 120, stops: [] }).predictions[0]?.arrival).toBe(call.arrival + 120_000);
    expect(run({ stops: [] }).predictions).toEqual([]);
  });

  it('is without data from a stop without data on', () => {
    const { predictions } = run({
      stops: [
        { sequence: 5, relationship: 'scheduled', departure: late(60) },
        { sequence: 15, relationship: 'no-data' },
      ],
    });
    expect(predictions).toMatchObject([{ relationship: 'no-data' }]);
    expect(predictions[0]?.arrival).toBeUndefined();
  });

  it('knows skipped and cancelled, and another platform', () => {
    expect(run({ stops: [{ sequence: here, relationship: 'skipped' }] }).predictions).toMatchObject([
      { relationship: 'skipped', scheduled: call.arrival },
    ]);
    const cancelled = run({ trip: { ...trip, relationship: 'cancelled' }, stops: [] });
    expect(cancelled.predictions).toMatchObject([
      { relationship: 'cancelled', scheduled: call.arrival, stop: 'C1' },
    ]);
    const at = (assigned: string) =>
      run({ stops: [{ sequence: here, relationship: 'scheduled', arrival: late(0), assigned }] }).predictions;
    expect(at('C2')).toMatchObject([{ stop: 'C2', relationship: 'scheduled' }]);
    expect(at('elsewhere')).toMatchObject([{ stop: 'C1', relationship: 'skipped' }]);
  });

  it('shows an extra trip by its own times', () => {
    const { predictions } = run({
      trip: { trip: 'extra-1', line: 'L7', direction: 0, relationship: 'added' },
      headsign: '东站\u0000',
      stops: [
        { stop: 'X', relationship: 'scheduled', arrival: { time: NOW } },
        { stop: 'C1', relationship: 'scheduled', arrival: { time: NOW + 240_000 } },
      ],
    });
    expect(predictions).toMatchObject([
      {
        relationship: 'added',
        stop: 'C1',
        arrival: NOW + 240_000,
        headsign: '东站',
        trip: { trip: 'extra-1', line: 'L7' },
      },
    ]);
  });

  it('shows a copy under its own id', () => {
    const { predictions } = run({
      trip: { ...trip, relationship: 'duplicated' },
      copy: { trip: 'copy-1', date: DATE, start: 30_000 },
      stops: [{ stop: 'C1', relationship: 'scheduled', arrival: { time: NOW + 300_000 } }],
    });
    expect(predictions).toMatchObject([
      {
        relationship: 'duplicated',
        trip: { trip: 'copy-1', line: 'L7', start: 30_000 },
        arrival: NOW + 300_000,
      },
    ]);
  });

  it('refuses a trip on a day on which it does not run, and lines that do not call here', () => {
    const stops = [{ sequence: here, relationship: 'scheduled' as const, arrival: late(0) }];
    expect(run({ trip: { trip: call.trip.id, date: '20270620' }, stops }).dropped).toEqual({
      'not-on-this-day': 1,
    });
    expect(run({ trip: { trip: 'X1', line: 'X' }, stops }).dropped).toEqual({ 'other-line': 1 });
  });

  it('refuses what is four hours late, and what is long past or far ahead', () => {
    const at = (time: number) =>
      run({ stops: [{ sequence: here, relationship: 'scheduled', arrival: { time } }] });
    expect(at(call.arrival + 5 * 3_600_000)).toMatchObject({
      predictions: [],
      dropped: { 'delay-beyond-belief': 1 },
    });
    expect(at(NOW - 3_600_000).dropped).toEqual({ 'out-of-window': 1 });
  });

  it('finds the run of a headway by its start only, and takes times, no delays', () => {
    const [first] = timetable
      .day(DATE)
      .filter(({ headway, arrival }) => headway !== undefined && arrival > NOW);
    const of = (start: number | undefined, arrival: { time?: number; delay?: number }) =>
      run({
        trip: {
          trip: first?.trip.id ?? '',
          date: DATE,
          ...(start === undefined ? {} : { start }),
          relationship: 'unscheduled',
        },
        stops: [
          {
            stop: first?.stop ?? '',
            sequence: first?.pattern.calls[first.call]?.sequence ?? 0,
            relationship: 'unscheduled',
            arrival,
          },
        ],
      }).predictions;
    expect(of(first?.start, { time: NOW + 60_000 })).toMatchObject([
      { relationship: 'unscheduled', arrival: NOW + 60_000 },
    ]);
    expect(of(undefined, { time: NOW + 60_000 })).toMatchObject([
      { relationship: 'unscheduled', arrival: NOW + 60_000 },
    ]);
    expect(of(first?.start ?? 0 + 60, { delay: 60 })).not.toMatchObject([{ relationship: 'scheduled' }]);
  });

  it('knows after midnight whose night it is', () => {
    const night = timetable.day(DATE).find(({ line, start }) => line.id === 'N1' && start > 25 * 3600);
    const now = night?.arrival ?? 0;
    const { predictions } = run({ trip: { trip: night?.trip.id ?? '' }, delay: 60, stops: [] }, [], now);
    expect(predictions).toMatchObject([{ arrival: now + 60_000, trip: { date: DATE } }]);
  });

  it('counts a trip once: the newer of two updates, the parts of one together', () => {
    const tally = new Tally();
    const facts = { timetable, sourced: { source: 's', received: 1 }, now: NOW, tally };
    const stops = (seconds: number) => [
      { sequence: here, relationship: 'scheduled' as const, arrival: late(seconds) },
    ];
    const two = resolve(
      [
        { trip, time: NOW, stops: stops(60) },
        { trip, time: NOW - 9000, stops: stops(10) },
      ],
      [],
      facts,
    );
    expect(two.map(({ arrival }) => arrival)).toEqual([call.arrival + 60_000]);
    expect(tally.counts()).toEqual({ 'trip-twice': 1 });
  });

  it('leaves out calls that a detour goes around, and marks those behind', () => {
    const detour = (from: number, to: number, replacements: readonly string[] = []): Detour => ({
      trips: [call.trip.id],
      dates: [DATE],
      from: { sequence: from },
      to: { sequence: to },
      replacements,
    });
    const own = { stops: [{ sequence: here, relationship: 'scheduled' as const, arrival: late(60) }] };
    expect(run(own, [detour(here - 5, here + 5)]).predictions).toMatchObject([
      { relationship: 'skipped', detour: true },
    ]);
    expect(run(own, [detour(here - 5, here + 5, ['C1'])]).predictions).toMatchObject([
      { relationship: 'scheduled', detour: true, arrival: call.arrival + 60_000 },
    ]);
    expect(run(own, [detour(5, 10)]).predictions).toMatchObject([
      { relationship: 'scheduled', detour: true },
    ]);
    expect(run(own, [detour(here + 5, here + 10)]).predictions[0]?.detour).toBeUndefined();
  });
});
