/** The controller over the real router: the lamp follows the ladder through nights, faults, crashes and lost clocks. */
import { describe, expect, test } from 'vitest';
import { EVALUATE_EVERY } from '../../../agent/control/lighting/controller.ts';
import { sunElevation } from '../../../agent/control/lighting/sun.ts';
import { good } from '../../../agent/core/reading.ts';
import { seeded } from '../../support/seeded.ts';
import { Pole, runLamp } from './lamp.ts';
import { programmeFrom, ZIBO } from './programme-of.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const at = (text: string) => Date.parse(`${text}+08:00`);
/** One evaluation and the ramp behind it. */
const SETTLED = EVALUATE_EVERY + 12 * SECOND;

const programme = programmeFrom({
  levels: [
    { from: 'dusk', level: 100 },
    { from: '23:00', level: 50 },
    { from: '05:00', level: 80 },
  ],
  class: 40,
  boosts: [{ title: 'SOS', when: { device: 'board', point: 'sos', is: true }, hold: '10min', always: true }],
  safety: [{ title: 'leakage', device: 'meter', point: 'residual-current', above: 300 }],
});

const sos = (pole: Pole, value: boolean) =>
  good({ device: 'board', point: 'sos', unit: '1' }, value, pole.clock.mono());
const leak = (pole: Pole, value: number) =>
  good({ device: 'meter', point: 'residual-current', unit: 'mA' }, value, pole.clock.mono());

