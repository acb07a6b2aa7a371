import { describe, expect, test } from 'vitest';
import type { Reading } from '../../../agent/core/reading.ts';
import { NO_RULES, type SenseRules } from '../../../agent/core/rules.ts';
import type { DeviceConfig } from '../../../agent/core/site.ts';
import { seeded } from '../../support/seeded.ts';
import { meter, type Stage, stage } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const ruled = (rules: Partial<SenseRules>, stem?: string, id = 'meter'): DeviceConfig => ({
  ...meter(id, stem),
  sense: { ...NO_RULES, ...rules },
});
const why = (one: Reading | undefined) =>
  one?.quality === 'good' ? 'good' : `${one?.quality} ${one?.reason}`;
const events = (the: Stage) =>
  the.memory.events
    .filter(({ event }) => event === 'quality')
    .map(({ body }) => `${body.what} ${body.state}`);

describe('a value that stands still', () => {
  const frozen = {
    points: { 'voltage-l1': { frozenAfter: 30 * MINUTE }, 'power-active-total': { frozenAfter: HOUR } },
  };

  test('is uncertain from then on, keeps its value, and is told once', async () => {
    await using the = await stage([ruled(frozen)]);
    for (const value of [230.1, 230.2, 230.3])
      expect(why(await the.say('voltage-l1', value, MINUTE))).toBe('good');
    for (let i = 1; i <= 29; i++) expect(why(await the.say('voltage-l1', 230.3, MINUTE))).toBe('good');
    const still = await the.say('voltage-l1', 230.3, MINUTE);
    expect([why(still), still?.value]).toEqual(['uncertain frozen', 230.3]);
    await the.say('voltage-l1', 230.3, MINUTE);
    expect(why(await the.say('voltage-l1', 230.2, MINUTE))).toBe('good');
    expect(events(the)).toEqual(['frozen began', 'frozen over']);
  });

  test('at 0 is nothing going on', async () => {
    await using the = await stage([ruled(frozen)]);
    for (let i = 0; i < 200; i++) expect(why(await the.say('power-active-total', 0, MINUTE))).toBe('good');
    expect(events(the)).toEqual([]);
  });
});

describe('a step that no real quantity makes', () => {
  const rules = { points: { 'voltage-l1': { mostStep: 50 } } };

  test('is uncertain, and good once the readings stay there', async () => {
    await using the = await stage([ruled(rules)]);
    const told: string[] = [];
    for (const value of [230, 231, 20, 229, 400, 401, 400, 402, 400])
      told.push(why(await the.say('voltage-l1', value)));
    const odd = 'uncertain implausible';
    expect(told).toEqual(['good', 'good', odd, 'good', odd, odd, odd, 'good', 'good']);
    expect(events(the)).toEqual([
      'implausible-step began',
      'implausible-step over',
      'implausible-step began',
      'implausible-step over',
    ]);
  });

  test('noise of any seed under the limit is never doubted; a spike always is', async () => {
    await using the = await stage([ruled(rules)]);
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      for (let i = 0; i < 50; i++) {
        const spike = i > 5 && random() < 0.05;
        const reading = await the.say('voltage-l1', spike ? 600 : 220 + random() * 20, 1000);
        expect(why(reading)).toBe(spike ? 'uncertain implausible' : 'good');
        // Two spikes in a row stay doubted; more would be a new state of things.
        if (spike) await the.say('voltage-l1', 230, 1000);
      }
    }
  });
});

describe('a total that is not the sum of its parts', () => {
  const parts = ['power-active-l1', 'power-active-l2', 'power-active-l3'];
  const rules = { sums: [{ total: 'power-active-total', parts, share: 0.02, least: 20 }] };
  const poll = async (the: Stage, values: readonly number[], total: number, order = false) => {
    if (order) await the.say('power-active-total', total, 0);
    for (const [i, value] of values.entries()) await the.say(parts[i] ?? '', value, 0);
    return order
      ? the.hub.latest('meter', 'power-active-total')
      : await the.say('power-active-total', total, 0);
  };

  test('is uncertain at the third reading that is not, for points are not read at one instant', async () => {
    await using the = await stage([ruled(rules, 'eastron-sdm630')]);
    const told: string[] = [];
    for (const total of [3000, 3055, 2000, 3000, 2000, 2000, 2000, 2000, 3000]) {
      await the.clock.advance(10_000);
      told.push(why(await poll(the, [1000, 1000, 1000], total)));
    }
    const odd = 'uncertain implausible';
    expect(told).toEqual(['good', 'good', 'good', 'good', 'good', 'good', odd, odd, 'good']);
    expect(events(the)).toEqual(['sum-differs began', 'sum-differs over']);
    expect(the.memory.events.find(({ event }) => event === 'quality')?.body).toMatchObject({
      total: 2000,
      sum: 3000,
    });
  });

  test('a part that is missing or old says nothing', async () => {
    await using the = await stage([ruled(rules, 'eastron-sdm630')]);
    for (let i = 0; i < 5; i++) expect(why(await the.say('power-active-total', 9000))).toBe('good');
    await poll(the, [1000, 1000, 1000], 3000);
    await the.clock.advance(2 * MINUTE);
    for (let i = 0; i < 5; i++) expect(why(await the.say('power-active-total', 9000))).toBe('good');
  });
});

