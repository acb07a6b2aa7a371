/**
 * DL/T 645, CJ/T 188 and M-Bus meters on one line under their drivers and the scheduler, the line ill for half a minute:
 * no wrong value is ever published, and all are back soon after it is well.
 */
import { afterEach, expect, test } from 'vitest';
import { type LineHandle, openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { createMeter } from '../../../hw-sim/devices/meters.ts';
import * as faults from '../../../hw-sim/faults.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../../unit/drivers/load.ts';

const START = Date.UTC(2027, 0, 1, 4);
const PERIOD = 10_000;
const METERS = [
  { stem: 'dlt645-2007-single-phase', address: '260305510020' },
  { stem: 'cjt188-water', address: '00201707010069' },
  { stem: 'mbus-heat', address: '11490378' },
] as const;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: 'sim',
  timeout: 500,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
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
  const meters = METERS.map(({ stem, address }) => {
    const meter = createMeter(stem, { address, primary: 0, world, clock: time });
    if (meter === undefined) throw new Error(`no simulated ${stem}`);
    return meter;
  });
  const simulated = simulatedLine(clock, 2400, '8E1', meters);
  const readings: Reading[] = [];
  handle = openLine({
    line,
    devices: METERS.map(({ stem, address }) => ({
      ...device(profile(stem), { address }),
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

/** Good readings that no meter said. */
function wrong(readings: readonly Reading[], { ledger }: ReturnType<typeof street>): unknown[] {
  return readings.filter(({ device: stem, point, value, time, quality }) => {
    if (quality !== 'good' || typeof value !== 'number') return false;
    const step = 10 ** -(profile(stem).points.find(({ id }) => id === point)?.decimals ?? 9);
    return !ledger.entries.some(
      (one) =>
        one.intact &&
        one.point === point &&
        one.mono <= time &&
        time - one.mono < 6000 &&
        Math.abs(value - Number(one.value)) <= step / 2 + 1e-9,
    );
  });
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) await clock.advance(250);
}

const lives = (readings: readonly Reading[]) =>
  METERS.map(({ stem }) => readings.some((one) => one.device === stem && one.quality === 'good'));

const ALL = [true, true, true];
const NONE = [false, false, false];
/** Under these nothing can be read. */
const DEAF: ReadonlySet<faults.Fault> = new Set([
  faults.silence(),
  faults.checksumError(),
  faults.truncated(9),
]);

test.each([
  ...DEAF,
  faults.checksumError(undefined, 0.5, 7),
  faults.lateAnswer(700),
  faults.lateAnswer(1500, undefined, 0.5, 3),
  faults.truncated(2),
  faults.glued(),
  faults.dripping(5),
  faults.noise(11),
  faults.echo(),
])('$name', async (fault) => {
  const the = street();
  await pass(30_000);
  expect(lives(the.readings)).toEqual(ALL);
  const during = clock.mono();
  {
    using _ = the.wire.inject(fault);
    await pass(30_000);
  }
  const well = the.readings.length;
  if (DEAF.has(fault)) expect(lives(the.readings.filter(({ time }) => time > during + 5000))).toEqual(NONE);
  await pass(60_000);
  expect(lives(the.readings.slice(well))).toEqual(ALL);
  expect(wrong(the.readings, the)).toEqual([]);
  // The last word of every point is a good one again.
  for (const { stem } of METERS) {
    for (const { id } of profile(stem).points) {
      const last = the.readings.findLast((one) => one.device === stem && one.point === id);
      expect([stem, id, last?.quality]).toEqual([stem, id, 'good']);
    }
  }
});

test('the judge can tell a wrong value', async () => {
  const the = street();
  await pass(30_000);
  const numbers = the.readings.filter(({ value }) => typeof value === 'number');
  expect(numbers.length).toBeGreaterThan(40);
  expect(wrong(numbers, the)).toEqual([]);
  expect(
    wrong(
      numbers.slice(0, 1).map((one) => ({ ...one, value: 12_345 })),
      the,
    ),
  ).toHaveLength(1);
});
