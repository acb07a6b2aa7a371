/** Every BACnet profile against a simulated device, which has an encoder of its own. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import bacnet from '../../../drivers/bacnet/index.ts';
import { BacnetDevice, type BacnetDeviceOptions } from '../../../hw-sim/devices/bacnet-device.ts';
import { BACNET_MODELS } from '../../../hw-sim/devices/bacnet-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile, profileFiles } from './load.ts';
import { type AskedDevice, meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const files = profileFiles().filter((file) => file.profile.protocol === 'bacnet');
const line: LineConfig = { id: 'line', kind: 'udp', host: '10.0.0.9', port: 47_808, timeout: 1000 };
const STEM = 'generic-bacnet-controller';

function play(more: Partial<BacnetDeviceOptions> = {}, hours = 0, stem = STEM): BacnetDevice {
  const model = BACNET_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated device ${stem}`);
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const clock = worldClock(START + hours * 3_600_000, 1, () => 0);
  return new BacnetDevice({ model, world, clock, ...more });
}

function config(more: Partial<DeviceConfig> = {}, stem = STEM): DeviceConfig {
  const { address: _none, ...alone } = device(profile(stem));
  return { ...alone, ...more };
}

function open(more: Partial<DeviceConfig> = {}, stem = STEM) {
  const own = config(more, stem);
  expect(bacnet.checkDevice(own, line)).toEqual([]);
  return bacnet.open({ device: own, clock: new VirtualClock(), log: silent }, line);
}

async function readAll(session: ReturnType<typeof open>, played: AskedDevice) {
  const { exchange, served, requests } = meterLine([played]);
  const readings = new Map<string, Reading>();
  for (const poll of session.polls) {
    for (const reading of await poll.execute(exchange, never)) readings.set(reading.point, reading);
  }
  return { readings, served, requests };
}

const odd = (readings: ReadonlyMap<string, Reading>) =>
  [...readings.values()]
    .filter(({ quality }) => quality !== 'good')
    .map(({ point, quality, reason }) => `${point} ${quality} ${reason}`)
    .sort();

it('every profile has its device and every device its profile', () => {
  expect([...BACNET_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

describe.each(files)('$stem', ({ stem, profile: file }) => {
  it.each<[string, Partial<DeviceConfig>, Partial<BacnetDeviceOptions>, number]>([
    ['at its own address', {}, {}, 0],
    ['later', {}, {}, 9],
    ['one by one', {}, { multiple: false }, 1],
    ['in small answers', {}, { most: 4 }, 2],
    ['behind a router', { address: '2001:12' }, { remote: { net: 2001, mac: [12] } }, 3],
    [
      'behind a router by a long MAC',
      { address: '65534:0x0A0000C8BAC0' },
      { remote: { net: 65_534, mac: [0x0a, 0, 0, 0xc8, 0xba, 0xc0] } },
      4,
    ],
  ])('is read back equal %s', async (_how, more, playing, hours) => {
    const session = open(more, stem);
    const played = play(playing, hours, stem);
    for (let round = 0; round < 2; round++) {
      const { readings, served } = await readAll(session, played);
      expect([...readings.keys()].sort()).toEqual(file.points.map(({ id }) => id).sort());
      for (const { id, unit } of file.points) {
        const [read, truth] = [readings.get(id), served.get(id)];
        expect([id, read?.quality, read?.value, read?.unit]).toEqual([id, 'good', truth?.value, unit]);
        expect(truth?.uom).toBe(unit);
      }
    }
  });
});

it('a device that does not know ReadPropertyMultiple is asked for it once', async () => {
  const session = open();
  const played = play({ multiple: false });
  const first = await readAll(session, played);
  const second = await readAll(session, played);
  expect(second.requests.length).toBe(first.requests.length - 1);
});

it.each([
  ['at once', {}],
  ['one by one', { multiple: false }],
])('what a device does not have is not available, and the rest is: %s', async (_how, more) => {
  const { readings } = await readAll(open(), play({ ...more, without: ['input-3', 'energy', 'model'] }));
  expect(odd(readings)).toEqual([
    'energy bad not-available',
    'input-3 bad not-available',
    'model bad not-available',
  ]);
});

it.each([
  ['at once', {}],
  ['one by one', { multiple: false }],
])('status flags become the quality: %s', async (_how, more) => {
  const flags = { temperature: 4, humidity: 2, 'input-3': 1, setpoint: 8, 'contact-1': 12 };
  const { readings } = await readAll(open(), play({ ...more, flags }));
  expect(odd(readings)).toEqual([
    'contact-1 bad sensor-fault',
    'humidity uncertain manual-entry',
    'input-3 uncertain maintenance',
    'temperature bad sensor-fault',
  ]);
});

it('instances are counted from where the device says', async () => {
  const played = play();
  const objects = played.model.objects.map((one) =>
    one.at[0] === 8 ? one : { ...one, at: [one.at[0], one.at[1] + 999, one.at[2]] as const },
  );
  const { readings } = await readAll(
    open({ options: { first: 999 } }),
    play({ model: { ...played.model, objects } }),
  );
  expect(odd(readings)).toEqual([]);
});

it('nobody but the one that was asked answers', async () => {
  const other = play({ remote: { net: 2001, mac: [13] } });
  await expect(readAll(open({ address: '2001:12' }), other)).rejects.toMatchObject({ code: 'timeout' });
  const forger: AskedDevice = {
    answer(request) {
      // The router has it asked of 13 and hands on what comes from there.
      const changed = Uint8Array.from(request);
      changed[9] = 13;
      return other.answer(changed);
    },
  };
  await expect(readAll(open({ address: '2001:12' }), forger)).rejects.toMatchObject({
    code: 'frame-invalid',
  });
});

it('an answer in segments is none: they are not asked for', async () => {
  const honest = play();
  const careless: AskedDevice = {
    answer(request) {
      const told = honest.answer(request);
      if (told === undefined) return undefined;
      const bytes = Uint8Array.from(told.bytes);
      bytes[6] = 0x3c;
      return { ...told, bytes };
    },
  };
  await expect(readAll(open(), careless)).rejects.toMatchObject({ code: 'frame-invalid' });
});

it('a real that has not its length is no value', async () => {
  const honest = play({ multiple: false });
  const careless: AskedDevice = {
    answer(request) {
      const told = honest.answer(request);
      if (told === undefined || !told.served.some(({ point }) => point === 'setpoint')) return told;
      // 44 and four octets become 42 and two.
      const at = told.bytes.indexOf(0x44);
      const bytes = [...told.bytes.slice(0, at), 0x42, ...told.bytes.slice(at + 1, at + 3), 0x3f];
      bytes[3] = bytes.length;
      return { ...told, bytes: Uint8Array.from(bytes) };
    },
  };
  const { readings } = await readAll(open(), careless);
  expect(odd(readings)).toEqual(['setpoint bad configuration']);
});

it('probe takes any answer for a sign of life', async () => {
  await open().probe(meterLine([play({ without: ['name'] })]).exchange, never);
});

describe('checks', () => {
  it('say what an address is', () => {
    const issues = (address: string | number) =>
      bacnet.checkDevice(config({ address }), line).map(({ message }) => message);
    for (const good of ['1:0', '2001:255', '65534:0x0A0000C8BAC0']) expect(issues(good)).toEqual([]);
    for (const wrong of [12, '2001', '0:1', '65535:1', '2001:256', '2001:0xABC', '1:2:3']) {
      expect(issues(wrong)).toHaveLength(1);
    }
  });

  it('want an instance for all but the device', () => {
    const own = profile(STEM);
    const [first] = own.points;
    if (first === undefined) throw new Error('no point');
    const points = [{ ...first, wire: { object: 'analog-input' } }];
    expect(bacnet.checkProfile({ ...own, points })).toMatchObject([
      { path: ['points', 0, 'bacnet', 'instance'] },
    ]);
  });
});
