import { expect, test } from 'vitest';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { Memory, meter, stage } from './stage.ts';

const MINUTE = 60_000;
const P = 'voltage-l1';
const order = { device: 'meter', by: 'Li Wei', why: 'new CT', lasts: 30 * MINUTE };
const told = (memory: Memory) =>
  memory.events
    .filter(({ event }) => event === 'maintenance')
    .map(({ body }) => [body.by, body.endedBy ?? null]);

test('marks the readings of its device and of no other, and ends by itself at its time', async () => {
  await using the = await stage([meter(), meter('other')]);
  expect(await the.say(P, 230)).toMatchObject({ quality: 'good' });
  const window = await the.sense.beginMaintenance(order);
  expect(window.until - window.since).toBe(30 * MINUTE);
  expect(await the.say(P, 12)).toMatchObject({ value: 12, quality: 'uncertain', reason: 'maintenance' });
  expect(await the.say(P, 230, 0, 'other')).toMatchObject({ quality: 'good' });
  expect(await the.sense.maintenance()).toMatchObject([{ device: 'meter', by: 'Li Wei', why: 'new CT' }]);
  expect(the.health.get('maintenance:meter')?.message).toContain('Li Wei works on it until');
  await the.clock.advance(29 * MINUTE);
  expect(await the.sense.maintenance()).toHaveLength(1);
  await the.clock.advance(2 * MINUTE);
  expect(await the.sense.maintenance()).toEqual([]);
  expect(the.health.get('maintenance:meter')?.message).toBeUndefined();
  expect(await the.say(P, 231)).toMatchObject({ quality: 'good' });
  expect(told(the.memory)).toEqual([
    ['Li Wei', null],
    ['Li Wei', 'itself'],
  ]);
});

test('ended by hand, or replaced by a later one', async () => {
  await using the = await stage([meter()]);
  await the.sense.beginMaintenance(order);
  await the.sense.beginMaintenance({ ...order, by: 'Zhao', lasts: 2 * 60 * MINUTE });
  expect(await the.sense.maintenance()).toMatchObject([{ by: 'Zhao' }]);
  await the.clock.advance(MINUTE);
  expect(await the.sense.endMaintenance('meter', 'Li Wei')).toMatchObject({ endedBy: 'Li Wei' });
  expect(await the.say(P, 230)).toMatchObject({ quality: 'good' });
  await expect(the.sense.endMaintenance('meter', 'Li Wei')).rejects.toMatchObject({ code: 'not-found' });
  await the.clock.advance(3 * 60 * MINUTE);
  expect(told(the.memory)).toHaveLength(4);
});

test('survives a restart; one whose time passed while the agent was stopped ends at its own time', async () => {
  const clock = new VirtualClock();
  const memory = new Memory();
  {
    await using the = await stage([meter()], { clock, memory });
    await the.sense.beginMaintenance(order);
  }
  await clock.advance(10 * MINUTE);
  let until = 0;
  {
    await using the = await stage([meter()], { clock, memory });
    expect(await the.say(P, 12)).toMatchObject({ reason: 'maintenance' });
    until = (await the.sense.maintenance())[0]?.until ?? 0;
  }
  await clock.advance(60 * MINUTE);
  await using the = await stage([meter()], { clock, memory });
  expect(await the.say(P, 230)).toMatchObject({ quality: 'good' });
  expect(await the.sense.marks('meter')).toMatchObject([{ ended: until, endedBy: 'itself' }]);
});

test('what cannot be is refused, with the fix', async () => {
  await using the = await stage([meter()]);
  const begin = (change: object) => the.sense.beginMaintenance({ ...order, ...change });
  await expect(begin({ device: 'nobody' })).rejects.toMatchObject({
    code: 'not-found',
    fix: 'devices are meter',
  });
  await expect(begin({ until: 5 })).rejects.toMatchObject({ code: 'config-invalid' });
  await expect(begin({ lasts: 31 * 86_400_000 })).rejects.toThrow('more than 30 days');
  expect(the.memory.events).toEqual([]);
});

test('work on a device is no alarm: its checks say nothing meanwhile, its counters go on being followed', async () => {
  const ruled = { ...meter(), sense: { points: { [P]: { mostStep: 10 } }, sums: [], freezes: {} } };
  await using the = await stage([ruled]);
  await the.say(P, 230);
  await the.say('energy-import', 1000);
  await the.sense.beginMaintenance(order);
  await the.say(P, 0);
  await the.say('energy-import', 3, 10 * MINUTE);
  await the.hub.commit();
  expect(the.memory.events.filter(({ event }) => event === 'quality')).toEqual([]);
  expect(the.memory.breaks()).toHaveLength(1);
  expect(the.memory.consumption()).toBe(0);
});
