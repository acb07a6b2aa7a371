/** Relay and valve: off unless the site file says so, told once, by reference to a secret, and read back. */
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import cjt188 from '../../../drivers/cjt188/index.ts';
import dlt645 from '../../../drivers/dlt645/index.ts';
import { Cjt188Device, type Cjt188DeviceOptions } from '../../../hw-sim/devices/cjt188-device.ts';
import { CJT188_MODELS } from '../../../hw-sim/devices/cjt188-models.ts';
import { Dlt645Device } from '../../../hw-sim/devices/dlt645-device.ts';
import { DLT645_MODELS } from '../../../hw-sim/devices/dlt645-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { MINIMAL, SiteFolder } from '../config/site-folder.ts';
import { device, profile } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};
const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });

describe('the relay of an electricity meter', () => {
  const ADDRESS = '260305510020';
  const control = { relay: true, password: '123456', operator: '00000042' };
  function play(password?: string) {
    const model = DLT645_MODELS.get('dlt645-2007-single-phase');
    if (model === undefined) throw new Error('no simulated meter');
    const clock = worldClock(START, 1, () => 0);
    const own = password === undefined ? {} : { password };
    const meter = new Dlt645Device({ model, address: ADDRESS, world, clock, ...own });
    return { meter, ...meterLine([meter]) };
  }
  const open = (options: DeviceConfig['options'], address: string | undefined = ADDRESS) => {
    const { address: _none, ...rest } = device(profile('dlt645-2007-single-phase'), { options });
    const config = { ...rest, ...(address === undefined ? {} : { address }) };
    return dlt645.open({ device: config, clock: new VirtualClock(), log: silent }, line);
  };

  it('is not touched where the site file does not allow it, where another point is meant, or nobody is named', async () => {
    const { meter, exchange, requests } = play('123456');
    const write = { point: 'relay-open', value: true };
    expect(await open({}).write(write, exchange, never)).toMatchObject({ kind: 'rejected', reason: /off/ });
    expect(
      await open({ control }).write({ point: 'battery-low', value: true }, exchange, never),
    ).toMatchObject({
      kind: 'rejected',
    });
    const { address: _none, ...rest } = device(profile('dlt645-2007-single-phase'), { options: { control } });
    const anybody = dlt645.open({ device: rest, clock: new VirtualClock(), log: silent }, line);
    expect(await anybody.write(write, exchange, never)).toMatchObject({ reason: /needs the address/ });
    expect([meter.commands, requests]).toEqual([[], []]);
  });

  it("is told once, with an end by the meter's own clock, and read back", async () => {
    const { meter, exchange } = play('123456');
    const session = open({ control });
    expect(await session.write({ point: 'relay-open', value: true }, exchange, never)).toMatchObject({
      kind: 'done',
      readback: { point: 'relay-open', value: true, quality: 'good' },
    });
    // Level, password and operator lowest first, trip; 18:07:33 in the meter, and five minutes.
    const hex = Buffer.from(meter.commands[0] ?? []).toString('hex');
    expect(hex).toBe('02563412' + '42000000' + '1a00' + '331218010627');
    expect(meter.commands).toHaveLength(1);
    // Allowed to close is not closed yet: it reads what it reads.
    expect(await session.write({ point: 'relay-open', value: false }, exchange, never)).toMatchObject({
      readback: { value: true },
    });
    const direct = open({ control: { ...control, close: 'direct' } });
    expect(await direct.write({ point: 'relay-open', value: false }, exchange, never)).toMatchObject({
      readback: { value: false },
    });
  });

  it('refused by the meter is a sentence, and nothing is repeated', async () => {
    const { exchange, requests } = play();
    const outcome = await open({ control }).write({ point: 'relay-open', value: true }, exchange, never);
    expect(outcome).toMatchObject({ kind: 'rejected', reason: /wrong password or not authorised/ });
    expect(requests.filter((bytes) => bytes[12] === 0x1c)).toHaveLength(1);
  });
});

