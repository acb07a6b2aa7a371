import { describe, expect, test } from 'vitest';
import { walk } from '../../../agent/cli/calibrate/walk.ts';
import { calibrated } from '../../../agent/sense/calibration.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Memory, meter, stage } from './stage.ts';

const HOUR = 3_600_000;
const P = 'energy-import';
const by = 'Li Wei';

describe('a correction', () => {
  test('gives value and raw value, from now on, and says who and when', async () => {
    await using the = await stage([meter()]);
    await the.say('voltage-l1', 230);
    const made = await the.sense.correct({
      device: 'meter',
      point: 'voltage-l1',
      slope: 1.01,
      offset: -2,
      by,
      note: 'ref 7',
    });
    expect(made).toMatchObject({ slope: 1.01, offset: -2, by, note: 'ref 7', since: made.since });
    expect(await the.say('voltage-l1', 230)).toMatchObject({ value: 230.3, quality: 'good' });
    expect(the.hub.latest('meter', 'voltage-l1-raw')).toMatchObject({
      value: 230,
      unit: 'V',
      quality: 'good',
    });
    expect(await the.sense.raw('meter', 'voltage-l1')).toMatchObject({ raw: 230, value: 230.3, unit: 'V' });
    expect(await the.say('current-l1', 5)).toMatchObject({ value: 5 });
    expect(the.hub.latest('meter', 'current-l1-raw')).toBeUndefined();
    const [event] = the.memory.events;
    expect(event).toMatchObject({
      event: 'audit',
      device: 'meter',
      body: { what: 'correction', by, slope: 1.01 },
    });
    expect(the.derived).toEqual(['meter/voltage-l1']);
  });

  test('of the ratios counts by the kind of quantity', async () => {
    await using the = await stage([meter()]);
    await the.sense.correct({ device: 'meter', ct: 20, pt: 100, by });
    const values: unknown[] = [];
    for (const point of [
      'voltage-l1',
      'current-l1',
      'power-active-total',
      P,
      'frequency',
      'power-factor-total',
    ])
      values.push((await the.say(point, 2, 0))?.value);
    expect(values).toEqual([200, 40, 4000, 4000, 2, 2]);
  });

  test('survives a restart, also of what was read before', async () => {
    const clock = new VirtualClock();
    const memory = new Memory();
    {
      await using the = await stage([meter()], { clock, memory });
      await the.sense.correct({ device: 'meter', ct: 20, by });
      await the.say(P, 1000);
    }
    await using the = await stage([meter()], { clock, memory });
    expect(await the.say(P, 1000.5, HOUR)).toMatchObject({ value: 20_010, quality: 'good' });
    expect(the.derived).toContain('meter/energy-import');
    expect(memory.breaks()).toEqual([]);
  });

  test('on a counter changes the rate from now on, and nothing of what was counted', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1000);
    await the.say(P, 1001);
    await the.sense.correct({ device: 'meter', ct: 20, by });
    await the.say(P, 1001.5);
    await the.sense.correct({ device: 'meter', point: P, slope: 0.5, by });
    await the.say(P, 1002);
    await the.hub.commit();
    expect(the.memory.consumption()).toBeCloseTo(1 + 0.5 * 20 + 0.5 * 10, 6);
    expect(the.memory.breaks().map(({ kind }) => kind)).toEqual(['correction', 'correction']);
    expect(await the.sense.tasks()).toEqual([]);
  });

  test('that cannot be is refused, with the fix', async () => {
    await using the = await stage([meter()]);
    const correct = (order: object) => the.sense.correct({ device: 'meter', by, ...order });
    await expect(correct({ device: 'nobody', ct: 2 })).rejects.toMatchObject({ code: 'not-found' });
    await expect(correct({ point: 'nothing', slope: 2 })).rejects.toMatchObject({ code: 'not-found' });
    await expect(correct({ point: P, offset: 5 })).rejects.toThrow('a register has no offset');
    await expect(correct({ point: 'voltage-l1', slope: 0 })).rejects.toThrow('slope must not be 0');
    await expect(correct({ point: 'voltage-l1', ct: 2 })).rejects.toThrow('ratios are of the whole device');
    await expect(correct({ slope: 2 })).rejects.toThrow('of one point');
    await expect(correct({})).rejects.toThrow('it changes nothing');
    expect(the.memory.events).toEqual([]);
  });
});

