import { describe, expect, test } from 'vitest';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { frozenMidnight } from '../../../agent/sense/freeze.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Memory, meter, type Stage, stage } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const P = 'energy-import';
/** 2027-01-24 15:30 in Shanghai; the clock of the tests shows it at 1000 ms. */
const START = Date.UTC(2027, 0, 24, 7, 30);

const wallOf = (mono: number) => new Date(Math.round(START + mono - 1000)).toISOString();
const notes = async (the: Stage, point = `${P}-midnight`) => {
  await the.hub.commit();
  return the.memory.readings
    .filter((one) => one.point === point)
    .map(({ value, quality, reason, time }) => [wallOf(time), value, reason ?? quality]);
};
const told = (the: Stage) =>
  the.memory.events.filter(({ body }) => body.what === 'snapshot').map(({ body }) => [body.date, body.from]);

async function run(the: Stage, hours: number, from: number, every = 5 * MINUTE): Promise<number> {
  let value = from;
  for (let passed = 0; passed < hours * HOUR; passed += every) {
    value = Math.round((value + 0.01) * 100) / 100;
    await the.say(P, value, every);
  }
  return value;
}

describe('a register at local midnight', () => {
  test('is the reading nearest to it, good, and at midnight to the millisecond', async () => {
    await using the = await stage([meter('meter', 'eastron-sdm120', MINUTE)], {
      clock: new VirtualClock(START),
    });
    for (let i = 0; i < 60 * 9; i++) await the.say(P, 1000 + i / 100, MINUTE - 40);
    expect(await notes(the)).toEqual([['2027-01-24T16:00:00.000Z', 1005.09, 'good']]);
    expect(told(the)).toEqual([]);
    expect(await notes(the, `${P}-settlement`)).toEqual([]);
  });

  test('is noted for the settlement day, too', async () => {
    const clock = new VirtualClock(START);
    await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], {
      clock,
      settlementDay: 26,
    });
    await run(the, 60, 1000, 10 * MINUTE);
    expect((await notes(the)).map(([at]) => at)).toEqual([
      '2027-01-24T16:00:00.000Z',
      '2027-01-25T16:00:00.000Z',
      '2027-01-26T16:00:00.000Z',
    ]);
    expect((await notes(the, `${P}-settlement`)).map(([at, , quality]) => [at, quality])).toEqual([
      ['2027-01-25T16:00:00.000Z', 'good'],
    ]);
  });

  test('of a meter that was silent: a reading within the hour stands in, marked; else it is bad', async () => {
    await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], {
      clock: new VirtualClock(START),
    });
    const value = await run(the, 8, 1000);
    await the.clock.advance(70 * MINUTE);
    expect(await notes(the)).toEqual([['2027-01-24T16:00:00.000Z', value, 'substituted']]);
    await the.say(P, value + 1, 15 * HOUR);
    await the.say(P, value + 2, 24 * HOUR);
    const all = await notes(the);
    expect(all.slice(1).map(([at, , quality]) => [at, quality])).toEqual([
      ['2027-01-25T16:00:00.000Z', 'not-available'],
    ]);
    expect(told(the)).toEqual([
      ['2027-01-25', 'nearest'],
      ['2027-01-26', 'none'],
    ]);
  });

  test('over a restart: nothing twice, and what was missed is said', async () => {
    const clock = new VirtualClock(START);
    const memory = new Memory();
    let value = 1000;
    {
      await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], { clock, memory });
      value = await run(the, 9, value);
    }
    {
      await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], { clock, memory });
      value = await run(the, 2, value);
      expect(await notes(the)).toHaveLength(1);
    }
    await clock.advance(70 * HOUR);
    await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], { clock, memory });
    await run(the, 1, value);
    const missed = ['2027-01-25T16:00:00.000Z', '2027-01-26T16:00:00.000Z', '2027-01-27T16:00:00.000Z'];
    expect((await notes(the)).slice(1)).toEqual(missed.map((at) => [at, null, 'not-available']));
  });

  test('is not guessed while true time is not known', async () => {
    const clock = new VirtualClock(START);
    clock.remap({ mono: clock.mono(), wall: START, rate: 1, rank: 'floor', uncertaintyMs: 1e9 });
    await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], { clock });
    await run(the, 12, 1000);
    expect(await notes(the)).toEqual([]);
  });

  test('in a zone whose clocks change, days have 23 and 25 hours', () => {
    const days = new LocalDays('Europe/Berlin');
    const spring = days.start(Date.UTC(2027, 2, 28, 12));
    expect((days.next(spring) - spring) / HOUR).toBe(23);
  });
});

describe('a freeze register of the meter', () => {
  const frozen = meter('meter', 'dlt645-2007-single-phase', 5 * MINUTE);
  const freeze = async (the: Stage, text: string, value: number) => {
    await the.say('freeze-day-time', text, MINUTE);
    await the.say('freeze-day-energy-import', value, 0);
  };

  test('fills what we have not read, marked', async () => {
    await using the = await stage([frozen], { clock: new VirtualClock(START) });
    const value = await run(the, 5, 1000);
    await the.clock.advance(10 * HOUR);
    await the.say(P, value + 9, 0);
    expect(await notes(the)).toEqual([]);
    await freeze(the, '2027-01-25 00:00', value + 3);
    expect(await notes(the)).toEqual([['2027-01-24T16:00:00.000Z', value + 3, 'substituted']]);
    expect(told(the)).toEqual([['2027-01-25', 'freeze']]);
  });

  test('of another day fills nothing; the day that is gone is bad', async () => {
    await using the = await stage([frozen], { clock: new VirtualClock(START) });
    const value = await run(the, 5, 1000);
    await the.clock.advance(10 * HOUR);
    await the.say(P, value + 9, 0);
    await freeze(the, '2027-01-24 00:00', 999);
    expect(await notes(the)).toEqual([]);
    await the.clock.advance(24 * HOUR);
    await freeze(the, '2027-01-26 00:00', value + 20);
    await the.say(P, value + 22, MINUTE);
    expect(await notes(the)).toEqual([
      ['2027-01-24T16:00:00.000Z', null, 'not-available'],
      ['2027-01-25T16:00:00.000Z', value + 20, 'substituted'],
    ]);
  });

  test('changes nothing where ours is there', async () => {
    await using the = await stage([frozen], { clock: new VirtualClock(START) });
    const value = await run(the, 9, 1000);
    await freeze(the, '2027-01-25 00:00', 5);
    await the.say(P, value, MINUTE);
    expect((await notes(the)).map(([, , quality]) => quality)).toEqual(['good']);
  });

  test('tells its time in several ways, by a clock that may be minutes off', () => {
    const days = new LocalDays('Asia/Shanghai');
    const day = days.start(START);
    const at = (text: string) => frozenMidnight(text, days, day) === day;
    expect(['2027-01-24 00:00', '27-01-24 00:03', '2027/01/24T00:00:30', '2027-01-23 23:58'].map(at)).toEqual(
      [true, true, true, true],
    );
    expect(['2027-01-23 00:00', '2027-01-24 12:00', '0000', ''].map(at)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

test('registers of an exchanged and of a rescaled meter are noted as they read', async () => {
  await using the = await stage([meter('meter', 'eastron-sdm120', 5 * MINUTE)], {
    clock: new VirtualClock(START),
  });
  await the.sense.correct({ device: 'meter', ct: 10, by: 'Li Wei' });
  const value = await run(the, 9, 1000);
  expect((await notes(the)).map(([, noted]) => Number(noted))).toEqual([
    expect.closeTo(10 * (value - 0.06), 1),
  ]);
});
