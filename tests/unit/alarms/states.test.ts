/** States and transitions of one alarm (ISA-18.2-2016 Figure 4), in virtual time. */
import { describe, expect, test } from 'vitest';
import { alarmOf, configOf, Life, MINUTE, SECOND, stand } from './stand.ts';

const door = alarmOf({ id: 'door' });

describe('an alarm', () => {
  test('is raised, seen and gone', async () => {
    using site = stand(configOf(door));
    expect(site.state('door')).toBe('normal');
    site.set('door', true);
    expect(site.state('door')).toBe('unacknowledged');
    expect(await site.act({ act: 'acknowledge', alarm: 'door', name: 'Li', note: 'looking' })).toMatchObject({
      ok: true,
      status: {
        state: 'acknowledged',
        acknowledged: { by: 'console:technician', name: 'Li', note: 'looking' },
      },
    });
    site.set('door', false);
    expect(site.state('door')).toBe('normal');
    expect(site.told()).toEqual([
      'raised door unacknowledged',
      'acknowledged door acknowledged',
      'returned door normal',
    ]);
    expect(site.events.map(({ severity }) => severity)).toEqual(['alarm', 'warning', 'info']);
  });

  test('that nobody has seen waits to be seen, also when it is over', async () => {
    using site = stand(configOf(door));
    site.set('door', true);
    site.set('door', false);
    expect(site.state('door')).toBe('returned');
    await site.act({ act: 'acknowledge', alarm: 'door' });
    expect(site.state('door')).toBe('normal');
  });

  test('has delays: what is over sooner is none, what comes back sooner is not over', async () => {
    using site = stand(configOf(alarmOf({ id: 'door', onDelay: 10 * SECOND, offDelay: 5 * SECOND })));
    site.set('door', true);
    await site.clock.advance(9 * SECOND);
    site.set('door', false);
    await site.clock.advance(MINUTE);
    expect(site.told()).toEqual([]);
    site.set('door', true);
    await site.clock.advance(10 * SECOND);
    expect(site.state('door')).toBe('unacknowledged');
    site.set('door', false);
    await site.clock.advance(4 * SECOND);
    site.set('door', true);
    await site.clock.advance(MINUTE);
    expect(site.state('door')).toBe('unacknowledged');
    site.set('door', false);
    await site.clock.advance(5 * SECOND);
    expect(site.state('door')).toBe('returned');
  });

  test('is neither raised nor cleared by what cannot be read, and a delay begins anew behind it', async () => {
    using site = stand(configOf(alarmOf({ id: 'door', onDelay: 10 * SECOND })));
    site.lose('door');
    await site.clock.advance(MINUTE);
    expect(site.told()).toEqual([]);
    site.set('door', true);
    await site.clock.advance(8 * SECOND);
    site.lose('door');
    await site.clock.advance(MINUTE);
    expect(site.state('door')).toBe('normal');
    expect(site.engine.status('door')?.uncertain).toBe(true);
    site.set('door', true);
    await site.clock.advance(9 * SECOND);
    expect(site.state('door')).toBe('normal');
    await site.clock.advance(SECOND);
    expect(site.state('door')).toBe('unacknowledged');
    site.lose('door');
    await site.clock.advance(MINUTE);
    expect(site.state('door')).toBe('unacknowledged');
  });

  test('that latches stays until somebody resets it, which needs its condition to be over', async () => {
    using site = stand(configOf(alarmOf({ id: 'door', latching: true })));
    site.set('door', true);
    expect(await site.act({ act: 'reset', alarm: 'door' })).toMatchObject({ ok: false, code: 'wrong-state' });
    site.set('door', false);
    expect(site.state('door')).toBe('unacknowledged');
    await site.act({ act: 'acknowledge', alarm: 'door' });
    expect(site.state('door')).toBe('latched');
    // A second time while it is latched is news.
    site.set('door', true);
    expect(site.state('door')).toBe('unacknowledged');
    site.set('door', false);
    expect(await site.act({ act: 'reset', alarm: 'door' })).toMatchObject({
      ok: true,
      status: { state: 'normal' },
    });
    expect(site.engine.status('door')).toMatchObject({
      count: 2,
      acknowledged: { by: 'console:technician' },
    });
  });

  test('can be shelved for a while with a reason, and comes back by itself', async () => {
    using site = stand(configOf(door));
    site.set('door', true);
    const shelve = { act: 'shelve', alarm: 'door', duration: 10 * MINUTE } as const;
    expect(await site.act(shelve)).toMatchObject({ ok: false, code: 'malformed' });
    expect(await site.act({ ...shelve, note: 'works', duration: 9 * 60 * MINUTE })).toMatchObject({
      ok: false,
      code: 'not-allowed',
    });
    await site.act({ ...shelve, note: 'works' });
    expect(site.state('door')).toBe('shelved');
    site.set('door', false);
    site.set('door', true);
    await site.clock.advance(9 * MINUTE);
    expect(site.told()).toEqual(['raised door unacknowledged', 'shelved door shelved']);
    await site.clock.advance(MINUTE);
    expect(site.told().at(-1)).toBe('shelving-ended door unacknowledged');
    expect(site.events.at(-1)?.severity).toBe('alarm');
  });

  test('that is out of service says nothing until it is back', async () => {
    using site = stand(configOf(door));
    await site.act({ act: 'out-of-service', alarm: 'door', note: 'door is being exchanged' });
    site.set('door', true);
    expect(site.state('door')).toBe('out-of-service');
    expect(site.told()).toHaveLength(1);
    await site.act({ act: 'in-service', alarm: 'door' });
    expect(site.told().at(-1)).toBe('in-service door unacknowledged');
  });

  test('is told again until it is seen', async () => {
    using site = stand(configOf(alarmOf({ id: 'door', remind: 30 * SECOND })));
    site.set('door', true);
    await site.clock.advance(95 * SECOND);
    expect(site.told()).toEqual([
      'raised door unacknowledged',
      ...Array(3).fill('reminder door unacknowledged'),
    ]);
    await site.act({ act: 'acknowledge', alarm: 'door' });
    await site.clock.advance(5 * MINUTE);
    expect(site.told()).toHaveLength(5);
  });

  test('for a person is not acknowledged by a flow', async () => {
    using site = stand(configOf(alarmOf({ id: 'door', acknowledgedBy: 'person' })));
    site.set('door', true);
    const flow = await site.act({ act: 'acknowledge', alarm: 'door', by: 'flow:rule', person: false });
    expect(flow).toMatchObject({ ok: false, code: 'not-allowed' });
    expect(site.state('door')).toBe('unacknowledged');
  });

  test('that chatters is told once and held until it is quiet', async () => {
    using site = stand(configOf(door));
    for (let i = 0; i < 100; i++) {
      site.set('door', true);
      await site.clock.advance(500);
      site.set('door', false);
      await site.clock.advance(500);
    }
    expect(site.told()).toEqual([
      'raised door unacknowledged',
      'returned door returned',
      'raised door unacknowledged',
      'returned door returned',
      'chattering door unacknowledged',
    ]);
    expect(site.engine.status('door')?.chattering).toBeGreaterThan(50);
    await site.clock.advance(MINUTE);
    expect(site.told().at(-1)).toBe('settled door returned');
    // The next one is an alarm like any other.
    site.set('door', true);
    expect(site.told().at(-1)).toBe('raised door unacknowledged');
  });

  test('refuses what makes no sense, with the reason', async () => {
    using site = stand(configOf(door));
    expect(await site.act({ act: 'acknowledge', alarm: 'window' })).toMatchObject({ code: 'unknown-alarm' });
    expect(await site.act({ act: 'acknowledge', alarm: 'door' })).toMatchObject({
      code: 'wrong-state',
      reason: 'door is normal: there is nothing to acknowledge',
    });
    expect(await site.act({ act: 'unshelve', alarm: 'door' })).toMatchObject({ code: 'wrong-state' });
    expect(await site.act({ act: 'shelve', alarm: 'door', note: 'x' })).toMatchObject({ code: 'malformed' });
  });
});