describe('the valve of a water meter', () => {
  const ADDRESS = '00201707010069';
  function play(more: Partial<Cjt188DeviceOptions> = {}) {
    const model = CJT188_MODELS.get('cjt188-water');
    if (model === undefined) throw new Error('no simulated meter');
    const clock = new VirtualClock();
    const time = worldClock(START, 1, () => clock.mono());
    const meter = new Cjt188Device({ model, address: ADDRESS, world, clock: time, ...more });
    const config = (options: DeviceConfig['options']) =>
      device(profile('cjt188-water'), { address: ADDRESS, options });
    const open = (options: DeviceConfig['options']) =>
      cjt188.open({ device: config(options), clock, log: silent }, line);
    return { clock, meter, open, ...meterLine([meter]) };
  }
  const control = { valve: true };

  it('is not touched where the site file does not allow it', async () => {
    const { meter, open, exchange } = play();
    const outcome = await open({}).write({ point: 'valve', value: 'closed' }, exchange, never);
    expect(outcome).toMatchObject({ kind: 'rejected', reason: /off: the site file does not allow it/ });
    expect(await open({ control }).write({ point: 'valve', value: 'ajar' }, exchange, never)).toMatchObject({
      kind: 'rejected',
    });
    expect(meter.commands).toEqual([]);
  });

  it.each([
    ['by the standard', {}, control],
    ['by a maker', { valveCode: 0x2a }, { ...control, code: '2A' }],
  ])('is told once %s, and looked at until it has moved', async (_how, more, allowed) => {
    const { clock, meter, open, exchange } = play(more);
    let outcome: unknown;
    void open({ control: allowed })
      .write({ point: 'valve', value: 'closed' }, exchange, never)
      .then((told) => {
        outcome = told;
      });
    for (let i = 0; i < 20 && outcome === undefined; i++) await clock.advance(250);
    expect(outcome).toMatchObject({ kind: 'done', readback: { value: 'closed', quality: 'good' } });
    expect(meter.commands.map(([, , , word]) => word)).toEqual([0x99]);
  });

  it('that sticks reads what it reads when time is up', async () => {
    const { clock, open, exchange } = play({ travel: 60_000 });
    let outcome: unknown;
    void open({ control: { ...control, travel: '3s' } })
      .write({ point: 'valve', value: 'closed' }, exchange, never)
      .then((told) => {
        outcome = told;
      });
    for (let i = 0; i < 20 && outcome === undefined; i++) await clock.advance(250);
    expect(outcome).toMatchObject({ kind: 'done', readback: { value: 'open' } });
  });
});

describe('in a site file', () => {
  const folder = new SiteFolder();
  afterAll(() => folder[Symbol.dispose]());
  const site = (control: string) => `${MINIMAL}lines:
  - { id: a, port: /dev/ttyUSB0, baud: 2400, format: 8E1 }
devices:
  - { id: flat-3, line: a, profile: dlt645-2007-single-phase, address: "260305510020"${control} }
`;
  const env = { FLAT_3: '123456', SHORT: '12' };
  const relay = async (text: string) => {
    const result = await folder.load(text, { env });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const [flat] = result.site.devices;
    const access = flat?.profile.points.find(({ id }) => id === 'relay-open')?.access;
    return { access, options: flat?.options, secrets: result.facts.secrets };
  };

  it('a relay that is not allowed is read-only to everybody', async () => {
    expect(await relay(site(''))).toMatchObject({ access: 'read', options: {}, secrets: [] });
  });

  it('its password is a reference, and masked', async () => {
    folder.write('password', '000000\n');
    const allowed = { access: 'read-write', options: { control: { relay: true, password: '123456' } } };
    const text = (password: string) => site(`, control: { relay: true, password: "${password}" }`);
    expect(await relay(text(`\${env:FLAT_3}`))).toMatchObject({ ...allowed, secrets: ['123456'] });
    expect(await relay(text('file:password'))).toMatchObject({
      options: { control: { password: '000000' } },
      secrets: ['000000'],
    });
    const wrong = await folder.problems(text('123456'), { env });
    expect(wrong).toEqual([expect.stringContaining('control.password: expected a reference to a secret')]);
    expect(wrong.join()).not.toContain('123456');
    const short = await folder.problems(text(`\${env:SHORT}`), { env });
    expect(short).toEqual([expect.stringMatching(/expected a password of six digits$/)]);
    expect(await folder.problems(text('file:none'), { env })).toEqual([
      expect.stringContaining('cannot be read'),
    ]);
  });
});
