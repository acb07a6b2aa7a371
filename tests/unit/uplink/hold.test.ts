/** What is measured under a clock that is not to be trusted waits for true time, but not for ever. */
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { LoggedRecord } from '../../../agent/core/record.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from '../store/site.ts';
import { City } from './city.ts';

const MINUTE = 60_000;
const WRONG = Date.UTC(2026, 11, 1);

/** An agent whose clock knows nothing better than a floor. */
async function pole(dir: string, hold: number) {
  const clock = new VirtualClock(WRONG);
  clock.remap({ ...clock.mapping(), rank: 'floor' });
  const stack = new AsyncDisposableStack();
  const { store } = await open(dir, { clock });
  stack.use(store);
  const source = stack.use(openLogSource(store.file));
  const city = new City(clock);
  const pump = startPump({
    uplink: 'city',
    agent: 'agent-1',
    source,
    connect: city.connect,
    clock,
    log: silent,
    inFlight: 16,
    replayRate: 0,
    hold,
    settle: (lane, cursor) => store.settle('city', lane, cursor),
  });
  store.onCommitted(pump.wake);
  const arrived = (lane: string): LoggedRecord[] =>
    city.messages.filter(({ envelope }) => envelope.lane === lane).flatMap(({ records }) => records);
  const minute = async (alarm = false) => {
    await clock.advance(MINUTE);
    const time = clock.mono();
    const event = { event: 'alarm', severity: 'alarm', time, body: {} } as const;
    await store.append([reading('voltage', 230, time), reading('energy', 1, time)], alarm ? [event] : []);
    await clock.advance(100);
  };
  const stop = async () => {
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(600);
    await stopped;
    await stack[Symbol.asyncDispose]();
  };
  return { clock, store, city, arrived, minute, stop };
}

test('readings wait 10 minutes and then say which clock they had; alarms go at once', async () => {
  using at = folder();
  const one = await pole(at.dir, 10 * MINUTE);
  await one.minute(true);
  for (let i = 0; i < 8; i++) await one.minute();
  expect(one.arrived('alarm')).toMatchObject([{ rank: 'floor' }]);
  expect([...one.arrived('telemetry'), ...one.arrived('meter')]).toEqual([]);
  // Nobody commits now: what is held leaves all the same.
  await one.clock.advance(12 * MINUTE);
  expect(one.arrived('telemetry')).toHaveLength(9);
  expect(one.arrived('telemetry').every(({ rank }) => rank === 'floor')).toBe(true);
  expect(one.city.ledger.report()).toMatchObject({ balanced: true });
  await one.stop();
});

test('true time that becomes known meanwhile goes with them', async () => {
  using at = folder();
  const one = await pole(at.dir, 10 * MINUTE);
  for (let i = 0; i < 5; i++) await one.minute();
  const right = Date.UTC(2027, 3, 1);
  const { mono } = one.clock.mapping();
  one.clock.remap({ mono, wall: right, rate: 1, rank: 'ntp', uncertaintyMs: 100 });
  await one.minute();
  await one.clock.advance(1000);
  const telemetry = one.arrived('telemetry');
  expect(telemetry.map(({ rank }) => rank)).toEqual(Array(6).fill('ntp'));
  expect(telemetry.map(({ time }) => Math.round((time - right) / MINUTE))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(one.city.ledger.report()).toMatchObject({ balanced: true, conflicts: 0 });
  await one.stop();
});

test('with no wait they leave at once, marked', async () => {
  using at = folder();
  const one = await pole(at.dir, 0);
  await one.minute();
  expect(one.arrived('telemetry')).toMatchObject([{ rank: 'floor' }]);
  await one.stop();
});
