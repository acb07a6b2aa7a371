/** Devices come and go on a running line: the others keep their polls and the times of these. */
import { afterEach, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { SimLine, seeded } from './sim-line.ts';
import { device, Sink, serialLine, testDriver } from './test-driver.ts';

const second = { address: 0, count: 4, period: 1000 };
let open: { readonly handle: LineHandle; readonly clock: VirtualClock } | undefined;

function street(units: readonly number[]) {
  const clock = new VirtualClock();
  const sim = new SimLine(clock, serialLine);
  for (const unit of [1, 2, 3, 4]) sim.units.add(unit);
  const { driver, wrong } = testDriver(sim);
  const sink = new Sink();
  const handle = openLine({
    line: serialLine,
    devices: units.map((unit) => device(unit, [second])),
    driver: (protocol) => (protocol === 'test' ? driver : undefined),
    clock,
    log: silent,
    publisher: sink,
    port: sim,
    random: seeded(7),
  });
  open = { handle, clock };
  return { clock, sim, sink, handle, wrong, driver };
}

afterEach(async () => {
  if (open === undefined) return;
  const closing = open.handle[Symbol.asyncDispose]();
  await open.clock.advance(3000);
  await closing;
  open = undefined;
});

test('who stays is asked at the very times it would have been; the port is not opened again', async () => {
  const { clock, sim, sink, handle, wrong } = street([1, 2, 3]);
  await clock.advance(10_300);
  const times = () => sink.of('meter-1').map(({ time }) => time);
  const before = times();
  const phase = before.at(-1) ?? 0;
  expect(
    await handle.change([device(1, [second]), device(3, [{ ...second, period: 2000 }]), device(4, [second])]),
  ).toBe(true);
  await clock.advance(20_000);
  const after = times().slice(before.length);
  expect(after.length).toBeGreaterThanOrEqual(19);
  // Never late by more than the turns of the others.
  for (const [i, time] of after.entries()) expect(Math.abs(time - phase - (i + 1) * 1000)).toBeLessThan(200);
  expect(sink.good('meter-4')).toBeGreaterThanOrEqual(19);
  expect(sink.of('meter-2').filter(({ time }) => time > phase + 1500)).toEqual([]);
  expect(handle.devices).toEqual(['meter-1', 'meter-3', 'meter-4']);
  expect(handle.health().map(({ part }) => part)).toEqual([
    'line:rs485',
    'device:meter-1',
    'device:meter-3',
    'device:meter-4',
  ]);
  expect(sim.opens).toBe(1);
  expect(sink.all.every(({ quality }) => quality === 'good')).toBe(true);
  expect(wrong).toEqual([]);
});

test('a visitor is asked in turns between, and nothing of it is published', async () => {
  const { clock, sink, handle, driver, wrong } = street([1, 2]);
  await clock.advance(5_300);
  const guest = device(4, [second]);
  const session = driver.open({ device: guest, clock, log: silent }, serialLine);
  const { signal } = new AbortController();
  const answers = Promise.all(
    Array.from({ length: 20 }, () =>
      handle.visit(
        guest,
        (exchange, limit) => session.polls[0]?.execute(exchange, limit) ?? Promise.resolve([]),
        signal,
      ),
    ),
  );
  await clock.advance(10_000);
  expect(
    (await answers).flat().every(({ device: of, quality }) => of === 'meter-4' && quality === 'good'),
  ).toBe(true);
  expect(sink.of('meter-4')).toEqual([]);
  for (const unit of [1, 2]) expect(sink.good(`meter-${unit}`)).toBeGreaterThanOrEqual(14);
  expect(wrong).toEqual([]);
  const absent = handle.visit(device(9, [second]), () => Promise.reject(new Error('nobody')), signal);
  const told = expect(absent).rejects.toThrow('nobody');
  await clock.advance(2000);
  await told;
});