describe('conditions from other points', () => {
  const noise = ruled(
    {
      points: {
        'noise-level': {
          validWhile: [
            { device: 'station', point: 'wind-speed', atMost: 5 },
            { device: 'station', point: 'humidity', atMost: 90 },
          ],
        },
      },
    },
    'renke-500-series',
    'noise',
  );
  const station = meter('station', 'renke-500-series');
  const level = noise.profile.points.find(({ unit }) => unit === 'dB(A)')?.id ?? 'noise-level';

  test('no level is good in strong wind or wet air, and nothing is forbidden by what is not known', async () => {
    const sense = noise.sense ?? NO_RULES;
    const rules = { ...sense, points: { [level]: sense.points['noise-level'] ?? {} } };
    await using the = await stage([{ ...noise, sense: rules }, station]);
    const say = (value: number) => the.say(level, value, 10_000, 'noise');
    expect(why(await say(71))).toBe('good');
    await the.say('wind-speed', 4.9, 0, 'station');
    expect(why(await say(71))).toBe('good');
    await the.say('wind-speed', 5.1, 0, 'station');
    const windy = await say(86);
    expect([why(windy), windy?.value]).toEqual(['uncertain outside-conditions', 86]);
    await the.say('wind-speed', 2, 0, 'station');
    await the.say('humidity', 96, 0, 'station');
    expect(why(await say(86))).toBe('uncertain outside-conditions');
    await the.say('humidity', 60, 0, 'station');
    expect(why(await say(64))).toBe('good');
    await the.say('wind-speed', 9, 0, 'station');
    await the.clock.advance(11 * MINUTE);
    expect(why(await say(64))).toBe('good');
    expect(events(the)).toEqual(['outside-conditions began', 'outside-conditions over']);
    expect(the.memory.events.find(({ event }) => event === 'quality')?.body).toMatchObject({
      by: 'station/wind-speed',
    });
  });
});

test('a rain gauge that counts: it rains while it rises, and for ten minutes after', async () => {
  await using the = await stage([meter('station', 'renke-500-series')]);
  const say = async (rain: number, after: number) => {
    await the.say('rain', rain, after, 'station');
    return why(await the.say('noise', 60, 0, 'station'));
  };
  const wet = 'uncertain outside-conditions';
  expect([await say(12, 0), await say(12, MINUTE), await say(12.2, MINUTE)]).toEqual(['good', 'good', wet]);
  expect([await say(12.2, 9 * MINUTE), await say(12.2, 2 * MINUTE)]).toEqual([wet, 'good']);
  // Set to zero at midnight, also after a silence: that is no rain and no riddle.
  expect(await say(0, 3 * HOUR)).toBe('good');
  expect([await say(0, MINUTE), await say(0, MINUTE)]).toEqual(['good', 'good']);
  expect(await the.sense.tasks()).toEqual([]);
});

test('what was uncertain for another reason keeps its reason, and a bad reading is none', async () => {
  await using the = await stage([ruled({ points: { 'voltage-l1': { mostStep: 1 } } })]);
  const at = { device: 'meter', point: 'voltage-l1', unit: 'V' } as const;
  const simulated = { ...at, value: 230, quality: 'uncertain', reason: 'simulated', time: 2000 } as const;
  const bad = { ...at, value: null, quality: 'bad', reason: 'timeout', time: 3000 } as const;
  the.sense.readings([simulated, bad, { ...simulated, value: 300, time: 4000 }]);
  await the.hub.commit();
  expect(the.memory.readings.map(({ reason }) => reason)).toEqual(['simulated', 'timeout', 'simulated']);
});
