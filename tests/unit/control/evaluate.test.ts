/** The ladder: every rung wins over those below it, and nothing makes a street dark at night that may not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, type LightInputs, type Rung } from '../../../agent/control/lighting/evaluate.ts';
import { Nights } from '../../../agent/control/lighting/night.ts';
import { sunElevation } from '../../../agent/control/lighting/sun.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import { programmeFrom, TIMEZONE, ZIBO } from './programme-of.ts';

const programme = programmeFrom({
  levels: [
    { from: 'dusk', level: 100 },
    { from: '23:00', level: 50 },
    { from: '05:00', level: 80 },
  ],
  calendar: [{ days: ['sat'], levels: [{ from: 'dusk', level: 90 }] }],
  exceptions: [
    {
      title: 'Spring Festival',
      from: '2027-02-05',
      to: '2027-02-12',
      levels: [{ from: 'dusk', level: 100 }],
    },
  ],
  class: 40,
});
const nights = new Nights(new LocalDays(TIMEZONE), ZIBO, programme.elevation);

/** Local time of Shanghai. */
const at = (text: string) => Date.parse(`${text}+08:00`);

function decide(time: number, change: Partial<LightInputs> = {}, of = programme) {
  return evaluate(of, nights, nights.at(time), {
    time,
    trusted: true,
    elevation: sunElevation(ZIBO, time),
    photocell: undefined,
    safety: undefined,
    boosts: [],
    override: undefined,
    maintenance: undefined,
    traffic: undefined,
    ...change,
  });
}

describe('the ladder', () => {
  test.each<[string, Rung, number]>([
    ['2027-03-03T12:00', 'day', 0],
    ['2027-03-03T19:30', 'calendar', 100],
    ['2027-03-03T23:30', 'calendar', 50],
    ['2027-03-04T02:00', 'calendar', 50],
    ['2027-03-04T05:30', 'calendar', 80],
    ['2027-03-06T23:30', 'calendar', 90],
    ['2027-03-07T02:00', 'calendar', 90],
    ['2027-02-06T02:00', 'exception', 100],
    ['2027-02-13T02:00', 'exception', 100],
    ['2027-02-13T23:30', 'calendar', 90],
  ])('%s: %s, %i %%', (time, rung, level) => {
    expect(decide(at(time))).toMatchObject({ rung, level });
  });

  const night = at('2027-03-04T02:00');
  test.each<[Partial<LightInputs>, Rung, number]>([
    [{ traffic: 75 }, 'traffic', 75],
    [{ traffic: 40 }, 'calendar', 50],
    [{ maintenance: 100, traffic: 75 }, 'maintenance', 100],
    [{ override: { level: 20, issuer: 'uplink:city' }, maintenance: 100 }, 'override', 20],
    [{ override: { level: 0, issuer: 'console:ann' } }, 'override', 0],
    [
      {
        boosts: [{ title: 'SOS', level: 100, always: true }],
        override: { level: 20, issuer: 'uplink:city' },
      },
      'boost',
      100,
    ],
    [{ boosts: [{ title: 'bus', level: 30, always: false }] }, 'calendar', 50],
    [{ safety: 'leakage', boosts: [{ title: 'SOS', level: 100, always: true }] }, 'safety', 0],
    [{ trusted: false }, 'fail-safe', 100],
    [{ trusted: false, photocell: 'dark' }, 'photocell', 100],
    [{ trusted: false, photocell: 'light' }, 'photocell', 0],
  ])('%j: %s, %i %%', (change, rung, level) => {
    expect(decide(night, change)).toMatchObject({ rung, level });
  });

  test('a boost for the dark leaves the day alone, one for always does not', () => {
    const noon = at('2027-03-04T12:00');
    const boost = { title: 'bus', level: 100 };
    expect(decide(noon, { boosts: [{ ...boost, always: false }] }).level).toBe(0);
    expect(decide(noon, { boosts: [{ ...boost, always: true }] }).level).toBe(100);
  });

  test('the photocell decides in its window only', () => {
    const celled = programmeFrom({ photocell: { device: 'board', point: 'illuminance' } });
    const noon = at('2027-03-04T12:00');
    expect(decide(noon, { photocell: 'dark' }, celled).lit).toBe(false);
    expect(decide(night, { photocell: 'light' }, celled).lit).toBe(true);
    const dusk = nights.at(night).dark?.dusk ?? 0;
    expect(decide(dusk - 60_000, { photocell: 'dark' }, celled).lit).toBe(true);
    expect(decide(dusk + 60_000, { photocell: 'light' }, celled).lit).toBe(false);
    expect(decide(dusk + 60_000, { photocell: undefined }, celled).lit).toBe(true);
  });
});

test('property: whatever is known, a lamp is dark at night only for safety or an override that asks for it', () => {
  const inputs = fc.record({
    minute: fc.integer({ min: 0, max: 366 * 1440 }),
    trusted: fc.boolean(),
    photocell: fc.constantFrom('dark', 'light', undefined),
    safety: fc.option(fc.constant('leakage'), { nil: undefined, freq: 10 }),
    boosts: fc.array(
      fc.record({ title: fc.constant('b'), level: fc.integer({ min: 0, max: 100 }), always: fc.boolean() }),
    ),
    override: fc.option(fc.record({ level: fc.integer({ min: 0, max: 100 }), issuer: fc.constant('x') }), {
      nil: undefined,
    }),
    maintenance: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined, freq: 10 }),
    traffic: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(inputs, ({ minute, ...known }) => {
      const time = at('2027-01-01T00:00') + minute * 60_000;
      const decision = decide(time, known);
      expect(decision.level).toBeGreaterThanOrEqual(0);
      expect(decision.level).toBeLessThanOrEqual(100);
      // Deep in the night, or with no clock and no cell to say otherwise.
      const night = known.trusted ? sunElevation(ZIBO, time) < -6 : known.photocell !== 'light';
      if (!night || known.maintenance !== undefined) return;
      // A faint boost over an override that asks for dark is the override's darkness still.
      const asked = known.override !== undefined && known.override.level < 40;
      if (decision.level < 40)
        expect(asked ? ['safety', 'override', 'boost'] : ['safety']).toContain(decision.rung);
      if (decision.rung === 'override') expect(decision.level).toBe(known.override?.level);
    }),
    { numRuns: 3000, seed: 20271127 },
  );
});
