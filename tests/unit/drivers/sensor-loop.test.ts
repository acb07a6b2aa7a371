/** Every simulated device with a line of its own, which has an encoder of its own: what was served is what is read. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { driverFor } from '../../../drivers/index.ts';
import { SERIAL_TALKERS } from '../../../hw-sim/devices/serial-talkers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { profileFiles } from './load.ts';
import { alone, simulated } from './simulated.ts';

const never = new AbortController().signal;
/** Longer than every warming up and two working periods of the SDS011, s. */
const SECONDS = 700;

it('plays every profile of the drivers of this kind', () => {
  const protocols = ['sds', 'sps30', 'mhz19', 'a02yyuw', 'hpma115', 'nmea', 'framed', 'plantower', 'modem'];
  const stems = profileFiles()
    .filter(({ profile, stem }) => protocols.includes(profile.protocol) && stem !== 'plantower-pms5003')
    .map(({ stem }) => stem);
  expect(stems.toSorted()).toEqual([...SERIAL_TALKERS.keys()].toSorted());
});

describe.each([...SERIAL_TALKERS.keys()])('%s', (stem) => {
  it('reads every point as it was served, value and unit, good after warming up', async () => {
    const clock = new VirtualClock();
    const config = alone(stem);
    const driver = driverFor(config.profile.protocol);
    if (driver?.kind !== 'stream') throw new Error('not a driver of a stream');
    const { stream, served } = simulated(stem, clock);
    const last = new Map<string, Reading>();
    let compared = 0;
    const points = new Map(config.profile.points.map((point) => [point.id, point]));
    const emit = (readings: readonly Reading[]) => {
      for (const reading of readings) {
        last.set(reading.point, reading);
        const truth = served.get(reading.point);
        expect([reading.point, truth?.uom]).toEqual([reading.point, reading.unit]);
        expect([reading.point, reading.quality]).not.toEqual([reading.point, 'bad']);
        compared++;
        if (typeof truth?.value !== 'number') {
          expect([reading.point, reading.value]).toEqual([reading.point, truth?.value]);
          continue;
        }
        const half = 0.5 * 10 ** -(points.get(reading.point)?.decimals ?? 9);
        const off = Math.abs(Number(reading.value) - truth.value);
        expect(off, `${reading.point}: ${reading.value} for ${truth.value}`).toBeLessThanOrEqual(half);
      }
    };
    const pending = driver.open({ device: config, clock, log: silent }, stream, emit, never);
    pending.catch(() => {});
    for (let i = 0; i < SECONDS; i++) await clock.advance(1000);
    const session = await pending;
    expect([...last.keys()].toSorted()).toEqual([...points.keys()].toSorted());
    for (const reading of last.values()) expect(reading).toMatchObject({ quality: 'good' });
    expect(compared).toBeGreaterThan(points.size);
    await session[Symbol.asyncDispose]();
    expect(stream.listeners).toBe(0);
  });
});
