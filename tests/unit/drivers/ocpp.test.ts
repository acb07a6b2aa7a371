/** OCPP 1.6J over real sockets: a simulated charger through boots, sessions, limits, cuts and resets of its register. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../drivers/index.ts';
import { OcppCharger, type OcppChargerOptions } from '../../../hw-sim/devices/ocpp-charger.ts';
import { ocppStand, type StandOptions } from '../../support/ocpp-stand.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const wallOf = (clock: VirtualClock) => {
  const { wall, mono } = clock.mapping();
  return wall + clock.mono() - mono;
};

/** Endpoint and charger, booted. */
async function pole(options: StandOptions = {}, charger: Partial<OcppChargerOptions> = {}) {
  const stand = await ocppStand(options);
  const { clock, url, until } = stand;
  const own = new OcppCharger({ url, identity: 'CP-0817', now: () => wallOf(clock), retry: 5, ...charger });
  await until(() => own.connected && stand.value('status') === 'Available', 'the charger has booted');
  return {
    ...stand,
    charger: own,
    [Symbol.asyncDispose]: async () => {
      await own[Symbol.asyncDispose]();
      await stand[Symbol.asyncDispose]();
    },
  };
}

describe('vectors of the field', () => {
  const cases = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/ocpp.json'), 'utf8')) as {
    id: string;
    protocol: string;
    text: string;
    decode: unknown[];
  }[];
  it.each(cases)('$id', ({ protocol, text, decode: want }) => {
    const answer = decode(protocol, text);
    expect(answer).toMatchObject({ ok: true, type: want[0], messageId: want[1], message: want });
    if (want[0] === 2) expect(answer).toMatchObject({ action: want[2], payload: want[3] });
    else expect(answer).toMatchObject({ payload: want[2] });
  });
  it('tells meter values as readings, in units of ours', () => {
    const of = (id: string) => decode('ocpp1.6j', cases.find((one) => one.id === id)?.text ?? '');
    expect(of('ocpp-etrel')).toMatchObject({
      readings: [{ name: 'Energy.Active.Import.Register', value: 35_855.8, unit: 'W.h' }],
    });
    expect(of('ocpp-kwh')).toMatchObject({
      readings: [
        { value: 6407, unit: 'W' },
        { value: 18_938.08, unit: 'kW.h' },
      ],
    });
    expect(of('ocpp-psn')).toMatchObject({
      readings: [{ name: 'Voltage L1-N', value: 226.9, unit: 'V' }, {}, {}],
    });
  });
  it.each([
    '',
    '{}',
    '[]',
    '[2]',
    '[2,1,"Heartbeat",{}]',
    '[2,"1","Heartbeat"]',
    '[5,"1",{}]',
    '[3,"1",[]]',
    '[4,"1"]',
  ])('refuses %j', (text) => expect(decode('ocpp1.6j', text).ok).toBe(false));
});

