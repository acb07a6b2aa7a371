/**
 * What happens to meters, played by the simulated street under the real driver, scheduler and sense: consumption is
 * what the world consumed, in every step, whatever becomes of the register.
 */
import { afterEach, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { meter, stage } from '../../unit/sense/stage.ts';

const START = Date.UTC(2027, 0, 1, 12);
const UNIT = 1;
const P = 'energy-import';
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: 'sim',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

let handle: LineHandle | undefined;
let clock: VirtualClock;
afterEach(async () => {
  const closing = handle?.[Symbol.asyncDispose]();
  await clock.advance(3000);
  await closing;
  handle = undefined;
});

async function street() {
  clock = new VirtualClock(START);
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: START });
  const time = worldClock(START, 1, () => clock.mono());
  const model = MODBUS_MODELS.get('eastron-sdm120');
  if (model === undefined) throw new Error('no simulated meter');
  const simulated = simulatedLine(clock, 9600, '8N1', [
    new ModbusDevice({ model, unit: UNIT, world, clock: time }),
  ]);
  const rules = { points: { [P]: { modulus: 1000 } }, sums: [], freezes: {} };
  const device = { ...meter('meter'), every: 10_000, sense: rules };
  const the = await stage([device], { clock });
  handle = openLine({
    line,
    devices: [device],
    driver: driverFor,
    clock,
    log: silent,
    publisher: the.sense,
    port: simulated.port,
    random: () => 0.5,
  });
  const shown = () => Number(the.hub.latest('meter', P)?.value);
  const real = () => Number(model.value(P, world, time.now(), new Map()));
  return { ...the, ...simulated, shown, real };
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) await clock.advance(Math.min(1000, ms - passed));
}

/** Steps of the last digit, on both sides of a break. */
const DIGITS = 0.004;

test('a meter that is exchanged and declared: not a step of consumption is lost or invented', async () => {
  const the = await street();
  await pass(60_000);
  const fault = faults.exchangedMeter({ unit: UNIT, dark: 180_000, opening: 77.5 });
  const before = the.real();
  the.wire.inject(fault);
  await pass(120_000);
  await the.sense.exchange({
    device: 'meter',
    by: 'Li Wei',
    registers: { [P]: { closing: Math.floor(before * 100) / 100, opening: 77.5 } },
  });
  await pass(180_000);
  expect(the.shown()).toBeLessThan(80);
  expect(the.memory.breaks(P)).toMatchObject([{ kind: 'exchange', state: 'settled', opening: 77.5 }]);
  await the.hub.commit();
  expect(Math.min(...the.memory.steps(P))).toBeGreaterThanOrEqual(-1e-9);
  expect(the.memory.consumption(P)).toBeLessThan(0.5);
  expect(await the.sense.tasks()).toEqual([]);
});

test('one that nobody declares: a task for each register that jumped, no consumption, and then as it is declared', async () => {
  const the = await street();
  await pass(60_000);
  the.wire.inject(faults.exchangedMeter({ unit: UNIT, dark: 180_000, opening: 9000 }));
  await pass(400_000);
  const tasks = await the.sense.tasks();
  expect(tasks.map((one) => one.mark === 'break' && [one.point, one.kind])).toContainEqual([
    P,
    'unexplained',
  ]);
  expect(the.health.get('meter:meter')).toMatchObject({ state: 'degraded' });
  await the.hub.commit();
  for (const step of the.memory.steps(P)) {
    expect(step).toBeGreaterThanOrEqual(-1e-9);
    expect(step).toBeLessThan(0.1);
  }
});

test('a register that rolls over counts through', async () => {
  const the = await street();
  await pass(60_000);
  the.wire.inject(faults.rolledOver(1000, 0.003, UNIT, P));
  await pass(60_000);
  const jumped = the.memory.breaks(P).length;
  const from = the.real();
  for (let i = 0; i < 30 && the.shown() > 1; i++) await pass(600_000);
  await pass(60_000);
  await the.hub.commit();
  expect(the.memory.breaks(P).slice(jumped)).toMatchObject([
    { kind: 'roll-over', state: 'settled', closing: 1000 },
  ]);
  const steps = the.memory.steps(P);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(-1e-9);
  expect(Math.abs(the.memory.consumption(P) - (the.real() - from))).toBeLessThan(DIGITS);
});

test('a register that is set to zero between two polls was reset, and is nobody’s task', async () => {
  const the = await street();
  await pass(60_000);
  the.wire.inject(faults.resetRegister(UNIT, P));
  await pass(60_000);
  await the.hub.commit();
  expect(the.memory.breaks(P)).toMatchObject([{ kind: 'reset', state: 'settled' }]);
  expect(await the.sense.tasks()).toEqual([]);
  expect(Math.min(...the.memory.steps(P))).toBeGreaterThanOrEqual(-1e-9);
});
