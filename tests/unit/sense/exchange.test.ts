import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Memory, meter, stage } from './stage.ts';

const HOUR = 3_600_000;
const P = 'energy-import';
const by = 'Li Wei';

const quality = (one: { quality: string; reason?: string } | undefined) =>
  `${one?.quality} ${one?.reason ?? ''}`.trim();

describe('an exchange that is declared', () => {
  test('before the new meter is read: what both meters counted counts, and nothing is to be done', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1200);
    await the.say(P, 1200.5);
    await the.clock.advance(20 * 60_000);
    const exchange = await the.sense.exchange({
      device: 'meter',
      by,
      oldSerial: 'A1',
      newSerial: 'B2',
      registers: { [P]: { closing: 1201, opening: 3 } },
    });
    expect(exchange).toMatchObject({ state: 'pending', found: [], oldSerial: 'A1', by });
    expect(await the.sense.tasks()).toMatchObject([{ mark: 'exchange' }]);
    expect(quality(await the.say(P, 3.2))).toBe('good');
    await the.say(P, 3.3);
    expect(the.memory.breaks()).toMatchObject([
      { kind: 'exchange', state: 'settled', closing: 1201, opening: 3 },
    ]);
    await the.hub.commit();
    expect(the.memory.consumption()).toBeCloseTo(0.5 + 0.5 + 0.2 + 0.1, 9);
    expect(await the.sense.tasks()).toEqual([]);
  });

  test('after it was seen: the task is done, and the step gets what the displays said', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1200);
    expect(quality(await the.say(P, 5, HOUR))).toBe('uncertain implausible');
    await the.say(P, 5.1);
    expect(the.health.get('meter:meter')).toBeUndefined();
    expect(quality(await the.say(P, 5.2))).toBe('good');
    const task = the.health.get('meter:meter');
    expect(task).toMatchObject({ state: 'degraded', facts: { jumps: 1 } });
    expect(task?.message).toContain('energy-import went from 1200 to 5 kW.h');
    expect(task?.fix).toContain('kerbside meter exchange meter');
    await the.hub.commit();
    expect(the.memory.consumption()).toBeCloseTo(0.2, 9);
    const at = the.clock.mapping().wall + the.clock.mono() - 30 * 60_000;
    await the.sense.exchange({ device: 'meter', by, at, registers: { [P]: { closing: 1202, opening: 4 } } });
    expect(the.memory.consumption()).toBeCloseTo(2 + 1 + 0.2, 9);
    expect(the.health.get('meter:meter')).toMatchObject({ state: 'ok' });
  });

  test('over a restart in between, and with the new meter first read after it', async () => {
    const clock = new VirtualClock();
    const memory = new Memory();
    {
      await using the = await stage([meter()], { clock, memory });
      await the.say(P, 1200);
      await the.sense.exchange({ device: 'meter', by, registers: { [P]: { closing: 1200.4, opening: 0 } } });
    }
    await using the = await stage([meter()], { clock, memory });
    await the.say(P, 0.3, HOUR);
    await the.hub.commit();
    expect(memory.consumption()).toBeCloseTo(0.4 + 0.3, 9);
    expect(await the.sense.tasks()).toEqual([]);
  });

  test('with numbers that cannot be is refused with the number that can; --force takes it, never backwards', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1200);
    const declare = (closing: number, opening: number, force = false) =>
      the.sense.exchange({ device: 'meter', by, force, registers: { [P]: { closing, opening } } });
    await expect(declare(1100, 0)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('cannot end at 1100, it was read at 1200'),
      fix: expect.stringContaining('--closing energy-import=1200'),
    });
    await expect(declare(99_999, 0)).rejects.toThrow('cannot have gone from 1200 to 99999');
    await expect(the.sense.exchange({ device: 'nobody', by, registers: {} })).rejects.toMatchObject({
      code: 'not-found',
      fix: 'meters are meter',
    });
    await expect(the.sense.exchange({ device: 'meter', by, registers: {} })).rejects.toThrow(
      'names no register',
    );
    await expect(
      the.sense.exchange({ device: 'meter', by, registers: { volume: { closing: 1, opening: 0 } } }),
    ).rejects.toThrow('has no counter volume');
    await declare(1100, 0, true);
    await the.say(P, 0.1, 20 * 60_000);
    await the.hub.commit();
    expect(the.memory.steps()).toEqual([expect.closeTo(0.1, 9)]);
  });

  test('and taken back waits no more', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1200);
    const { id } = await the.sense.exchange({
      device: 'meter',
      by,
      registers: { [P]: { closing: 1200, opening: 0 } },
    });
    expect(await the.sense.withdraw(id)).toMatchObject({ state: 'withdrawn' });
    expect(await the.sense.tasks()).toEqual([]);
    await expect(the.sense.withdraw(id)).rejects.toThrow('waits to be seen');
    await the.say(P, 0.1, HOUR);
    expect(the.memory.breaks()).toMatchObject([{ kind: 'unexplained' }]);
  });
});