describe('after a restart', () => {
  test('what was acknowledged stays so, what was not is still to be seen', async () => {
    const life = new Life();
    {
      using site = stand(configOf(door, alarmOf({ id: 'smoke' })), life);
      site.set('door', true);
      site.set('smoke', true);
      await site.act({ act: 'acknowledge', alarm: 'door' });
    }
    using site = stand(configOf(door, alarmOf({ id: 'smoke' })), life);
    expect([site.state('door'), site.state('smoke')]).toEqual(['acknowledged', 'unacknowledged']);
    site.set('door', true);
    site.set('smoke', true);
    expect(site.told()).toEqual([]);
    site.set('door', false);
    expect(site.told()).toEqual(['returned door normal']);
  });

  test('a shelf ends when it was to end, and a press before anything was known is not lost', async () => {
    const life = new Life();
    const button = alarmOf({ id: 'button', latching: true });
    {
      using site = stand(configOf(door, button), life);
      site.set('door', true);
      await site.act({ act: 'shelve', alarm: 'door', duration: 10 * MINUTE, note: 'works' });
    }
    await life.clock.advance(6 * MINUTE);
    using site = stand(configOf(door, button), life, { restore: false });
    site.set('door', true);
    site.set('button', true);
    site.set('button', false);
    expect(site.told()).toEqual([]);
    site.engine.restore(life.statuses);
    expect(site.told()).toEqual(['raised button unacknowledged']);
    expect(site.state('door')).toBe('shelved');
    await site.clock.advance(4 * MINUTE);
    expect(site.state('door')).toBe('unacknowledged');
  });

  test('an alarm that the site file no longer knows is taken back', async () => {
    const life = new Life();
    {
      using site = stand(configOf(door), life);
      site.set('door', true);
      await site.clock.advance(0);
    }
    using site = stand(configOf(), life);
    await site.clock.advance(0);
    expect(site.told()).toEqual(['removed door normal']);
    expect(life.statuses).toMatchObject([{ alarm: 'door', state: 'normal' }]);
  });
});

test('another site file keeps the state of what stays, and of what has changed what people did to it', async () => {
  using site = stand(configOf(door, alarmOf({ id: 'smoke' }), alarmOf({ id: 'gas' })));
  for (const point of ['door', 'smoke', 'gas']) site.set(point, true);
  await site.act({ act: 'acknowledge', alarm: 'smoke' });
  site.engine.reconfigure(configOf(door, alarmOf({ id: 'smoke', priority: 'high', offDelay: 10 * SECOND })));
  expect(site.told().slice(4)).toEqual(['removed gas normal']);
  expect([site.state('door'), site.state('smoke'), site.state('gas')]).toEqual([
    'unacknowledged',
    'acknowledged',
    undefined,
  ]);
  site.set('smoke', false);
  await site.clock.advance(9 * SECOND);
  expect(site.state('smoke')).toBe('acknowledged');
  await site.clock.advance(SECOND);
  expect(site.state('smoke')).toBe('normal');
});