describe('a charger', () => {
  it('boots, says what it is, is asked to sample what the profile wants, and is away when it goes', async () => {
    await using stand = await pole();
    const { charger, value, until, clock } = stand;
    expect(value('connected')).toBe(true);
    expect([value('vendor'), value('model'), value('serial-number')]).toEqual([
      'Kerbside',
      'hw-sim AC',
      'SIM-0817',
    ]);
    await until(() => charger.configuration.get('MeterValueSampleInterval') === '30');
    expect(charger.configuration.get('MeterValuesSampledData')).toContain('Current.Import');
    await until(() => value('current-limit') === 32);
    await until(() => value('voltage-l1') === 230);
    expect(Object.is(value('current-l3'), 0)).toBe(true);
    expect(Object.is(value('power-active-total'), 0)).toBe(true);
    expect(value('temperature')).toBe(31.5);
    expect(stand.last('voltage-l2')).toBeUndefined();
    const away = charger.cut();
    await until(() => value('connected') === false);
    expect(stand.last('status')).toMatchObject({ quality: 'bad', reason: 'communication-failure' });
    expect(stand.last('current-limit')).toMatchObject({ quality: 'bad' });
    expect(stand.last('energy-total')).toMatchObject({ quality: 'good' });
    away[Symbol.dispose]();
    await until(() => value('status') === 'Available');
    await clock.advance(100_000);
    // What it never tells is said to be missing.
    expect(stand.last('voltage-l2')).toMatchObject({ quality: 'bad', reason: 'not-available' });
  });

  it('charges: the session is what its register grew by, and the current is told as it flows', async () => {
    await using stand = await pole();
    const { charger, value, until, clock } = stand;
    await charger.sample();
    await charger.plug();
    expect(value('status')).toBe('Preparing');
    expect(await charger.tag('04A1B2C3')).toBe('Accepted');
    for (let i = 0; i < 60; i++) {
      await clock.advance(MINUTE);
      await charger.sample();
    }
    expect(value('status')).toBe('Charging');
    expect(value('session-active')).toBe(true);
    expect(value('energy-session')).toBeCloseTo(3.68, 2);
    expect(value('power-active-total')).toBeCloseTo(3.68, 3);
    expect(value('current-l1')).toBe(16);
    expect(value('session-duration')).toBe(3600);
    await charger.end();
    expect(value('session-active')).toBe(false);
    expect(value('energy-total')).toBeCloseTo(3.68, 2);
    expect(value('sessions')).toBe(1);
    await charger.unplug();
    await until(() => value('status') === 'Available');
  });

  it('is started, limited, stopped, unlocked, taken out of service and restarted from here', async () => {
    await using stand = await pole();
    const { charger, value, until, write } = stand;
    await charger.plug();
    expect(await write('session-start', 'operator')).toMatchObject({ kind: 'done' });
    await until(() => value('session-active') === true);
    expect(await write('current-limit', 10)).toMatchObject({
      kind: 'done',
      readback: { value: 10, unit: 'A' },
    });
    expect([charger.limit, charger.amps]).toEqual([10, 10]);
    expect(value('current-limit')).toBe(10);
    expect(await write('session-stop', true)).toMatchObject({ kind: 'done' });
    await until(() => value('session-active') === false);
    expect(await write('session-stop', true)).toMatchObject({
      kind: 'rejected',
      reason: 'no session is under way',
    });
    expect(await write('unlock', true)).toMatchObject({ kind: 'done' });
    expect(await write('session-start', 'operator')).toMatchObject({
      kind: 'rejected',
      reason: 'RemoteStartTransaction: Rejected',
    });
    expect(await write('available', false)).toMatchObject({ kind: 'done' });
    await until(() => value('status') === 'Unavailable');
    expect(await write('trigger', 'Heartbeat')).toMatchObject({ kind: 'done' });
    expect(await write('trigger', 'Weather')).toMatchObject({ kind: 'rejected' });
    expect(await write('reset', 'now')).toMatchObject({ kind: 'rejected', reason: 'expected Soft or Hard' });
    expect(await write('reset', 'Soft')).toMatchObject({ kind: 'done' });
    await until(() => value('boots') === 2 && value('connected') === true);
    expect(await write('status', 'Charging')).toMatchObject({ kind: 'rejected' });
    // A boot has lost the limit: what it has now is asked for.
    await until(() => value('current-limit') === 32);
  });

  it('takes the limit in another profile where it knows none for the whole charger, and at its word', async () => {
    await using stand = await pole();
    const { charger, write } = stand;
    charger.knows = { maxProfile: false, composite: false };
    expect(await write('current-limit', 13.25)).toMatchObject({ kind: 'done', readback: { value: 13.3 } });
    expect(charger.limit).toBe(13.3);
    const sent = charger.heard
      .filter(({ action }) => action === 'SetChargingProfile')
      .map(({ payload }) => payload);
    expect(sent).toMatchObject([
      { connectorId: 0, csChargingProfiles: { chargingProfilePurpose: 'ChargePointMaxProfile' } },
      { connectorId: 1, csChargingProfiles: { chargingProfilePurpose: 'TxDefaultProfile' } },
    ]);
    await charger[Symbol.asyncDispose]();
    await stand.until(() => stand.value('connected') === false);
    await expect(write('current-limit', 10)).rejects.toMatchObject({ code: 'link-lost' });
  });

  it('answers what it does not do politely, and damaged calls with an error', async () => {
    await using stand = await pole();
    const { charger, value } = stand;
    expect(await charger.ask('DataTransfer', { vendorId: 'Any' })).toEqual({ status: 'UnknownVendorId' });
    expect(await charger.ask('SignCertificate', { csr: 'x' })).toEqual({ error: 'NotImplemented' });
    expect(await charger.ask('MeterValues', { connectorId: 'one' })).toEqual({ error: 'FormationViolation' });
    expect(await charger.ask('constructor', {})).toEqual({ error: 'NotImplemented' });
    expect(await charger.ask('FirmwareStatusNotification', { status: 'Downloading' })).toEqual({});
    expect(await charger.ask('DiagnosticsStatusNotification', { status: 'Uploading' })).toEqual({});
    expect([value('firmware-status'), value('diagnostics-status')]).toEqual(['Downloading', 'Uploading']);
    const { currentTime } = await charger.ask('Heartbeat', {});
    expect(currentTime).toBe(new Date(wallOf(stand.clock)).toISOString());
  });

  it('gives the same transaction to the same StartTransaction, and lets only its tags charge', async () => {
    await using stand = await pole({ options: { tags: ['RIGHT'] } });
    const { charger, value } = stand;
    const start = { connectorId: 1, idTag: 'RIGHT', meterStart: 12_000, timestamp: '2027-03-04T08:00:00Z' };
    const first = await charger.ask('StartTransaction', start);
    expect(await charger.ask('StartTransaction', start)).toEqual(first);
    expect(value('sessions')).toBe(1);
    const other = await charger.ask('StartTransaction', { ...start, timestamp: '2027-03-04T08:00:01Z' });
    expect(other.transactionId).toBe(Number(first.transactionId) + 16);
    expect(await charger.ask('Authorize', { idTag: 'WRONG' })).toEqual({ idTagInfo: { status: 'Invalid' } });
    expect(await charger.ask('StopTransaction', { transactionId: -1, meterStop: 12_000 })).toEqual({});
  });

  it('tells what was queued while the link was down at its own time', async () => {
    await using stand = await pole();
    const { charger, clock, until, readings, value } = stand;
    await charger.plug();
    await charger.tag('A');
    const away = charger.cut();
    await until(() => value('connected') === false);
    for (let i = 0; i < 3; i++) {
      await clock.advance(10 * MINUTE);
      await charger.sample();
    }
    const from = readings.length;
    away[Symbol.dispose]();
    await until(() => Number(value('energy-session')) > 1.8);
    const powers = readings
      .slice(from)
      .filter(({ point, quality }) => point === 'power-active-total' && quality === 'good');
    const ages = powers.map(({ time }) => Math.round((clock.mono() - time) / MINUTE)).sort((a, b) => b - a);
    // What was asked for just before the cut may be among them.
    expect(ages).toEqual(expect.arrayContaining([20, 10, 0]));
  });
});