describe('a lamp under its programme', () => {
  test('shows what it should after a boot at each hour, whatever it showed before', async () => {
    for (let hour = 0; hour < 24; hour++) {
      for (const level of [0, 37, 100]) {
        const pole = new Pole(at('2027-03-03T00:30') + hour * HOUR);
        pole.level = level;
        await using run = await runLamp(pole, programme);
        await pole.clock.advance(SETTLED);
        expect({ hour, level: pole.level }).toEqual({
          hour,
          level: hour < 5 ? 50 : hour < 6 ? 80 : hour < 18 ? 0 : hour < 23 ? 100 : 50,
        });
        expect(run.lighting.decision('lamp-1')?.level).toBe(pole.level);
      }
    }
  });

  test('goes down in steps that nobody sees and up at once', async () => {
    const pole = new Pole(at('2027-03-03T22:59:50'));
    pole.level = 100;
    await using run = await runLamp(pole, programme);
    await pole.clock.advance(40 * SECOND);
    const down = pole.writes.map(({ level }) => level);
    expect(down.at(-1)).toBe(50);
    expect(down.length).toBeGreaterThanOrEqual(5);
    for (const [i, level] of down.entries()) expect((down[i - 1] ?? 100) - level).toBeLessThanOrEqual(10);
    pole.writes.length = 0;
    run.hub.readings([sos(pole, true)]);
    await pole.clock.advance(SECOND);
    expect(pole.writes.map(({ level }) => level)).toEqual([100]);
  });

  test('SOS raises over an override, which comes back when it is over', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    await using run = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    expect((await run.submit({ value: 20, lease: 2 * HOUR })).state).toBe('done');
    run.hub.readings([sos(pole, true)]);
    await pole.clock.advance(SECOND);
    expect(pole.level).toBe(100);
    run.hub.readings([sos(pole, false)]);
    await pole.clock.advance(10 * MINUTE + SETTLED);
    expect(pole.level).toBe(20);
    await pole.clock.advance(2 * HOUR);
    expect(pole.level).toBe(50);
  });

  test('safety is off at once and tells why; the lamp comes back when it is over', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    await using run = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    run.hub.readings([leak(pole, 500)]);
    await pole.clock.advance(SECOND);
    expect(pole.level).toBe(0);
    expect(run.events.at(-1)).toMatchObject({
      event: 'light',
      severity: 'warning',
      body: { rung: 'safety', why: 'leakage' },
    });
    run.hub.readings([leak(pole, 10)]);
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(50);
  });

  test.for([
    { from: '2027-03-04T05:30', night: true },
    { from: '2027-03-04T17:00', night: false },
  ])('dawn and dusk are told under an override too: from $from', async ({ from, night }) => {
    const pole = new Pole(at(from));
    await using run = await runLamp(pole, programme);
    const told: unknown[] = [];
    run.hub.onReadings((readings) =>
      told.push(...readings.filter(({ point }) => point === 'night').map(({ value }) => value)),
    );
    await pole.clock.advance(SETTLED);
    await run.submit({ value: 20, lease: 24 * HOUR });
    await pole.clock.advance(10 * MINUTE);
    expect(new Set(told)).toEqual(new Set([night]));
    await pole.clock.advance(2 * HOUR);
    expect(told.at(-1)).toBe(!night);
    expect(run.lighting.decision('lamp-1')).toMatchObject({ rung: 'override', lit: !night });
    expect(told.indexOf(!night)).toBeGreaterThan(told.lastIndexOf(night));
  });

  test('what it wants is told every minute, and an event only where the reason changes', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    await using run = await runLamp(pole, programme);
    const told: number[] = [];
    run.hub.onReadings((readings) =>
      told.push(...readings.filter(({ point }) => point === 'wanted').map(({ time }) => time)),
    );
    await pole.clock.advance(10 * MINUTE);
    expect(told.length).toBeGreaterThanOrEqual(10);
    expect(told.length).toBeLessThanOrEqual(12);
    expect(run.events.filter(({ event }) => event === 'light')).toHaveLength(1);
  });

  test('a command without a lease holds for its time; a month of silence of the city leaves the programme', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    await using run = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    await run.submit({ value: 10 });
    await pole.clock.advance(59 * MINUTE);
    expect(pole.level).toBe(10);
    await pole.clock.advance(2 * MINUTE);
    expect(pole.level).toBe(50);
  });

  test('an override is taken up after a crash and ends when it would have; nothing else is restored', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    {
      await using run = await runLamp(pole, programme);
      await pole.clock.advance(SETTLED);
      await run.submit({ value: 10, lease: HOUR });
    }
    pole.level = 100;
    await pole.clock.advance(30 * MINUTE);
    await using _ = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(10);
    await pole.clock.advance(30 * MINUTE);
    expect(pole.level).toBe(50);
  });

  test('a board that resets, falls silent or loses its level is brought back', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    await using run = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    pole.level = 0;
    run.hub.readings([pole.reading()]);
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(50);
    pole.alive = false;
    pole.level = 0;
    run.hub.readings([{ ...pole.reading(), value: null, quality: 'bad', reason: 'timeout' }]);
    await pole.clock.advance(10 * MINUTE);
    expect(pole.level).toBe(0);
    pole.alive = true;
    await pole.clock.advance(70 * SECOND);
    expect(pole.level).toBe(50);
  });

  test('the lamp is kept with an ill disk and without a clock', async () => {
    const pole = new Pole(at('2027-03-04T01:00'));
    pole.ill = true;
    await using _ = await runLamp(pole, programme);
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(50);
    // The clock of a dead battery: 1970, which would be day.
    pole.clock.remap({ mono: pole.clock.mono(), wall: 6 * HOUR, rate: 1, rank: 'none', uncertaintyMs: 1e12 });
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(100);
    pole.clock.remap({
      mono: pole.clock.mono(),
      wall: at('2027-03-04T12:00'),
      rate: 1,
      rank: 'ntp',
      uncertaintyMs: 1,
    });
    await pole.clock.advance(SETTLED);
    expect(pole.level).toBe(0);
  });
});

test('property: killed at any instant of a year, never dark at night without a reason, never stale', async () => {
  const random = seeded(20271127);
  for (let night = 0; night < 25; night++) {
    const pole = new Pole(at('2027-01-01T00:00') + Math.floor(random() * 365 * 24 * 60) * MINUTE);
    pole.level = Math.floor(random() * 101);
    for (let life = 0; life < 4; life++) {
      await using run = await runLamp(pole, programme);
      await pole.clock.advance(SETTLED);
      const wanted = run.lighting.decision('lamp-1');
      expect(pole.level).toBe(wanted?.level);
      if (sunElevation(ZIBO, pole.now) < -6 && wanted?.rung !== 'override')
        expect(pole.level).toBeGreaterThanOrEqual(40);
      if (random() < 0.3)
        await run.submit({ value: Math.floor(random() * 101), lease: Math.ceil(random() * HOUR) });
      // Killed wherever it is, also in a ramp; the lamp stays as it was or falls to a level of its own.
      await pole.clock.advance(random() * 90 * MINUTE);
      if (random() < 0.3) pole.level = Math.floor(random() * 101);
    }
  }
});
