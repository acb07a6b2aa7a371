/** `kerbside doctor`: what it finds on machines that tests make up of files, ports and a real broker. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { libraries } from '../../../agent/cli/doctor/libraries.ts';
import { disk, memory } from '../../../agent/cli/doctor/machine.ts';
import { modem, radioOf } from '../../../agent/cli/doctor/modem.ts';
import { ports } from '../../../agent/cli/doctor/ports.ts';
import { network, tlsFault, uplink } from '../../../agent/cli/doctor/uplinks.ts';
import { smartOf, writesOf } from '../../../agent/cli/doctor/wear.ts';
import type { Site } from '../../../agent/core/site.ts';
import type { MqttUplinkConfig } from '../../../agent/core/uplink-config.ts';
import { type CityBroker, startBroker } from '../../../hw-sim/city/broker.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-doctor-'));
afterAll(() => rmSync(dir, { recursive: true }));

function machine(files: Record<string, string>): { readonly proc: string; readonly sys: string } {
  const root = mkdtempSync(join(dir, 'machine-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { proc: join(root, 'proc'), sys: join(root, 'sys') };
}

describe('the machine', () => {
  test('an eMMC tells its wear in tenths; at nine of them its replacement is due', async () => {
    const mounts = '/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n';
    const wear = async (life: string) =>
      (await disk(dir, machine({ 'proc/mounts': mounts, 'sys/block/mmcblk0/device/life_time': life }))).at(
        -1,
      );
    expect(await wear('0x01 0x03\n')).toMatchObject({
      state: 'ok',
      says: 'at most 30 % of its life is used',
    });
    expect(await wear('0x09 0x02\n')).toMatchObject({ state: 'warning' });
    expect(await wear('0x0b 0x01\n')).toMatchObject({ state: 'warning', says: 'its rated life is over' });
    expect((await disk(dir, machine({ 'proc/mounts': mounts }))).at(-1)).toMatchObject({ state: 'unknown' });
  });

  test('the deepest mount counts: read-only and in memory are told', async () => {
    const found = await disk(
      dir,
      machine({ 'proc/mounts': `/dev/sda1 / ext4 rw 0 0\ntmpfs ${dir} tmpfs ro,nosuid 0 0\n` }),
    );
    expect(found.map(({ says }) => says)).toEqual(
      expect.arrayContaining([expect.stringContaining('read-only'), expect.stringContaining('it is tmpfs')]),
    );
  });

  test('little memory is told, and what to leave out', async () => {
    expect(
      await memory(machine({ 'proc/meminfo': 'MemTotal: 999 kB\nMemAvailable:   90000 kB\n' })),
    ).toMatchObject([{ state: 'warning', says: '92 MB available' }]);
    expect(await memory(machine({}))).toMatchObject([{ state: 'unknown' }]);
  });

  test('a default route over IPv4 or IPv6, or none', async () => {
    const route = 'Iface\tDestination\tGateway\nwwan0\t00000000\t0100000A\t0003\n';
    expect(await network(machine({ 'proc/net/route': route }).proc)).toMatchObject([
      { says: 'default route over wwan0' },
    ]);
    const zero = '0'.repeat(32);
    const six = `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n`;
    expect(await network(machine({ 'proc/net/ipv6_route': six }).proc)).toMatchObject([
      { says: 'default route over eth0' },
    ]);
    expect(await network(machine({}).proc)).toMatchObject([{ state: 'fault' }]);
  });

  test('a mobile interface is named', async () => {
    const { sys } = machine({ 'sys/class/net/wwan0/address': '', 'sys/class/net/lo/address': '' });
    expect(await modem(sys)).toMatchObject([{ state: 'ok', says: 'interface wwan0' }]);
    expect(await modem('/nowhere')).toMatchObject([{ state: 'unknown' }]);
  });

  test('a disk by SMART: well, worn, failing, or silent', () => {
    const of = (said: object | string) =>
      smartOf('SMART of /dev/sda', typeof said === 'string' ? said : JSON.stringify(said));
    expect(of({ smart_status: { passed: true } })).toMatchObject({ state: 'ok' });
    expect(
      of({ smart_status: { passed: true }, nvme_smart_health_information_log: { percentage_used: 12 } }),
    ).toMatchObject({ state: 'ok', says: '12 % of its rated life is used' });
    expect(of({ nvme_smart_health_information_log: { percentage_used: 97 } })).toMatchObject({
      state: 'warning',
      fix: 'plan its replacement',
    });
    expect(of({ smart_status: { passed: false } })).toMatchObject({
      state: 'fault',
      fix: expect.stringContaining('kerbside backup'),
    });
    expect(of({ smartctl: { messages: [{ string: 'Permission denied' }] } })).toMatchObject({
      state: 'unknown',
      says: 'Permission denied',
    });
    for (const nonsense of ['', 'null', '[]', '{"smart_status":7,"smartctl":{"messages":"x"}}'])
      expect(of(nonsense).state).toBe('unknown');
  });

  test('what the log writes, and how long the card lasts', () => {
    expect(writesOf({ written_bytes_per_day: 55e6, card_years: 11.5 })).toMatchObject([
      { state: 'ok', says: '55 MB a day, the card lasts 11.5 years by its rating' },
    ]);
    expect(writesOf({ written_bytes_per_day: 900e6, card_years: 0.7 })).toMatchObject([
      { state: 'warning', fix: expect.stringContaining('write_budget') },
    ]);
    expect(writesOf({ written_bytes_per_day: 55e6 })).toMatchObject([{ state: 'ok' }]);
    expect(writesOf({})).toMatchObject([{ state: 'unknown' }]);
  });

  test('a modem: SIM, registration and signal, each with what to do', () => {
    const of = (facts: Record<string, string | number>) => radioOf('modem', new Map(Object.entries(facts)));
    expect(of({ sim: 'SIM PIN' })).toMatchObject([{ state: 'fault', says: 'SIM: SIM PIN' }]);
    expect(of({ sim: 'READY', registration: 1, operator: '46000', rsrp: -95 })).toMatchObject([
      { state: 'ok', says: 'registered at 46000' },
      { state: 'ok' },
    ]);
    expect(of({ registration: 3 })).toMatchObject([
      { state: 'fault', fix: expect.stringContaining('operator') },
    ]);
    expect(of({ registration: 2, rsrp: -115 }).map(({ state }) => state)).toEqual(['fault', 'warning']);
    expect(of({ rsrp: -125 })).toMatchObject([{ state: 'fault' }]);
    expect(radioOf('modem', undefined)).toMatchObject([{ state: 'unknown' }]);
  });

  test('native libraries are tried in processes of their own', { timeout: 60_000 }, async () => {
    const found = await libraries();
    expect(found.map(({ about, state }) => `${about} ${state}`)).toEqual([
      'library better-sqlite3 ok',
      'library serialport ok',
      'library sharp ok',
      'library onnxruntime-node ok',
    ]);
  });
});

describe('ports', () => {
  const site = (port: string) =>
    ({ lines: [{ id: 'a', kind: 'serial', port }], cameras: [] }) as unknown as Site;

  test('a port that is not there, a file in its place, and one that may be opened', async () => {
    expect(await ports(site('/dev/ttyNOT9'))).toMatchObject([
      { state: 'fault', says: '/dev/ttyNOT9 is not there' },
    ]);
    writeFileSync(join(dir, 'file'), '');
    expect(await ports(site(join(dir, 'file')))).toMatchObject([
      { state: 'fault', says: expect.stringContaining('no device') },
    ]);
    symlinkSync('/dev/null', join(dir, 'port'));
    expect(await ports(site(join(dir, 'port')))).toMatchObject([{ state: 'ok' }]);
  });
});

describe('uplinks', () => {
  let broker: CityBroker;
  const config = (url: string): MqttUplinkConfig => ({
    id: 'city',
    kind: 'mqtt',
    url,
    clientId: 'pole',
    keepAlive: 30_000,
    inFlight: 16,
    maxMessage: 131_072,
    replayRate: 0,
  });
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test('a broker that answers and lets us in', async () => {
    const found = await uplink(config(broker.url), Date.now());
    expect(found.map(({ about, state }) => `${about}: ${state}`)).toEqual([
      'uplink city: ok',
      'uplink city, broker: ok',
    ]);
  });

  test('a name nobody knows, and a port where nobody listens, each with its fix', async () => {
    expect(await uplink(config('mqtt://no-such-name.invalid:1883'), Date.now())).toMatchObject([
      { state: 'fault', says: 'the name no-such-name.invalid is not known', fix: expect.any(String) },
    ]);
    expect(await uplink(config('mqtt://127.0.0.1:1'), Date.now())).toMatchObject([
      { state: 'fault', says: expect.stringContaining('ECONNREFUSED'), fix: expect.any(String) },
    ]);
  });

  test('what went wrong in TLS is told apart: clock, name, authority, no TLS at all', async () => {
    const of = (code: string) =>
      tlsFault('uplink city, TLS', 'broker', Object.assign(new Error(code), { code })).fix ?? '';
    expect(of('CERT_NOT_YET_VALID')).toContain('clock');
    expect(of('CERT_HAS_EXPIRED')).toContain('clock');
    expect(of('ERR_TLS_CERT_ALTNAME_INVALID')).toContain('name');
    expect(of('SELF_SIGNED_CERT_IN_CHAIN')).toContain('ca');
    expect(of('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')).toContain('csr');
    // A broker without TLS answers on the port, and fails in the handshake.
    const found = await uplink(config(broker.url.replace('mqtt:', 'mqtts:')), Date.now());
    expect(found.map(({ about, state }) => `${about}: ${state}`)).toEqual([
      'uplink city: ok',
      'uplink city, TLS: fault',
    ]);
  });
});