describe('a jump that is no exchange', () => {
  test.each([
    ['consumption', 3000],
    ['nothing', 0],
  ] as const)('explained as %s counts %d', async (as, more) => {
    await using the = await stage([meter('meter', 'eastron-sdm120', 10_000)]);
    await the.say(P, 1200);
    await the.say(P, 4200, 120_000);
    await the.say(P, 4200.1);
    await the.say(P, 4200.2);
    await the.sense.explain('meter', undefined, as, by);
    expect(the.memory.consumption()).toBeCloseTo(more + 0.2, 6);
    expect(the.health.get('meter:meter')?.state).toBe('ok');
    await expect(the.sense.explain('meter', undefined, as, by)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('downwards is no consumption, and may be a reset', async () => {
    await using the = await stage([meter()]);
    for (const [value, after] of [
      [1200, 0],
      [2, HOUR],
      [2.1, 10_000],
      [2.2, 10_000],
    ] as const)
      await the.say(P, value, after);
    await expect(the.sense.explain('meter', P, 'consumption', by)).rejects.toThrow('that was no consumption');
    await the.sense.explain('meter', P, 'reset', by);
    expect(the.memory.consumption()).toBeCloseTo(2 + 0.2, 9);
  });

  test('a single wrong value is uncertain, takes itself back and is nobody’s task', async () => {
    await using the = await stage([meter()]);
    await the.say(P, 1200);
    expect(quality(await the.say(P, 770_000))).toBe('uncertain implausible');
    expect(quality(await the.say(P, 1200.1))).toBe('good');
    expect(quality(await the.say(P, 0))).toBe('uncertain implausible');
    expect(quality(await the.say(P, 1200.2))).toBe('good');
    await the.hub.commit();
    expect(Math.min(...the.memory.steps())).toBeGreaterThanOrEqual(-1e-9);
    expect(the.memory.consumption()).toBeCloseTo(0.2, 6);
    expect(await the.sense.tasks()).toEqual([]);
    expect(the.memory.breaks().map(({ kind, state }) => [kind, state])).toEqual(
      Array.from({ length: 4 }, () => ['outlier', 'settled']),
    );
  });

  test('wrong values that even run on are taken back with all they counted', async () => {
    await using the = await stage([meter()]);
    for (const value of [1200, 770_000, 770_000.4, 1200.1, 3, 900_000, 1200.2]) await the.say(P, value);
    await the.hub.commit();
    expect(the.memory.consumption()).toBeCloseTo(0.2, 6);
    expect(await the.sense.tasks()).toEqual([]);
  });

  test('a break that was doubted when the agent stopped is doubted on, and confirmed', async () => {
    const clock = new VirtualClock();
    const memory = new Memory();
    {
      await using the = await stage([meter()], { clock, memory });
      await the.say(P, 1200);
      await the.say(P, 5, HOUR);
    }
    await using the = await stage([meter()], { clock, memory });
    await the.say(P, 5.1);
    await the.say(P, 5.2);
    expect(memory.breaks()).toMatchObject([{ kind: 'unexplained', state: 'open' }]);
    expect(the.health.get('meter:meter')).toMatchObject({ state: 'degraded' });
  });
});

test('what ran in a silence is held to the busiest hour the log knows, once it knows a week', async () => {
  const jump = async (peak: { most: number; hours: number } | undefined, sense?: object) => {
    const memory = new Memory();
    if (peak !== undefined) memory.peaks = [{ device: 'meter', point: P, ...peak }];
    await using the = await stage([{ ...meter(), ...sense }], { memory });
    await the.say(P, 1000);
    return quality(await the.say(P, 1100, 2 * HOUR));
  };
  expect(await jump(undefined)).toBe('good');
  expect(await jump({ most: 2, hours: 100 })).toBe('good');
  expect(await jump({ most: 2, hours: 168 })).toBe('uncertain implausible');
  expect(await jump({ most: 11, hours: 168 })).toBe('good');
  const rules = { points: { [P]: { mostPerHour: 60 } }, sums: [], freezes: {} };
  expect(await jump({ most: 2, hours: 500 }, { sense: rules })).toBe('good');
});

test('an agent whose log cannot be read calls nothing good, and mends itself', async () => {
  await using the = await stage([meter()]);
  let works = false;
  const memory = {
    marks: async () => {
      if (!works) throw new Error('disk is ill');
      return [];
    },
    latest: async () => [],
  };
  await the.sense.remember(memory);
  expect(quality(await the.say(P, 1200))).toBe('uncertain configuration');
  expect(the.health.get('sense')).toMatchObject({ state: 'degraded' });
  works = true;
  await the.clock.advance(20_000);
  expect(quality(await the.say(P, 1200))).toBe('good');
  expect(the.health.get('sense')).toMatchObject({ state: 'ok' });
});

test('readings and events wait until the log has told what was declared, and come out in order', async () => {
  await using the = await stage([meter()], { remember: false });
  await the.say(P, 1200);
  the.sense.event({ event: 'device', severity: 'info', device: 'meter', time: the.clock.mono(), body: {} });
  expect(await the.say(P, 5, HOUR)).toBeUndefined();
  expect(the.memory.events).toEqual([]);
  await the.remember();
  await the.hub.commit();
  expect(the.memory.readings.map(({ value, quality: q }) => [value, q])).toEqual([
    [1200, 'good'],
    [5, 'uncertain'],
  ]);
  expect(the.memory.events.map(({ event }) => event)).toEqual(['device', 'meter']);
});

test('a late reading and a bad one are passed on as they are', async () => {
  await using the = await stage([meter()]);
  await the.say(P, 1200);
  await the.say(P, 1201);
  const late = {
    device: 'meter',
    point: P,
    value: 5,
    unit: 'kW.h',
    quality: 'good',
    time: the.clock.mono() - 15_000,
  } as const;
  const bad = { ...late, value: null, quality: 'bad', reason: 'timeout', time: the.clock.mono() } as const;
  the.sense.readings([late, bad]);
  await the.hub.commit();
  expect(the.memory.readings.slice(-2)).toEqual([late, bad]);
  expect(the.memory.breaks()).toEqual([]);
});
