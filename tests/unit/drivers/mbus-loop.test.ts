/** Every profile of M-Bus against the simulated meter of the same name, which has an encoder of its own. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import mbus from '../../../drivers/mbus/index.ts';
import { MbusDevice, type MbusDeviceOptions } from '../../../hw-sim/devices/mbus-device.ts';
import { MBUS_MODELS } from '../../../hw-sim/devices/mbus-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profileFiles } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const files = profileFiles().filter(({ profile }) => profile.protocol === 'mbus');
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};

function play(stem: string, more: Partial<MbusDeviceOptions> = {}) {
  const model = MBUS_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated meter ${stem}`);
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const clock = worldClock(START, 1, () => 0);
  return new MbusDevice({ model, address: '11490378', primary: 5, world, clock, ...more });
}

const open = (config: DeviceConfig) =>
  mbus.open({ device: config, clock: new VirtualClock(), log: silent }, line);

it('every profile has its meter and every meter its profile', () => {
  expect([...MBUS_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

describe.each(files)('$stem', ({ stem, profile }) => {
  it.each([
    ['by its primary address', { address: 5 }, {}],
    ['alone on the bus', { address: undefined }, {}],
    ['by its number', { address: '11490378' }, {}],
    ['by the end of its number', { address: 'FFFF0378' }, {}],
    ['in telegrams of four records', { address: 5 }, { perTelegram: 4 }],
    ['in telegrams, by its number', { address: '11490378' }, { perTelegram: 4 }],
    ['with something of the maker behind', { address: 5 }, { trailer: [1, 0x1f, 3] }],
  ])('is read back equal %s', async (_how, { address }, more) => {
    const { address: _none, ...alone } = device(profile);
    const config = { ...alone, ...(address === undefined ? {} : { address }) };
    const { exchange, served } = meterLine([play(stem, more)]);
    const session = open(config);
    // Twice: the second reading begins again at the first telegram.
    for (let round = 0; round < 2; round++) {
      const readings = new Map<string, Reading>();
      for (const poll of session.polls) {
        for (const reading of await poll.execute(exchange, never)) readings.set(reading.point, reading);
      }
      expect([...readings.keys()].sort()).toEqual(profile.points.map(({ id }) => id).sort());
      for (const { id, unit } of profile.points) {
        const [read, truth] = [readings.get(id), served.get(id)];
        expect([id, read?.quality, read?.value, read?.unit]).toEqual([id, 'good', truth?.value, unit]);
        expect(truth?.uom).toBe(unit);
      }
    }
  });

  it('fits its line at the default periods', () => {
    const session = open(device(profile, { address: 5 }));
    const load = session.polls.reduce(
      (sum, { requestBytes, answerBytes, period }) =>
        sum + ((requestBytes + answerBytes + 20) * (11_000 / 2400) + 400) / period,
      0,
    );
    expect(load).toBeLessThan(0.01);
  });
});
