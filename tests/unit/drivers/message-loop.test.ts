/** Every profile of devices that send messages, against what its simulated device sends; and what messages do to a session. */
import { describe, expect, it } from 'vitest';
import type { MessageDriver } from '../../../agent/core/driver.ts';
import { silent } from '../../../agent/core/log.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { MESSAGE_MODELS, type SendOptions, sentMessage } from '../../../hw-sim/devices/message-devices.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile, profileFiles } from './load.ts';

const WALL = Date.UTC(2027, 0, 1);
const ADDRESS = '24e124148b492113';
const world = createWorld({ seed: 7, start: WALL, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
const files = profileFiles().filter(({ profile: { protocol } }) => ['mqtt-in', 'http-in'].includes(protocol));
const line: LineConfig = { id: 'l', kind: 'mqtt', url: 'mqtt://b', clientId: 'c', timeout: 1000 };

const driverOf = (of: DeviceConfig) => driverFor(of.profile.protocol) as MessageDriver;
function open(config: DeviceConfig) {
  const clock = new VirtualClock(WALL);
  return { clock, session: driverOf(config).open({ device: config, clock, log: silent }, line) };
}
function send(stem: string, more: Partial<SendOptions> = {}) {
  const model = MESSAGE_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated ${stem}`);
  return sentMessage(model, { address: ADDRESS, world, time: WALL, wall: WALL, ...more });
}

it('every profile has its device and every device its profile', () => {
  expect([...MESSAGE_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

describe.each(files)('$stem', ({ stem, profile: of }) => {
  it.each(of.protocol === 'mqtt-in' ? (['chirpstack', 'the-things-stack'] as const) : (['own'] as const))(
    'is read back equal from %s',
    (envelope) => {
      const options = envelope === 'the-things-stack' ? { server: envelope } : {};
      const config = device(of, { address: ADDRESS, options });
      expect(driverOf(config).checkDevice(config, line)).toEqual([]);
      const { clock, session } = open(config);
      const { payload, topic, served } = send(stem, { envelope });
      expect(session.filters).toHaveLength(1);
      const readings = session.take({ topic, payload, retained: false, time: clock.mono() }) ?? [];
      const told = readings.map(({ point, value, unit, quality }) => [point, value, unit, quality]);
      expect(told.sort()).toEqual(served.map(({ point, value, uom }) => [point, value, uom, 'good']).sort());
    },
  );
});

describe('a message', () => {
  const leak = device(profile('milesight-em300-sld'), { address: ADDRESS });

  it('has the time it was measured, where that can be', async () => {
    const { clock, session } = open(leak);
    await clock.advance(3_600_000);
    const of = (ago: number) => {
      const { payload, topic } = send('milesight-em300-sld', { wall: WALL + 3_600_000 - ago });
      return session.take({ topic, payload, retained: true, time: clock.mono() })?.[0]?.time;
    };
    expect([of(0), of(600_000), of(-30_000)]).toEqual([clock.mono(), clock.mono() - 600_000, clock.mono()]);
    // Kept by the broker without a time that can be: nobody knows how old it is.
    expect([of(-600_000), of(8 * 86_400_000)]).toEqual([undefined, undefined]);
  });

  it('that lacks a value says nothing of it, null says there is none, and another word is not guessed', () => {
    const { clock, session } = open(leak);
    const take = (object: unknown) =>
      (
        session.take({
          topic: '',
          payload: new TextEncoder().encode(JSON.stringify({ object })),
          retained: false,
          time: clock.mono(),
        }) ?? []
      ).map(({ point, value, reason }) => [point, value, reason]);
    expect(take({ battery: 80 })).toEqual([['battery', 80, undefined]]);
    expect(take({ battery: null, temperature: '21.5' })).toEqual([
      ['temperature', 21.5, undefined],
      ['battery', null, 'not-available'],
    ]);
    expect(take({ leakage_status: 'damp', humidity: 300, temperature: {} })).toEqual([
      ['leak', null, 'configuration'],
      ['temperature', null, 'configuration'],
      ['humidity', null, 'over-range'],
    ]);
    expect(take({ __proto__: null, constructor: 1 })).toEqual([]);
    expect(take('leak')).toEqual([]);
  });

  it('of another device on the same path is not taken', () => {
    const { clock, session } = open(device(profile('generic-http-smoke'), { address: '868508064807350' }));
    const of = (address: string) => {
      const { payload, topic } = send('generic-http-smoke', { address });
      return session.take({ topic, payload, retained: false, time: clock.mono() })?.length;
    };
    expect([of('868508064807350'), of('868508064807351')]).toEqual([3, undefined]);
  });
});

it('checks topics, addresses, units, pointers', () => {
  const of = profile('generic-lorawan-bay');
  const said = (more: Partial<DeviceConfig>) => {
    const config = device(of, { address: ADDRESS, ...more });
    return driverOf(config)
      .checkDevice(config, line)
      .map(({ path }) => path.join('.'));
  };
  expect(said({})).toEqual([]);
  expect(said({ options: { topic: 'bays/all' } })).toEqual(['options.topic']);
  expect(said({ options: { topic: 'bays/all', identity: '/id' } })).toEqual([]);
  expect(said({ options: { seen: '1 day' } })).toEqual(['options.seen']);
  expect(said({ address: '#' })).toEqual(['address']);
  const [first] = of.points;
  if (first === undefined) throw new Error('no point');
  const points = [
    { ...first, id: 'a', wire: { pointer: 'occupied' } },
    { ...first, id: 'b', wire: {} },
    { ...first, id: 'c', wire: { pointer: '/x', unit: 'mV' } },
    { ...first, id: 'd', wire: { pointer: '/x', access: 1 } },
  ];
  const config = device(of);
  expect(
    driverOf(config)
      .checkProfile({ ...of, points })
      .map(({ path }) => path[1]),
  ).toEqual([0, 1, 2, 3]);
});

it('fuzz: a million messages never crash a session, and make no value that is none', {
  timeout: 120_000,
}, () => {
  const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
  let state = Number(process.env.FUZZ_SEED ?? 20270104) | 1;
  const roll = (n: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  const config = device(profile('milesight-em300-sld'), { address: ADDRESS });
  const { clock, session } = open(config);
  const whole = send('milesight-em300-sld').payload;
  const words = [
    'null',
    '1e999',
    '-0',
    '""',
    '{}',
    '[]',
    'true',
    '"leak"',
    '1e308',
    '"1e999"',
    '99999999999999999999',
  ];
  const text = new TextDecoder().decode(whole);
  let taken = 0;
  for (let i = 0; i < INPUTS; i++) {
    let payload: Uint8Array;
    if (i % 3 === 0) {
      payload = whole.slice();
      for (let n = roll(3); n >= 0; n--) payload[roll(payload.length)] = roll(256);
    } else if (i % 3 === 1) {
      payload = Buffer.from(
        text.replace(/:("[a-z]+"|[\d.]+)/g, (all) => (roll(3) === 0 ? `:${words[roll(words.length)]}` : all)),
      );
    } else payload = Uint8Array.from({ length: roll(24) }, () => roll(256));
    try {
      for (const { value, quality, time } of session.take({
        topic: '',
        payload,
        retained: i % 2 === 0,
        time: clock.mono(),
      }) ?? []) {
        taken++;
        if ((value === null) !== (quality === 'bad')) throw new Error(`${i}: ${quality} ${String(value)}`);
        if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${i}: ${value}`);
        if (!Number.isFinite(time)) throw new Error(`${i}: time ${time}`);
      }
    } catch (thrown) {
      if (!(thrown instanceof Error) || thrown.name !== 'AgentError') throw thrown;
    }
  }
  expect(taken).toBeGreaterThan(INPUTS / 2);
});
