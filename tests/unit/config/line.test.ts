/** Lines of a site file: what becomes of their settings, and what is said of wrong ones. */
import { afterAll, describe, expect, test } from 'vitest';
import type { LineConfig } from '../../../agent/core/site.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (...lines: string[]) => `${MINIMAL}lines:\n  - id: a\n    ${lines.join('\n    ')}\n`;

async function line(...lines: string[]): Promise<LineConfig | undefined> {
  const result = await folder.load(site(...lines));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site.lines[0];
}

describe('lines', () => {
  test('over TCP send one request at a time or several', async () => {
    const settings = { id: 'a', kind: 'tcp', host: '::1', port: 502, framing: 'modbus-tcp', timeout: 1000 };
    expect(await line('tcp: "[::1]:502"')).toEqual(settings);
    expect(await line('tcp: "[::1]:502"', 'pipeline: 4')).toEqual({ ...settings, pipeline: 4 });
  });

  test('behind a serial server have the settings of its port', async () => {
    expect(await line('tcp: nport:4001', 'framing: rfc2217', 'baud: 19200', 'format: 8E1')).toMatchObject({
      host: 'nport',
      framing: 'rfc2217',
      serial: { baud: 19_200, dataBits: 8, parity: 'even', stopBits: 1 },
    });
  });

  test('that are called by a device without a name belong to whoever calls the port', async () => {
    expect(await line('listen: 127.0.0.1:5200', 'transport: udp', 'from: [10.0.0.5]')).toEqual({
      id: 'a',
      kind: 'caller',
      host: '127.0.0.1',
      port: 5200,
      transport: 'udp',
      from: ['10.0.0.5'],
      timeout: 3000,
      serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
    });
    const said = async (...keys: string[]) => (await folder.problems(site(...keys))).join('\n');
    expect(await said('listen: 127.0.0.1:5200', 'transport: tcp', 'registration: ABC')).toContain(
      'a line with transport: has no registration; remove one of them',
    );
    expect(await said('listen: 127.0.0.1:5200', 'transport: tcp', 'from: [panel]')).toContain(
      'expected IP addresses, got "panel"',
    );
    expect(await said('listen: 127.0.0.1:5200', 'registration: ABC', 'from: [10.0.0.5]')).toContain(
      'from needs transport:',
    );
    expect(await said('port: /dev/ttyUSB0', 'transport: tcp')).toContain('transport needs listen:');
    const two =
      'lines:\n  - { id: a, listen: "127.0.0.1:5200", transport: tcp }\n  - { id: b, listen: "127.0.0.1:5200", transport: tcp }\n';
    expect((await folder.problems(MINIMAL + two)).join()).toContain('is the port of lines[0] already');
  });

  test('that are called have a registration, as text or hex', async () => {
    const settings = { id: 'a', kind: 'dial-in', host: '127.0.0.1', port: 9000, timeout: 3000 };
    expect(await line('listen: 127.0.0.1:9000', 'registration: DTU-1', 'heartbeat: "0x00ff"')).toEqual({
      ...settings,
      registration: '4454552D31',
      heartbeat: '00FF',
      serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
    });
  });

  test('at one door differ from the first byte on', async () => {
    const second = '\n  - { id: b, listen: 127.0.0.1:9000, registration: DTU-12 }';
    const problems = await folder.problems(site('listen: 127.0.0.1:9000', `registration: DTU-1${second}`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('lines[1].registration: callers of lines[0] begin with the same bytes');
  });

  test('of messages have a broker or a door, with secrets by reference', async () => {
    const env = { PW: 'lora-pw', TOKEN: 'post-token' };
    const load = async (...lines: string[]) => {
      const result = await folder.load(site(...lines), { env });
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return { line: result.site.lines[0], secrets: result.facts.secrets };
    };
    const mqtt = (more: string) => `mqtt: { url: "mqtt://b:1883"${more} }`;
    expect(await load(mqtt(`, username: k, password: "\${env:PW}"`))).toEqual({
      line: {
        id: 'a',
        kind: 'mqtt',
        url: 'mqtt://b:1883',
        username: 'k',
        password: 'lora-pw',
        clientId: 'pole-0817-a',
        timeout: 1000,
      },
      secrets: ['lora-pw'],
    });
    expect(await load(`http: { listen: "0.0.0.0:8090", token: "\${env:TOKEN}" }`)).toMatchObject({
      line: { kind: 'http', host: '0.0.0.0', port: 8090, token: 'post-token', maxBody: 65_536 },
      secrets: ['post-token'],
    });
    const problems = async (...lines: string[]) =>
      (await folder.problems(site(...lines), { env })).join('\n');
    expect(await problems('http: { listen: "0.0.0.0:8090" }')).toContain('lines[0].http.token: missing');
    expect(await problems(mqtt(', password: secret'))).toContain(
      'lines[0].mqtt.password: expected a reference',
    );
    expect(await problems(mqtt(''), 'baud: 9600')).toContain('lines[0].baud: a line with mqtt: has no baud');
    expect(await problems('http: { listen: "127.0.0.1:1", key: "file:k" }')).toContain(
      'lines[0].http.cert: missing',
    );
  });

  test('of messages carry devices that send them, and no others do', async () => {
    const both = `${site('port: /dev/ttyUSB0')}  - { id: lora, mqtt: { url: "mqtt://b" } }\ndevices:\n`;
    const bay = (line: string) =>
      `  - { id: bay, line: ${line}, profile: generic-lorawan-bay, address: "aa" }\n`;
    const meter = (line: string) => `  - { id: m, line: ${line}, profile: eastron-sdm120, address: 1 }\n`;
    expect(await folder.problems(both + bay('lora') + meter('a'))).toEqual([]);
    expect(await folder.problems(both + bay('a') + meter('lora'))).toEqual([
      expect.stringContaining('devices[0].line: mqtt-in needs a line with mqtt:, got a with port:'),
      expect.stringContaining('devices[1].line: modbus needs a line with a port, got lora with mqtt:'),
    ]);
  });

  test('may have devices with settings of their own, where the port is set from here', async () => {
    const device = (...more: string[]) =>
      `devices:\n  - { id: m, line: a, profile: dlt645-1997, address: "000000000161", ${more.join(', ')} }\n`;
    const serial = async (text: string) => {
      const result = await folder.load(text);
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return result.site.devices[0]?.serial;
    };
    const port = site('port: /dev/ttyUSB0');
    const own = { baud: 1200, dataBits: 8, parity: 'even', stopBits: 1 };
    expect(await serial(port + device('baud: 1200', 'format: 8E1'))).toEqual(own);
    expect(await serial(port + device('format: 8E1'))).toEqual({ ...own, baud: 9600 });
    expect(await serial(port + device('every: 1h'))).toBeUndefined();
    expect(await serial(site('tcp: a:1', 'framing: rfc2217') + device('baud: 1200'))).toMatchObject({
      baud: 1200,
    });
    expect(await folder.problems(site('tcp: a:1', 'framing: raw') + device('baud: 1200'))).toEqual([
      expect.stringContaining('devices[0].baud: baud of a device needs a line whose port is set from here'),
    ]);
    // What the driver says of the line, it says of the device's own settings.
    expect(await folder.problems(port + device('format: 7E1'))).toEqual([
      expect.stringContaining('expected 8 data bits for DL/T 645'),
    ]);
  });

  test.each([
    [['listen: 127.0.0.1:9000'], 'lines[0].registration: missing'],
    [['tcp: 10.0.0.7:502', 'registration: DTU-1'], 'lines[0].registration: registration needs listen:'],
    [['listen: "[::1]:9000"', 'registration: "0x1"'], 'lines[0].registration: expected a packet'],
    [
      ['listen: "[::1]:9000"', 'registration: DTU-1', 'pipeline: 2'],
      'lines[0].pipeline: a line with listen:',
    ],
    [
      ['tcp: 10.0.0.7:502', 'listen: "[::1]:9000"', 'registration: DTU-1'],
      'lines[0].listen: a line has one of',
    ],
    [['port: /dev/ttyUSB0', 'pipeline: 4'], 'lines[0].pipeline: a serial port carries one request at a time'],
    [
      ['tcp: 10.0.0.7:4001', 'framing: raw', 'pipeline: 4'],
      'lines[0].pipeline: serial bytes carry one request at a time',
    ],
  ])('%j is refused', async (lines, expected) => {
    const problems = await folder.problems(site(...lines));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });
});
