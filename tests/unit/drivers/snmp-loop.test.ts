/** Every SNMP profile against a simulated agent, which has an encoder and the security of version 3 of its own. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import snmp from '../../../drivers/snmp/index.ts';
import { SnmpAgent, type SnmpAgentOptions } from '../../../hw-sim/devices/snmp-agent.ts';
import { SNMP_MODELS } from '../../../hw-sim/devices/snmp-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile, profileFiles } from './load.ts';
import { type AskedDevice, meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const files = profileFiles().filter((file) => file.profile.protocol === 'snmp');
const line: LineConfig = { id: 'line', kind: 'udp', host: '10.0.0.9', port: 161, timeout: 1000 };

function play(stem: string, more: Partial<SnmpAgentOptions> = {}, hours = 0): SnmpAgent {
  const model = SNMP_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated agent ${stem}`);
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const clock = worldClock(START + hours * 3_600_000, 1, () => 0);
  return new SnmpAgent({ model, world, clock, ...more });
}

function config(stem: string, options: Record<string, unknown> = {}): DeviceConfig {
  const { address: _none, ...alone } = device(profile(stem));
  return { ...alone, options };
}

function open(stem: string, options: Record<string, unknown> = {}, clock = new VirtualClock()) {
  const own = config(stem, options);
  expect(snmp.checkDevice(own, line)).toEqual([]);
  return snmp.open({ device: own, clock, log: silent }, line);
}

async function readAll(session: ReturnType<typeof open>, agent: AskedDevice) {
  const { exchange, served, requests } = meterLine([agent]);
  const readings = new Map<string, Reading>();
  for (const poll of session.polls) {
    for (const reading of await poll.execute(exchange, never)) readings.set(reading.point, reading);
  }
  return { readings, served, requests };
}

it('every profile has its agent and every agent its profile', () => {
  expect([...SNMP_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

const MD5 = { name: 'reader', auth: { hash: 'md5', password: 'longer-than-8' } } as const;
const SHA = { name: 'reader', auth: { hash: 'sha1', password: 'longer-than-8' } } as const;
const SHA256 = {
  name: 'reader',
  auth: { hash: 'sha256', password: 'longer-than-8' },
  priv: { password: 'another-secret' },
} as const;
const auth = (protocol: string) => ({ protocol, password: 'longer-than-8' });

describe.each(files)('$stem', ({ stem, profile: file }) => {
  it.each([
    ['as the profile says', {}, {}, 0],
    ['at night', {}, {}, 9],
    ['with a community', { community: 'street' }, { community: 'street' }, 0],
    ['in version 1', { version: 1 }, {}, 1],
    ['in version 3', { version: 3, user: 'reader' }, { user: { name: 'reader' } }, 2],
    ['with MD5', { version: 3, user: 'reader', auth: auth('md5') }, { user: MD5 }, 3],
    ['with SHA', { version: 3, user: 'reader', auth: auth('sha') }, { user: SHA }, 4],
    [
      'with SHA-256 and AES',
      {
        version: 3,
        user: 'reader',
        auth: auth('sha256'),
        priv: { protocol: 'aes', password: 'another-secret' },
      },
      { user: SHA256 },
      5,
    ],
  ])('is read back equal %s', async (_how, options, more, hours) => {
    const session = open(stem, options);
    const agent = play(stem, more, hours);
    for (let round = 0; round < 2; round++) {
      const { readings, served } = await readAll(session, agent);
      expect([...readings.keys()].sort()).toEqual(file.points.map(({ id }) => id).sort());
      for (const { id, unit } of file.points) {
        const [read, truth] = [readings.get(id), served.get(id)];
        expect([id, read?.quality, read?.value, read?.unit]).toEqual([id, 'good', truth?.value, unit]);
        expect(truth?.uom).toBe(unit);
      }
    }
  });
});

describe('what a device does not have', () => {
  const gone = ['1.3.6.1.2.1.33.1.2.6.0', '1.3.6.1.2.1.33.1.2.7.0', '1.3.6.1.2.1.33.1.6.1.0'];
  const lost = ['alarms', 'battery-current', 'battery-temperature'];
  const badOnes = (readings: ReadonlyMap<string, Reading>) =>
    [...readings.values()]
      .filter(({ quality }) => quality === 'bad')
      .map(({ point, reason }) => `${point} ${reason}`)
      .sort();

  it.each([['2c'], [1]])('is not available, and the rest is: version %s', async (version) => {
    const session = open('generic-rfc1628-ups', { version });
    const { readings } = await readAll(session, play('generic-rfc1628-ups', { without: gone }));
    expect(badOnes(readings)).toEqual(lost.map((point) => `${point} not-available`));
  });

  it('is asked for again after an hour only, in version 1', async () => {
    const clock = new VirtualClock();
    const session = open('generic-rfc1628-ups', { version: 1 }, clock);
    const agent = play('generic-rfc1628-ups', { without: gone });
    const first = await readAll(session, agent);
    const second = await readAll(session, agent);
    expect(second.requests.length).toBe(session.polls.length);
    expect(badOnes(second.readings)).toEqual(badOnes(first.readings));
    await clock.advance(3_600_001);
    expect((await readAll(session, agent)).requests.length).toBe(first.requests.length);
  });

  it('is found out where nothing else is there', async () => {
    const session = open('net-snmp-linux', { version: 1 });
    const without = SNMP_MODELS.get('net-snmp-linux')?.objects.map(({ oid }) => oid) ?? [];
    for (let round = 0; round < 2; round++) {
      const { readings } = await readAll(session, play('net-snmp-linux', { without }));
      expect(badOnes(readings)).toHaveLength(6);
    }
  });
});

it('an agent that finds a request too big is asked in parts', async () => {
  const session = open('generic-rfc1628-ups');
  const { readings, requests } = await readAll(session, play('generic-rfc1628-ups', { most: 5 }));
  expect([...readings.values()].every(({ quality }) => quality === 'good')).toBe(true);
  expect(requests.length).toBeGreaterThan(session.polls.length);
});

it('a row of a table is that of the device', async () => {
  const agent = play('generic-snmp-interface');
  const model = agent.model.objects.map((one) => ({ ...one, oid: one.oid.replace(/\.1$/, '.10007') }));
  const other = play('generic-snmp-interface', { model: { ...agent.model, objects: model } });
  const { readings } = await readAll(open('generic-snmp-interface', { index: 10_007 }), other);
  expect(readings.get('interface-name')?.value).toBe('ge-0/0/1');
});

describe('version 3', () => {
  const options = { version: 3, user: 'reader', auth: auth('sha') };

  it('goes on after the device has started anew', async () => {
    const session = open('net-snmp-linux', options);
    const agent = play('net-snmp-linux', { user: SHA });
    await readAll(session, agent);
    agent.restart();
    const { readings } = await readAll(session, agent);
    expect(readings.get('name')?.value).toBe('gateway-17');
  });

  it.each([
    ['another password', { ...options, auth: { protocol: 'sha', password: 'not-this-one' } }],
    ['another user', { ...options, user: 'writer' }],
    ['too little protection', { version: 3, user: 'reader' }],
    [
      'another key',
      {
        ...options,
        auth: auth('sha256'),
        priv: { protocol: 'aes', password: 'some-other-key' },
      },
    ],
  ])('says that %s is refused', async (_what, given) => {
    const user = 'priv' in given ? SHA256 : SHA;
    const session = open('net-snmp-linux', given);
    await expect(readAll(session, play('net-snmp-linux', { user }))).rejects.toMatchObject({
      code: 'auth-failed',
      fix: expect.stringContaining('user'),
    });
  });

  it('takes no unprotected answer to a protected question', async () => {
    const session = open('net-snmp-linux', options);
    const honest = play('net-snmp-linux', { user: SHA });
    const bare = play('net-snmp-linux', { user: { name: 'reader' } });
    await readAll(session, honest);
    const forger: AskedDevice = {
      answer(request) {
        // The same question without protection, as somebody on the way could ask it.
        const plain = Buffer.from(request);
        const at = plain.indexOf(Buffer.from([0x04, 0x01, 0x05]));
        if (at > 0) plain[at + 2] = 0x04;
        return bare.answer(plain);
      },
    };
    await expect(readAll(session, forger)).rejects.toMatchObject({ code: 'frame-invalid' });
  });
});

it('nobody answers a wrong community: a time-out', async () => {
  const agent = play('net-snmp-linux', { community: 'secret' });
  await expect(readAll(open('net-snmp-linux'), agent)).rejects.toMatchObject({ code: 'timeout' });
});

it('probe takes any answer for a sign of life', async () => {
  const session = open('apc-smart-ups');
  const { exchange } = meterLine([play('apc-smart-ups')]);
  await session.probe(exchange, never);
});

describe('checks', () => {
  const issues = (options: Record<string, unknown>, on: LineConfig = line) =>
    snmp
      .checkDevice(config('net-snmp-linux', options), on)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);

  it('say what a device lacks', () => {
    expect(issues({ version: 3 })).toEqual(['options.user: expected the user of version 3, got nothing']);
    expect(issues({ user: 'reader' })).toEqual(['options.user: expected version 3 for user, got 2c']);
    expect(issues({ version: 3, user: 'r', priv: { password: 'long-enough' } })).toEqual([
      'options.auth: expected auth where there is priv, got nothing',
    ]);
    expect(issues({ version: 3, user: 'r', auth: { password: 'short' } })).toEqual([
      'options.auth.password: expected at least 8, got "short"',
    ]);
    const serial: LineConfig = { id: 'line', kind: 'tcp', host: 'a', port: 1, framing: 'raw', timeout: 1 };
    expect(issues({}, serial)).toEqual(['line: expected a line with udp: for SNMP, got tcp']);
  });

  it('refuse OIDs that are none', () => {
    const own = profile('net-snmp-linux');
    const [first] = own.points;
    if (first === undefined) throw new Error('no point');
    for (const oid of ['sysUpTime.0', '1.3.6.1..1', '.1.3.6', '1.3.6.1.{index', '1.3.06']) {
      const points = [{ ...first, wire: { oid } }];
      expect(snmp.checkProfile({ ...own, points })).toMatchObject([{ path: ['points', 0, 'snmp', 'oid'] }]);
    }
  });
});
