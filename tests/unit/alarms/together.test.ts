/** Alarms that explain others, first-out, floods. */
import { describe, expect, test } from 'vitest';
import type { AlarmStatus } from '../../../agent/core/alarm/alarm.ts';
import { alarmOf, configOf, Life, MINUTE, SECOND, stand } from './stand.ts';

const supply = alarmOf({ id: 'supply', priority: 'high' });
const meters = [1, 2, 3].map((i) => alarmOf({ id: `meter-${i}`, onDelay: 10 * SECOND, causes: ['supply'] }));

describe('one supply loss', () => {
  test('is one alarm with its children listed under it, and they go with it', async () => {
    using site = stand(configOf(supply, ...meters));
    for (const point of ['supply', 'meter-1', 'meter-2', 'meter-3']) site.set(point, true);
    await site.clock.advance(MINUTE);
    expect(site.told()[0]).toBe('raised supply unacknowledged');
    expect(site.told().slice(1).join(', ')).toMatch(
      /^together (?=.*meter-1 suppressed)(?=.*meter-2 suppressed)(?=.*meter-3 suppressed)/,
    );
    expect(site.engine.status('supply')?.suppresses).toEqual(['meter-1', 'meter-2', 'meter-3']);
    expect(site.engine.counts()).toMatchObject({ standing: 1, suppressed: 3, raised: 1 });
    for (const point of ['supply', 'meter-1', 'meter-2', 'meter-3']) site.set(point, false);
    await site.clock.advance(2 * MINUTE);
    expect(['meter-1', 'meter-2', 'meter-3'].map((id) => site.state(id))).toEqual([
      'normal',
      'normal',
      'normal',
    ]);
    expect(site.told().some((one) => one.startsWith('raised meter'))).toBe(false);
    expect(site.engine.status('supply')?.suppresses).toBeUndefined();
  });

  test('a child that stays when its cause has gone is an alarm of its own, after some grace', async () => {
    using site = stand(configOf(supply, ...meters));
    site.set('supply', true);
    site.set('meter-1', true);
    await site.clock.advance(MINUTE);
    site.set('supply', false);
    await site.clock.advance(29 * SECOND);
    expect(site.told().some((one) => one.startsWith('raised meter'))).toBe(false);
    await site.clock.advance(2 * SECOND);
    expect(site.state('meter-1')).toBe('unacknowledged');
  });

  test('a child that came first is taken under it, and keeps what people did', async () => {
    using site = stand(configOf(supply, ...meters));
    site.set('meter-1', true);
    site.set('meter-2', true);
    await site.clock.advance(10 * SECOND);
    await site.act({ act: 'acknowledge', alarm: 'meter-1' });
    site.set('supply', true);
    expect([site.state('meter-1'), site.state('meter-2')]).toEqual(['suppressed', 'suppressed']);
    site.set('supply', false);
    expect([site.state('meter-1'), site.state('meter-2')]).toEqual(['acknowledged', 'unacknowledged']);
  });

  test('a cause of a cause: each lists its own', async () => {
    const line = alarmOf({ id: 'line', causes: ['supply'] });
    const meter = alarmOf({ id: 'meter', causes: ['line'] });
    using site = stand(configOf(supply, line, meter));
    for (const point of ['supply', 'line', 'meter']) site.set(point, true);
    await site.clock.advance(SECOND);
    expect(site.engine.status('supply')?.suppresses).toEqual(['line']);
    expect(site.engine.status('line')?.suppresses).toEqual(['meter']);
  });

  test('lives through a restart', async () => {
    const life = new Life();
    {
      using site = stand(configOf(supply, ...meters), life);
      for (const point of ['supply', 'meter-1', 'meter-2']) site.set(point, true);
      await site.clock.advance(MINUTE);
    }
    using site = stand(configOf(supply, ...meters), life);
    expect([site.state('supply'), site.state('meter-1'), site.state('meter-2')]).toEqual([
      'unacknowledged',
      'suppressed',
      'suppressed',
    ]);
    for (const point of ['supply', 'meter-1', 'meter-2']) site.set(point, true);
    await site.clock.advance(MINUTE);
    expect(site.told().filter((one) => one.startsWith('raised'))).toEqual([]);
  });
});

test('the first of a group says so, until it is over', async () => {
  using site = stand(configOf(...['a', 'b', 'c'].map((id) => alarmOf({ id, group: 'feeder' }))));
  site.set('b', true);
  site.set('a', true);
  expect(site.engine.status('b')?.firstOut).toBe(true);
  expect(site.engine.status('a')?.firstOut).toBeUndefined();
  site.set('b', false);
  await site.act({ act: 'acknowledge', alarm: 'b' });
  expect(site.engine.status('b')?.firstOut).toBeUndefined();
});

describe('a flood', () => {
  const many = Array.from({ length: 30 }, (_, i) =>
    alarmOf({ id: `low-${i}`, priority: i < 15 ? 'low' : 'medium' }),
  );
  const urgent = alarmOf({ id: 'smoke', priority: 'critical' });

  test('is said, what is less urgent is told together, what is urgent at once, and it ends', async () => {
    using site = stand(configOf(...many, urgent));
    for (let i = 0; i < 30; i++) site.set(`low-${i}`, true);
    expect(site.told().filter((one) => one.startsWith('raised low'))).toHaveLength(10);
    expect(site.told()).toContain('raised alarm-flood unacknowledged');
    site.set('smoke', true);
    expect(site.told().at(-1)).toBe('raised smoke unacknowledged');
    await site.clock.advance(11 * SECOND);
    const together = site.events.filter(({ body }) => body.what === 'together');
    const ids = together.flatMap(({ body }) =>
      (body.marks as unknown as readonly AlarmStatus[]).map(({ alarm }) => alarm),
    );
    expect(new Set(ids).size).toBe(20);
    expect(site.engine.counts().flood).toBe(true);
    await site.clock.advance(11 * MINUTE);
    expect(site.engine.counts().flood).toBe(false);
    expect(site.told().at(-1)).toBe('returned alarm-flood returned');
  });

  test('keeps every state for the next start', async () => {
    const life = new Life();
    {
      using site = stand(configOf(...many), life);
      for (let i = 0; i < 30; i++) site.set(`low-${i}`, true);
    }
    await life.clock.advance(0);
    using site = stand(configOf(...many), life);
    expect(Array.from({ length: 30 }, (_, i) => site.state(`low-${i}`))).toEqual(
      Array(30).fill('unacknowledged'),
    );
  });
});
