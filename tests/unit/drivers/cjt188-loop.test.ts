/** Every profile of CJ/T 188 against the simulated meter of the same name, which has an encoder of its own. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import cjt188 from '../../../drivers/cjt188/index.ts';
import { Cjt188Device, type Cjt188DeviceOptions } from '../../../hw-sim/devices/cjt188-device.ts';
import { CJT188_MODELS } from '../../../hw-sim/devices/cjt188-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile, profileFiles } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const ADDRESS = '00312718241912';
const files = profileFiles().filter(({ profile }) => profile.protocol === 'cjt188');
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};

function play(stem: string, more: Partial<Cjt188DeviceOptions> = {}) {
  const model = CJT188_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated meter ${stem}`);
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  return new Cjt188Device({ model, address: ADDRESS, world, clock: worldClock(START, 1, () => 0), ...more });
}

const open = (config: DeviceConfig) =>
  cjt188.open({ device: config, clock: new VirtualClock(), log: silent }, line);

it('every profile has its meter and every meter its profile', () => {
  expect([...CJT188_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

describe.each(files)('$stem', ({ stem, profile }) => {
  const config = device(profile, { address: ADDRESS });

  it.each([
    ['in either order', {}],
    ['highest byte first', { order: 'high' }],
    ['lowest byte first, after silence', { order: 'low' }],
    ['lowest byte first, after a refusal', { order: 'low', otherwise: 'refusal' }],
    ['with thirteen preambles', { preambles: 13 }],
  ] as const)('is read back equal %s', async (_how, more) => {
    const { exchange, served } = meterLine([play(stem, more)]);
    const session = open(config);
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
  });

  it('has a clock that was never set as no time', async () => {
    const { exchange } = meterLine([play(stem, { unset: true })]);
    const readings = await open(config).polls[0]?.execute(exchange, never);
    const clock = readings?.find(({ point }) => point === 'meter-time');
    expect(clock).toMatchObject({ value: null, quality: 'bad', reason: 'not-available' });
  });
});

it('a short answer has total and status; what it leaves out is not available', async () => {
  const { exchange, served } = meterLine([play('cjt188-water', { short: true })]);
  const readings = await open(device(profile('cjt188-water'), { address: ADDRESS })).polls[0]?.execute(
    exchange,
    never,
  );
  const by = Object.fromEntries((readings ?? []).map(({ point, value }) => [point, value]));
  expect(by).toEqual({
    volume: served.get('volume')?.value,
    'volume-settlement': null,
    'meter-time': null,
    valve: 'open',
    'battery-low': false,
  });
});
