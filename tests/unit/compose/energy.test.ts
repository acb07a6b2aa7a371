/** The energy account as the agent runs it: its own thread over a real log, asked as console and API ask it. */
import { expect, test } from 'vitest';
import { startEnergyAccount } from '../../../agent/compose/energy/energy.ts';
import type { EnergyConfig } from '../../../agent/core/energy/energy.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading, until } from '../store/site.ts';

const QUARTER = 900_000;
const DAY = 86_400_000;
const MORNING = Date.UTC(2027, 0, 1, 23);

const CONFIG: EnergyConfig = {
  id: 'energy',
  title: { en: 'Office' },
  codes: 'national',
  moreCodes: {},
  meters: [
    {
      kind: 'register',
      id: 'main',
      title: { en: 'Main' },
      carrier: 'electricity',
      device: 'meter-1',
      point: 'energy',
      unit: 'kW.h',
      every: QUARTER,
      ratios: [],
      reactive: [],
    },
  ],
  circuits: [{ id: 'main', title: { en: 'Main' }, meter: 'main', code: '01A00', tolerance: 0.02, loss: 0 }],
  accounts: [
    {
      id: 'building',
      title: { en: 'Building' },
      kind: 'supply',
      lines: [{ meter: 'main', tariff: 'grid', share: 1 }],
    },
  ],
  tariffs: [
    {
      id: 'grid',
      title: { en: 'Grid' },
      carrier: 'electricity',
      versions: [{ from: '2026-01-01', prices: { flat: '0.5' }, schedules: [] }],
    },
  ],
  factors: [],
  holidays: [],
  workdays: [],
  line: 0.9,
};

test('is reckoned in a thread from the log, published, and there for who asks', async () => {
  using at = folder();
  const clock = new VirtualClock(MORNING - QUARTER);
  const { store } = await open(at.dir, { clock });
  const readings: Reading[] = [];
  for (let i = 0; i <= 100; i++) {
    await clock.advance(QUARTER);
    readings.push(reading('energy', 1000 + i * 2, clock.mono()));
  }
  await store.append(readings, []);
  const hub = new Hub({
    clock,
    log: silent,
    window: () => 5000,
    lane: () => 'telemetry',
    append: (some, events) => store.append(some, events),
  });
  const told: Reading[] = [];
  hub.onReadings((some) => void told.push(...some));
  const energy = startEnergyAccount({
    config: CONFIG,
    timezone: 'Europe/Berlin',
    settlementDay: 1,
    points: () => [],
    store,
    clock,
    hub,
    log: silent,
  });
  // The thread comes up in real time; until then a question is refused and asked again.
  let account = await energy.view.account(MORNING, MORNING + DAY).catch(() => undefined);
  for (let i = 0; i < 400 && account === undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    account = await energy.view.account(MORNING, MORNING + DAY).catch(() => undefined);
  }
  // 96 quarters of 2 kWh.
  expect(account?.items).toMatchObject([
    { id: '01A00', quantity: 192, quality: 'measured', completeness: 1 },
  ]);
  const { total } = await energy.view.bill('building', '2027-01');
  expect(total).toBe('100.00');
  expect(energy.view.period().month).toBe('2027-01');
  expect(energy.view.demand()).toBe(undefined);
  await expect(energy.view.bill('nobody', '2027-01')).rejects.toThrow('there is no account nobody');
  // The controller asks on its own, too.
  await clock.advance(60_000);
  await until('the first figures', () => told.some(({ point }) => point === 'completeness-today'));
  expect(told.find(({ point }) => point === 'completeness-today')).toMatchObject({
    device: 'energy',
    value: 100,
  });
  await energy[Symbol.asyncDispose]();
  await expect(energy.view.account(MORNING, MORNING + DAY)).rejects.toMatchObject({ code: 'thread-died' });
  await hub[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});