describe('an exchange with other transformers', () => {
  test('declared before it is seen: each meter counts by its own ratio', async () => {
    await using the = await stage([meter()]);
    await the.sense.correct({ device: 'meter', ct: 20, by });
    await the.say(P, 1000);
    await the.clock.advance(HOUR / 2);
    await the.sense.exchange({
      device: 'meter',
      by,
      ct: 40,
      registers: { [P]: { closing: 1000.5, opening: 3 } },
    });
    expect(await the.say(P, 3.25)).toMatchObject({ value: 130, quality: 'good' });
    expect(await the.say(P, 3.5)).toMatchObject({ value: 140 });
    await the.hub.commit();
    expect(the.memory.consumption()).toBeCloseTo(0.5 * 20 + 0.25 * 40 + 0.25 * 40, 6);
  });

  test('any order of ratios, exchanges and readings: steps are what the registers ran, by the ratio of their time', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      await using the = await stage([meter()]);
      let register = Math.floor(random() * 1e5);
      let ratio = 1;
      let real = 0;
      await the.say(P, register);
      for (let i = 0; i < 30; i++) {
        const run = Math.round(random() * 20) / 100;
        const what = random();
        if (what < 0.1) {
          ratio = 1 + Math.floor(random() * 50);
          await the.sense.correct({ device: 'meter', ct: ratio, by });
        } else if (what < 0.2) {
          const closing = Math.round((register + run) * 100) / 100;
          const opening = Math.floor(random() * 1e5);
          real += (closing - register) * ratio;
          const renewed = random() < 0.5 ? {} : { ct: 1 + Math.floor(random() * 50) };
          await the.clock.advance(20 * 60_000);
          await the.sense.exchange({
            device: 'meter',
            by,
            ...renewed,
            registers: { [P]: { closing, opening } },
          });
          ratio = renewed.ct ?? ratio;
          register = opening;
        }
        register = Math.round((register + run) * 100) / 100;
        real += run * ratio;
        await the.say(P, register);
      }
      await the.hub.commit();
      expect([seed, Math.round(Math.abs(the.memory.consumption() - real) * 1e3)]).toEqual([seed, 0]);
    }
  });
});

describe('a calibration', () => {
  test('of two references is the line through them; of one it is its offset or its slope', () => {
    expect(calibrated({ reference: 0, raw: 4 }, { reference: 100, raw: 84 })).toEqual({
      slope: 1.25,
      offset: -5,
    });
    expect(calibrated({ reference: 0, raw: 4 }, undefined)).toEqual({ slope: 1, offset: -4 });
    expect(calibrated(undefined, { reference: 100, raw: 80 })).toEqual({ slope: 1.25, offset: 0 });
    expect(() => calibrated(undefined, undefined)).toThrow('neither zero nor span');
    expect(() => calibrated({ reference: 0, raw: 5 }, { reference: 10, raw: 5 })).toThrow('the same reading');
    expect(() => calibrated({ reference: 0, raw: 0 }, { reference: 100, raw: 10 })).toThrow(
      'slope would be 10',
    );
    expect(calibrated({ reference: 0, raw: 0 }, { reference: 100, raw: 10 }, true).slope).toBe(10);
  });

  test('walks reference by reference, measures again where asked, and writes nothing without a yes', async () => {
    const raws = [3.9, 4.1, 50, 50, 83, 85];
    const measure = async () => raws.shift() ?? Number.NaN;
    const asked: string[] = [];
    const answers = ['', '', '', '', '50', 'r', '', 'y'];
    const dialogue = {
      async ask(question: string, fallback?: string) {
        asked.push(question);
        const answer = answers.shift() ?? '';
        return answer === '' ? (fallback ?? '') : answer;
      },
    };
    const walked = await walk({ samples: 2, dialogue, measure });
    expect(walked).toEqual({
      slope: 0.625,
      offset: -2.5,
      points: [
        { reference: 0, raw: 4 },
        { reference: 50, raw: 84 },
      ],
    });
    expect(asked[2]).toBe('2 readings: 4 on average, 0.2 between them. Enter takes it, r measures again');
    expect(asked.at(-1)).toBe('value = raw × 0.625 − 2.5. Write it? [y/N]');
    const no = {
      ask: async (question: string) =>
        question.includes('[y/N]') ? 'n' : question.includes('zero') ? 's' : '50',
    };
    const again = async () => 48;
    expect(await walk({ samples: 1, dialogue: no, measure: again })).toBeUndefined();
  });
});