describe('sums', () => {
  it.each(['never', 'boot', 'transaction'] as const)(
    'property: reset at %s, cuts, boots and restarts of the agent lose and double nothing',
    async (resets) => {
      const clock = new VirtualClock(Date.UTC(2027, 2, 4, 8));
      const memory = new Map<string, string>();
      const random = seeded(resets.length);
      let stand = await ocppStand({ clock, memory });
      const { port } = stand;
      const charger = new OcppCharger({
        url: stand.url,
        identity: 'CP-0817',
        now: () => wallOf(clock),
        retry: 2,
        resets,
      });
      await stand.until(() => charger.connected, 'booted');
      await charger.sample();
      let drawn = 0;
      const pass = async (ms: number) => {
        drawn += (charger.amps * 230 * ms) / HOUR;
        await clock.advance(ms);
        await charger.sample();
      };
      for (let i = 0; i < 40; i++) {
        const dice = random();
        if (dice < 0.3 && charger.transaction === undefined) {
          await charger.plug();
          await charger.tag('A');
        } else if (dice < 0.45 && charger.transaction !== undefined) {
          await charger.end();
          await charger.unplug();
        } else if (dice < 0.6) {
          // What flows while nobody hears is told later.
          const away = charger.cut();
          await pass(5 * MINUTE);
          await pass(20 * MINUTE * random());
          away[Symbol.dispose]();
          await stand.until(() => charger.connected, 'connected again');
          await charger.heartbeat();
        } else if (dice < 0.7) {
          await charger.heartbeat();
          charger.reboot();
          await stand.until(() => !charger.connected, 'gone');
          await stand.until(() => charger.connected, 'booted again');
          await charger.sample();
        } else if (dice < 0.8) {
          await charger.heartbeat();
          await stand[Symbol.asyncDispose]();
          stand = await ocppStand({ clock, memory, port });
          await stand.until(() => charger.connected, 'with the agent again');
        }
        await pass(MINUTE + 30 * MINUTE * random());
      }
      await charger.heartbeat();
      // A register is told in whole Wh at the ends of sessions, and in three digits of kWh between.
      expect(drawn).toBeGreaterThan(5000);
      expect(Math.abs(Number(stand.value('energy-total')) * 1000 - drawn)).toBeLessThan(20);
      await charger[Symbol.asyncDispose]();
      await stand[Symbol.asyncDispose]();
    },
    60_000,
  );
});

