/**
 * Two real meter models under the real driver and scheduler, one of them ill for half a minute: no wrong value is ever
 * published, the healthy one keeps its rate, and the ill one is back soon after it is well.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../../unit/drivers/load.ts';

const START = Date.UTC(2027, 0, 1, 4);
const ILL = { stem: 'eastron-sdm120', unit: 1 };
const WELL = { stem: 'chint-dtsu666', unit: 2 };
const PERIOD = 2000;
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

function street() {
  clock = new VirtualClock();
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: START });
  const time = worldClock(START, 1, () => clock.mono());
  const devices = [ILL, WELL].map(({ stem, unit }) => {
    const model = MODBUS_MODELS.get(stem);
    if (model === undefined) throw new Error(`no simulated ${stem}`);
    return new ModbusDevice({ model, unit, world, clock: time });
  });
  const simulated = simulatedLine(clock, 9600, '8N1', devices);
  const readings: Reading[] = [];
  handle = openLine({
    line,
    devices: [ILL, WELL].map(({ stem, unit }) => ({
      ...device(profile(stem), { address: unit }),
      id: stem,
      every: PERIOD,
    })),
    driver: driverFor,
    clock,
    log: silent,
    publisher: { readings: (more) => readings.push(...more), event: () => {} },
    port: simulated.port,
    random: () => 0.5,
  });
  return { ...simulated, readings };
}

/** Good readings that no device said. */
function wrong(readings: readonly Reading[], { ledger }: ReturnType<typeof street>): unknown[] {
  return readings.filter(({ device: stem, point, value, time, quality }) => {
    if (quality !== 'good' || typeof value !== 'number') return false;
    const step = 10 ** -(profile(stem).points.find(({ id }) => id === point)?.decimals ?? 9);
    return !ledger.entries.some(
      (one) =>
        one.intact &&
        one.device === stem &&
        one.point === point &&
        one.mono <= time &&
        time - one.mono < 3000 &&
        Math.abs(value - Number(one.value)) <= step / 2 + 1e-9,
    );
  });
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) await clock.advance(500);
}

const goodPolls = (readings: readonly Reading[], stem: string) =>
  readings.filter(
    (one) => one.device === stem && one.point === profile(stem).points[0]?.id && one.quality === 'good',
  ).length;

const unit = ILL.unit;
/** `rate`: share of its due polls that the healthy device keeps at least. `back`: longest wait for the ill one, ms. */
const CASES: readonly (readonly [faults.Fault, { readonly rate: number; readonly back: number }])[] = [
  ...[1, 2, 3, 4, 5, 6].map((code) => [faults.exception(code, unit), { rate: 0.95, back: 10_000 }] as const),
  [faults.silence(unit), { rate: 0.9, back: 40_000 }],
  [faults.checksumError(unit), { rate: 0.9, back: 40_000 }],
  [faults.checksumError(unit, 0.5, 7), { rate: 0.9, back: 40_000 }],
  [faults.lateAnswer(450, unit), { rate: 0.85, back: 40_000 }],
  // Each answer that may still come keeps the line waiting, for it must not be taken for another's.
  [faults.lateAnswer(900, unit, 0.5, 3), { rate: 0.75, back: 40_000 }],
  [faults.foreignFrame(9, unit), { rate: 0.9, back: 10_000 }],
  [faults.truncated(2, unit), { rate: 0.85, back: 40_000 }],
  [faults.glued(unit), { rate: 0.85, back: 40_000 }],
  [faults.dripping(5, unit), { rate: 0.8, back: 40_000 }],
  [faults.noise(11), { rate: 0.8, back: 40_000 }],
  [faults.notANumber(unit), { rate: 0.95, back: 10_000 }],
];

describe('one ill device of two', () => {
  test.each(CASES.map(([fault, wanted]) => [fault.name, fault, wanted] as const))(
    '%s',
    async (_, fault, wanted) => {
      const the = street();
      await pass(20_000);
      const before = the.readings.length;
      const struck = the.wire.inject(fault);
      await pass(30_000);
      const during = the.readings.slice(before);
      expect(goodPolls(during, WELL.stem) / (30_000 / PERIOD)).toBeGreaterThanOrEqual(wanted.rate);

      struck[Symbol.dispose]();
      const healed = the.readings.length;
      const since = clock.mono();
      while (goodPolls(the.readings.slice(healed), ILL.stem) === 0 && clock.mono() - since < 120_000)
        await pass(500);
      expect(clock.mono() - since).toBeLessThanOrEqual(wanted.back);
      await pass(10_000);
      expect(wrong(the.readings, the)).toEqual([]);
      expect(goodPolls(the.readings.slice(-400), ILL.stem)).toBeGreaterThan(0);
    },
  );

  test('the judge can tell a wrong value', async () => {
    const the = street();
    await pass(10_000);
    const [first] = the.readings.filter(({ quality }) => quality === 'good');
    expect(wrong(the.readings, the)).toEqual([]);
    expect(wrong([{ ...(first as Reading), value: 12_345 }], the)).toHaveLength(1);
  });
});
