/** The lamp of the tour: nobody commands it. The street's clock runs faster, the sun goes down, and the programme lights it. */
import { expect, test } from 'vitest';
import { hastenSunset, nextNight } from '../../../hw-sim/show/sunset.ts';
import { startAgent } from '../../support/agent-process.ts';
import { openCity } from '../city.ts';
import { openSite } from '../site.ts';

const HOUR = 3_600_000;

test('the sun sets on order, the lamp comes on by itself, its meter sees it, and every reading keeps its time', {
  timeout: 300_000,
}, async () => {
  await using site = await openSite({
    scenario: 'evening',
    camera: false,
    change: { log: { window: '500ms' } },
  });
  await using city = await openCity(site.broker);
  const { clock, world } = site.street;
  await using agent = startAgent(site.file);
  using _ = clock.onTurn(() => agent.turn(clock));
  await agent.ready;
  const of = (device: string, point: string) =>
    [...city.records.values()].filter((one) => one.device === device && one.point === point);
  const last = (device: string, point: string) => Number(of(device, point).at(-1)?.value ?? Number.NaN);
  await city.until(() => last('meter-lamp', 'power-active-total') < 5, 'a dark lamp');
  expect(world.lampLevel(clock.now())).toBe(0);

  for (const evening of [1, 2]) {
    const before = clock.now();
    // By day it goes down slowly.
    hastenSunset(site.street, evening === 1 ? 5000 : 12_000);
    await city.until(() => world.sun(clock.now()) > -6, `the day before evening ${evening}`);
    await city.until(() => world.lampLevel(clock.now()) < 0.5, `the lamp of evening ${evening} is out`);
    await city.until(() => world.lampLevel(clock.now()) > 0.9, `the lamp of evening ${evening}`);
    expect(world.sun(clock.now())).toBeLessThan(-2);
    clock.turn(1);
    await city.until(() => last('meter-lamp', 'power-active-total') > 100, 'its watts');
    await city.until(() => last('board', 'lamp-level') === 100, 'its level, read back');
    // The second one is tomorrow's: the lamp was lit already.
    expect(clock.now() - before).toBeGreaterThan(evening === 1 ? 60_000 : 20 * HOUR);
  }

  // Nobody but its programme told the lamp anything.
  const told = (event: string) => [...city.records.values()].filter((one) => one.event === event);
  expect(told('command')).toEqual([]);
  expect(told('light').some(({ body }) => body?.rung === 'day')).toBe(true);
  // A day that passed in seconds is no jump of a meter's register. Its end is noted, and the rain gauge is emptied then.
  const odd = told('meter').filter(
    ({ device, body }) =>
      body?.what !== 'snapshot' && !(device === 'station' && body?.what === 'counter-reset'),
  );
  expect(odd).toEqual([]);
  // What was read before the clock was turned is still where it was, and what came after follows it.
  const times = of('meter-lamp', 'power-active-total').map(({ time }) => Date.parse(time));
  expect(times.length).toBeGreaterThan(4);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(world.start - 1000);
  expect(times.at(-1)).toBeLessThan(clock.now());
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
});

test('nights are found, whatever the hour', () => {
  const sun = (time: number) => 40 * Math.sin((2 * Math.PI * (time - 6 * HOUR)) / (24 * HOUR));
  const dusk = nextNight(sun, 12 * HOUR);
  expect(sun(dusk ?? 0)).toBeLessThanOrEqual(-6);
  expect(sun((dusk ?? 0) - 60_000)).toBeGreaterThan(-6);
  expect(nextNight(sun, 23 * HOUR)).toBeGreaterThan(40 * HOUR);
  expect(nextNight(() => 20, 0)).toBeUndefined();
});
