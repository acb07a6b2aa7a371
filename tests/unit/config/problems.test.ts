/** Every rule of the site file: place, rule and fix, word for word. */
import { afterAll, describe, expect, test } from 'vitest';
import { MINIMAL, SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const camera = (line: string) =>
  `${MINIMAL}cameras:\n  - id: camera-1\n    source: http://10.0.0.9/snap.jpg\n    ${line}\n`;
const uplink = (...lines: string[]) =>
  `${MINIMAL}uplinks:\n  - id: city\n    mqtt:\n      ${['url: mqtt://127.0.0.1', ...lines].join('\n      ')}\n`;
const street = (from: string | RegExp, to: string) => {
  const changed = STREET.replace(from, to);
  if (changed === STREET) throw new Error(`nothing to replace: ${from}`);
  return changed;
};

const CASES: readonly (readonly [what: string, text: string, expected: readonly string[]])[] = [
  ['a right file', STREET, []],
  [
    'baud with a k',
    street('port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    baud: 9.6k'),
    ['site.yaml:10:5 lines[0].baud: expected one of 1200…115200, got "9.6k"; write baud: 9600'],
  ],
  [
    'a serial format in lower case',
    street('port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    format: 8n1'),
    [
      'site.yaml:10:5 lines[0].format: expected data bits, parity and stop bits such as 8N1, 8E1 or 8N2, got "8n1"; write format: 8N1',
    ],
  ],
  [
    'a time without unit',
    street('address: 1', 'address: 1\n    every: 10'),
    [
      'site.yaml:15:5 devices[0].every: expected a time from 50ms to 30d with its unit (ms, s, min, h, d), got 10; write every: 10s',
    ],
  ],
  [
    'a time in m',
    street('address: 1', 'address: 1\n    every: 5m'),
    [
      'site.yaml:15:5 devices[0].every: expected a time from 50ms to 30d with its unit (ms, s, min, h, d), got "5m"; write every: 5min',
    ],
  ],
  [
    'an unknown key',
    street('port:', 'prot:'),
    ['site.yaml:9:5 lines[0].prot: unknown key "prot"; write port:'],
  ],
  [
    'an unknown key near nothing',
    MINIMAL.replace('  id: demo', '  zzz: 1\n  id: demo'),
    ['site.yaml:2:3 site.zzz: unknown key "zzz"; write one of id, title, timezone, position, or remove it'],
  ],
  [
    "a misspelt key of a device is not the driver's",
    street('address: 1', 'adress: 1'),
    [
      'site.yaml:11:5 devices[0].address: expected a unit id from 1 to 247, got nothing; write address: 1',
      'site.yaml:14:5 devices[0].adress: unknown key "adress"; write address:',
    ],
  ],
  [
    'a missing part',
    MINIMAL.slice(0, MINIMAL.indexOf('agent:')),
    ['site.yaml:1:1 agent: missing: expected a map; write agent: and below it its keys, indented'],
  ],
  [
    'a missing value',
    MINIMAL.replace(', datum: WGS84', ''),
    [
      'site.yaml:4:3 site.position.datum: missing: expected one of WGS84, GCJ02, CGCS2000; write datum: WGS84',
    ],
  ],
  [
    'an id that is a number',
    MINIMAL.replace('pole-0817', '817'),
    ['site.yaml:6:3 agent.id: expected an id of 1 to 64 letters, digits, _ and -, got 817; write id: "817"'],
  ],
  [
    'an id with a blank',
    MINIMAL.replace('pole-0817', 'pole 0817'),
    [
      'site.yaml:6:3 agent.id: expected an id of 1 to 64 letters, digits, _ and -, got "pole 0817"; write id: pole-0817',
    ],
  ],
  [
    'a misspelt time zone',
    MINIMAL.replace('Shanghai', 'Shangai'),
    [
      'site.yaml:3:3 site.timezone: expected an IANA time zone, got "Asia/Shangai"; write timezone: Asia/Shanghai',
    ],
  ],
  [
    'a list that is a map',
    `${MINIMAL}lines: { id: a }\n`,
    ['site.yaml:7:1 lines: expected a list, got a map; write lines: and below it one line "- …" for each'],
  ],
  ['a list with nothing in it', `${MINIMAL}lines:\ndevices:\n`, []],
  [
    'an unknown line',
    street('line: rs485-1', 'line: rs484-1'),
    ['site.yaml:12:5 devices[0].line: there is no line "rs484-1"; write line: rs485-1'],
  ],
  [
    'an unknown profile',
    street('eastron-sdm630', 'eastron-smd630'),
    [
      'site.yaml:13:5 devices[0].profile: there is no profile "eastron-smd630"; write profile: eastron-sdm630',
    ],
  ],
  [
    'a profile cut short',
    street('eastron-sdm630', 'chint-dtsu'),
    ['site.yaml:13:5 devices[0].profile: there is no profile "chint-dtsu"; write profile: chint-dtsu666'],
  ],
  [
    'an id twice',
    `${STREET}  - { id: meter-1, line: rs485-1, profile: eastron-sdm120, address: 2 }\n`,
    ['site.yaml:15:7 devices[1].id: the id "meter-1" is taken by devices[0]; write another id'],
  ],
  [
    'a camera with the id of a device',
    `${STREET}cameras: [{ id: meter-1, source: "http://10.0.0.9/a.jpg" }]\n`,
    ['site.yaml:15:13 cameras[0].id: the id "meter-1" is taken by devices[0]; write another id'],
  ],
  [
    'an address twice',
    `${STREET}  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 1 }\n`,
    [
      'site.yaml:15:60 devices[1].address: address 1 on line rs485-1 belongs to meter-1 already; write the address set at the device',
    ],
  ],
  [
    'an address that loses its zeros',
    street('address: 1', 'address: 007'),
    [
      'site.yaml:14:5 devices[0].address: the zeros in front of 007 are lost without quotes; write address: "007"',
    ],
  ],
  [
    'a port twice',
    street('devices:', '  - { id: other, port: /dev/ttyUSB0 }\ndevices:'),
    [
      'site.yaml:10:18 lines[1].port: "/dev/ttyUSB0" is the port of lines[0] already; put its devices on that line',
    ],
  ],
  [
    'a line with neither port nor tcp',
    street('\n    port: /dev/ttyUSB0', ''),
    [
      'site.yaml:8:5 lines[0].port: missing: expected port:, tcp:, udp:, listen:, mqtt:, http:, ocpp: or network:; write port: /dev/ttyUSB0, or tcp: 10.0.0.7:502',
    ],
  ],
  [
    'a certificate of an endpoint for chargers without its key, and a meter on it',
    street('port: /dev/ttyUSB0', 'ocpp: { listen: "0.0.0.0:9220", cert: file:./x.pem }'),
    [
      'site.yaml:9:5 lines[0].ocpp.key: missing: cert needs key; write key: file:…',
      'site.yaml:9:37 lines[0].ocpp.cert: file ./x.pem cannot be read: there is no such file; check the name and the folder',
      'site.yaml:12:5 devices[0].line: modbus needs a line with a port, got rs485-1 with ocpp:; give it another line',
    ],
  ],
  [
    'a line with both',
    street('port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    tcp: 10.0.0.7:502'),
    [
      'site.yaml:10:5 lines[0].tcp: a line has one of port:, tcp:, udp:, listen:, mqtt:, http:, ocpp:, network:, got port and tcp; remove one of them',
    ],
  ],
  [
    'a TCP line without port',
    street('port: /dev/ttyUSB0', 'tcp: 10.0.0.7'),
    [
      'site.yaml:9:5 lines[0].tcp: expected an address with a port from 1 to 65535, got "10.0.0.7"; write tcp: 10.0.0.7:502',
    ],
  ],
  [
    'Modbus TCP with a baud rate',
    street('port: /dev/ttyUSB0', 'tcp: "[::1]:502"\n    baud: 9600'),
    ['site.yaml:10:5 lines[0].baud: Modbus TCP has no serial settings; remove it, or write framing: raw'],
  ],
  [
    'a line of datagrams with a baud rate',
    street('port: /dev/ttyUSB0', 'udp: 10.0.0.9:161\n    baud: 9600'),
    [
      'site.yaml:10:5 lines[0].baud: a line with udp: has no baud; remove it',
      'site.yaml:13:5 devices[0].line: expected a serial or TCP line for Modbus, got udp',
    ],
  ],
  [
    'a Modbus meter on a line of datagrams',
    street('port: /dev/ttyUSB0', 'udp: 10.0.0.9:161'),
    ['site.yaml:12:5 devices[0].line: expected a serial or TCP line for Modbus, got udp'],
  ],
  [
    'an address for datagrams twice',
    street('port: /dev/ttyUSB0', 'tcp: 10.0.0.9:161').replace(
      'devices:',
      '  - { id: a, udp: "10.0.0.9:161" }\n  - { id: b, udp: "10.0.0.9:161" }\ndevices:',
    ),
    [
      'site.yaml:11:14 lines[2].udp: "udp 10.0.0.9:161" is the port of lines[1] already; put its devices on that line',
    ],
  ],
  [
    'a flag that is a word',
    camera('preview: no'),
    ['site.yaml:10:5 cameras[0].preview: expected true or false, got "no"; write preview: false'],
  ],
  [
    'a camera that counts nothing',
    camera('tasks: []'),
    ['site.yaml:10:5 cameras[0].tasks: expected at least one, got an empty list'],
  ],
  [
    'a number out of range',
    camera('rate: 60'),
    ['site.yaml:10:5 cameras[0].rate: expected a number from 0.1 to 30, got 60; write rate: 30'],
  ],
  [
    'a user in a URL is not repeated',
    `${MINIMAL}cameras: [{ id: c, source: "http://admin:hunter2@10.0.0.9/a.jpg" }]\n`,
    [
      'site.yaml:7:20 cameras[0].source: expected an address http(s)://… or rtsp(s)://… without user and password, v4l2:/dev/…, clip:file or folder:path, got "http://…@10.0.0.9/a.jpg"; write source: http://10.0.0.9/a.jpg',
    ],
  ],
  [
    'a size without unit',
    `${MINIMAL}log: { budget: 512M }\n`,
    [
      'site.yaml:7:8 log.budget: expected a size from 4MB to 1024GB with its unit (KB, MB, GB), got "512M"; write budget: 512MB',
    ],
  ],
  [
    'a lamp of no device',
    `${STREET}lamps: [{ id: lamp-1, device: meter-2, point: x }]\n`,
    ['site.yaml:15:23 lamps[0].device: there is no device "meter-2"; write device: meter-1'],
  ],
  [
    'a lamp that cannot be written',
    `${STREET}lamps: [{ id: lamp-1, device: meter-1, point: voltage-l1 }]\n`,
    [
      'site.yaml:15:40 lamps[0].point: the point "voltage-l1" of meter-1 can only be read; name another device',
    ],
  ],
  [
    'an uplink of no kind',
    `${MINIMAL}uplinks: [{ id: city }]\n`,
    ['site.yaml:7:11 uplinks[0].mqtt: missing: expected the kind of uplink; write mqtt: { url: mqtts://… }'],
  ],
  [
    'a literal secret is not repeated',
    uplink('username: u', 'password: hunter2'),
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
      'site.yaml:12:7 uplinks[0].mqtt.password: expected a reference to a secret (${env:NAME} or file:path), got the secret itself; write password: ${env:MQTT_PASSWORD}',
    ],
  ],
  [
    'TLS settings without TLS',
    uplink('ca: file:./site.yaml'),
    [
      'site.yaml:11:7 uplinks[0].mqtt.ca: ca needs a TLS connection, got "mqtt://127.0.0.1" as url; write url: mqtts://…',
    ],
  ],
  [
    'a secret file that is not there',
    uplink('username: u', 'password: file:./none'),
    [
      'site.yaml:12:7 uplinks[0].mqtt.password: file ./none cannot be read: there is no such file; check the name and the folder',
    ],
  ],
  [
    'two servers on one port',
    `${MINIMAL}console: { listen: 127.0.0.1:1880 }\nnode_red: {}\n`,
    ['site.yaml:8:1 node_red.listen: the console listens on 127.0.0.1:1880 already; write another port'],
  ],
];