describe('who may come in', () => {
  const upgrade = (port: number, path: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const asked = request({
        port,
        path,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-protocol': 'ocpp1.6',
          ...headers,
        },
      });
      asked.on('response', ({ statusCode }) => resolve(statusCode ?? 0));
      asked.on('upgrade', (_, socket) => {
        socket.destroy();
        resolve(101);
      });
      asked.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' ? resolve(0) : reject(error),
      );
      asked.end();
    });
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  it('asks for the password, the identity and the subprotocol, and survives addresses that are none', async () => {
    await using stand = await ocppStand({ options: { password: 'correct-horse' } });
    const { port } = stand;
    expect(await upgrade(port, '/CP-0817')).toBe(401);
    expect(await upgrade(port, '/CP-0817', basic('CP-0817:wrong-horse'))).toBe(401);
    expect(await upgrade(port, '/CP-0817', basic('CP-0818:correct-horse'))).toBe(401);
    expect(await upgrade(port, '/ocpp/CP-0818', basic('CP-0818:correct-horse'))).toBe(404);
    expect(await upgrade(port, '/%zz')).toBe(0);
    expect(await upgrade(port, `/${'x'.repeat(2000)}`)).toBe(0);
    expect(
      await upgrade(port, '/CP-0817', {
        ...basic('CP-0817:correct-horse'),
        'sec-websocket-protocol': 'ocpp9',
      }),
    ).toBe(400);
    expect(await upgrade(port, '/ocpp/CP-0817', basic('CP-0817:correct-horse'))).toBe(101);
    expect(stand.said.map(({ event }) => event)).toContain('ocpp.unknown-charger');
    await using own = new OcppCharger({
      url: stand.url,
      identity: 'CP-0817',
      password: 'correct-horse',
      retry: 5,
    });
    await stand.until(() => own.connected, 'the right one comes in');
  });

  it('cuts off messages without end, and answers garbage with errors', async () => {
    await using stand = await pole();
    const socket = new WebSocket(`${stand.url}/CP-0817`, 'ocpp1.6');
    const heard: string[] = [];
    socket.addEventListener('message', ({ data }) => void heard.push(String(data)));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    for (const text of ['', 'x', '{}', '[2]', '[2,"1"]', '[2,"1","Heartbeat",null]', '[9,"1"]'])
      socket.send(text);
    await stand.until(() => heard.length >= 5, 'answers');
    expect(heard.some((text) => text.startsWith('[3,"1",{"currentTime"'))).toBe(true);
    socket.send('x'.repeat(70_000));
    await new Promise((resolve) => socket.addEventListener('close', resolve));
  });

  it('speaks TLS with its certificate', async () => {
    const read = (name: string) =>
      readFileSync(join(import.meta.dirname, `../../vectors/tls/${name}`), 'utf8');
    await using stand = await ocppStand({ line: { cert: read('broker.pem'), key: read('broker-key.pem') } });
    const { connect } = await import('node:tls');
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({
        port: stand.port,
        host: '127.0.0.1',
        ca: read('ca.pem'),
        servername: 'localhost',
      });
      socket.on('secureConnect', () => {
        socket.write(
          'GET /CP-0817 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n',
        );
      });
      socket.once('data', (bytes) => {
        resolve(bytes.toString());
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 101 [\s\S]*ocpp1\.6/);
  });
});