describe('site.yaml', () => {
  test.each(CASES)('%s', async (_, text, expected) => {
    expect(await folder.problems(text)).toEqual(expected);
  });

  test('tells all problems of all parts at once, from top to bottom', async () => {
    const text = street('timezone: Asia/Shanghai', 'timezone: Mars')
      .replace('port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    baud: 9601')
      .replace('eastron-sdm630', 'eastron-sdm63O\n    every: 10')
      .concat('uplinks: [{ id: c, mqqt: {} }]\nrate: 0.5\n');
    const places = (await folder.problems(text)).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(places).toEqual([
      'site.yaml:3:3 site.timezone:',
      'site.yaml:10:5 lines[0].baud:',
      'site.yaml:14:5 devices[0].profile:',
      'site.yaml:15:5 devices[0].every:',
      'site.yaml:17:20 uplinks[0].mqqt:',
      'site.yaml:18:1 rate:',
    ]);
  });

  test('an overloaded line is refused with its numbers and the ways out', async () => {
    const text = street('address: 1', 'address: 1\n    every: 200ms');
    const [found, ...more] = await folder.problems(text);
    expect(more).toEqual([]);
    expect(found).toMatch(/^site\.yaml:8:5 lines\[0\]: plan of line rs485-1 does not fit: it needs \d{3} %/);
    expect(found).toContain('; read at ');
  });

  test('what the driver says of a device stands at its key', async () => {
    const [found, ...more] = await folder.problems(street('address: 1', 'address: 248'));
    expect(more).toEqual([]);
    expect(found).toContain('site.yaml:14:5 devices[0].address: expected a unit id from 1 to 247, got 248; ');
  });

  test('a device that talks by itself needs a line of its own', async () => {
    const text = `${STREET}  - { id: air, line: rs485-1, profile: plantower-pms5003 }\n`;
    expect((await folder.problems(text)).join('\n')).toContain(
      'site.yaml:15:16 devices[1].line: plantower-pms5003 talks by itself and needs a line of its own, rs485-1 carries meter-1 too; give it another line',
    );
  });
});
