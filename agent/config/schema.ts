/**
 * The one schema of site.yaml: types, defaults, the editor's JSON Schema and the keys of every message come from here.
 * What needs two parts to be looked at together is in checks.ts.
 */
import * as z from 'zod';
import { alarms } from './alarms/schema.ts';
import { camera, privacy } from './camera/schema.ts';
import { consoleBlock } from './console.ts';
import { content } from './content/schema.ts';
import { contactKeys } from './device/contacts.ts';
import { senseBlock } from './device/sense.ts';
import { virtual } from './device/virtual.ts';
import { peakLimit } from './energy/peak-limit.ts';
import { energy } from './energy/schema.ts';
import { figure } from './figures/schema.ts';
import { fleet } from './fleet.ts';
import { interlock, lamp, programme, right } from './lighting/schema.ts';
import { position } from './place-schema.ts';
import { pole } from './pole.ts';
import { secret } from './secret.ts';
import { sign } from './sign/schema.ts';
import { uplink } from './uplink/schema.ts';
import {
  baud,
  duration,
  flag,
  hostPort,
  id,
  integer,
  number,
  oneOf,
  scalar,
  serialFormat,
  size,
  text,
  timezone,
  title,
  url,
} from './values.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const MB = 1024 ** 2;

/** First bytes of a caller: text, or hex behind 0x; gives hex. */
function packet(example: string) {
  return scalar<string>({
    expected: 'a packet of 2 to 128 bytes: text in quotes, or hex digits as in "0x01A0"',
    json: { type: 'string', minLength: 2, examples: [example] },
    read: (raw) => {
      if (typeof raw !== 'string') return undefined;
      const hex =
        /^0x((?:[0-9a-f]{2})+)$/i.exec(raw)?.[1] ??
        (/^0x/i.test(raw) ? '' : Buffer.from(raw).toString('hex'));
      return hex.length < 4 || hex.length > 256 ? undefined : hex.toUpperCase();
    },
    write: (raw) => (typeof raw === 'number' && String(raw).length > 1 ? `"${raw}"` : `"${example}"`),
  });
}

const line = z
  .strictObject({
    id: id('rs485-1'),
    port: text('the path of a serial port', '/dev/ttyUSB0')
      .optional()
      .describe('Serial port; /dev/serial/by-id/… survives re-plugging'),
    tcp: hostPort('10.0.0.7:502')
      .optional()
      .describe('Instead of port: a Modbus TCP device or serial server'),
    listen: hostPort('127.0.0.1:9000')
      .optional()
      .describe('Instead of port: the device (a 4G DTU) connects to us here; several lines may share it'),
    udp: hostPort('10.0.0.9:161')
      .optional()
      .describe('Instead of port: a device that is asked by datagrams (SNMP 161, BACnet/IP 47808)'),
    registration: packet('DTU-0001')
      .optional()
      .describe(
        'With listen: the first packet of the device, text or 0x and hex digits; tells it from others',
      ),
    heartbeat: packet('PING').optional().describe('With listen: a packet it sends when idle; taken out'),
    transport: oneOf(['tcp', 'udp'], 'tcp')
      .optional()
      .describe('With listen, instead of registration: whoever calls this port is the device'),
    from: z
      .array(text('an IP address', '10.0.0.5'))
      .min(1)
      .max(64)
      .optional()
      .describe('With transport: addresses that may call. Absent: any'),
    framing: oneOf(['modbus-tcp', 'raw', 'rfc2217'], 'modbus-tcp')
      .optional()
      .describe(
        'With tcp: MBAP frames, the serial bytes as they are, or the same with the port set by telnet. Default modbus-tcp',
      ),
    pipeline: integer(1, 64, 4)
      .optional()
      .describe(
        'With Modbus TCP: requests on their way at once, where device or gateway allows it. Default 1',
      ),
    network: flag()
      .optional()
      .describe('Instead of port: true for devices that are reached over the own network of the gateway'),
    mqtt: z
      .strictObject({
        url: url(['mqtt:', 'mqtts:'], 'mqtt://127.0.0.1:1883'),
        username: text('a user name', 'kerbside').optional(),
        password: secret(`\${env:LORA_PASSWORD}`).optional(),
        ca: secret('file:./ca.pem').optional().describe('PEM of the authority that signed the broker'),
        cert: secret('file:./client.pem').optional(),
        key: secret('file:./client.key').optional(),
        client_id: text('a client id', 'pole-0817-lora')
          .optional()
          .describe('Default: the agent id and the line'),
      })
      .optional()
      .describe('Instead of port: a broker with messages of devices, mostly of a LoRaWAN network server'),
    http: z
      .strictObject({
        listen: hostPort('127.0.0.1:8090', 0).describe('Where devices post to'),
        token: secret(`\${env:POST_TOKEN}`)
          .optional()
          .describe('Bearer token, or password of HTTP Basic; needed beyond loopback'),
        cert: secret('file:./server.pem').optional().describe('With key: https'),
        key: secret('file:./server.key').optional(),
        max_body: size(256, 4 * MB, '64KB')
          .prefault('64KB')
          .describe('Longest message that is taken'),
      })
      .optional()
      .describe('Instead of port: devices, or the platform they report to, post to us here'),
    ocpp: z
      .strictObject({
        listen: hostPort('127.0.0.1:9220', 0).describe('Where chargers call'),
        cert: secret('file:./server.pem').optional().describe('With key: wss (security profile 2)'),
        key: secret('file:./server.key').optional(),
      })
      .optional()
      .describe('Instead of port: chargers call us here with OCPP 1.6J'),
    baud: baud().optional().describe('Default 9600'),
    format: serialFormat().optional().describe('Data bits, parity, stop bits. Default 8N1'),
    timeout: duration(10, 60 * SECOND, '300ms')
      .optional()
      .describe('Longest wait for an answer. Default 300ms, with tcp and udp 1s, with listen 3s'),
    rts: z
      .strictObject({
        before: duration(0, 100, '1ms')
          .prefault('0ms')
          .describe('Sending is switched on so long before the first byte'),
        after: duration(0, 100, '1ms').prefault('0ms').describe('And off so long behind the last one'),
      })
      .optional()
      .describe(
        'RTS switches the RS-485 driver this long before and after a request; absent: the adapter does',
      ),
  })
  .describe('One physical line: what is wired together and carries one exchange at a time');

const address = scalar<number | string>({
  expected: 'an address: a whole number, or text in quotes',
  json: { type: ['integer', 'string'], examples: [1] },
  read: (raw) => {
    if (typeof raw === 'number') return Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
    return typeof raw === 'string' && raw !== '' ? raw : undefined;
  },
  write: () => '1',
});

const device = z
  .looseObject({
    id: id('meter-1'),
    title: title().optional(),
    line: id('rs485-1').describe('Id of the line it is on'),
    profile: id('eastron-sdm630').describe('File name of a device profile without .yaml'),
    address: address.optional().describe('Unit id, meter number or what else its protocol calls it by'),
    every: duration(50, 30 * DAY, '10s')
      .optional()
      .describe("Period of all its points; default: the profile's"),
    baud: baud().optional().describe("Its own rate on a line it shares; default: the line's"),
    format: serialFormat()
      .optional()
      .describe("The same of data bits, parity, stop bits; default: the line's"),
    asset: text('an asset code as text', '"310000-XX-0001"')
      .optional()
      .describe('Asset code of its owner, sent with its description'),
    position: position.optional(),
    sense: senseBlock.optional(),
    ...contactKeys,
  })
  .describe('Keys not named here are options of the driver, which checks them');

export const siteSchema = z
  .strictObject({
    extends: text('the path of a template', './pole.yaml')
      .optional()
      .describe('A template that this file fills in; what stands here wins'),
    vars: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(`Values of \${var:name} in this file and its template`),
    site: z
      .strictObject({
        id: id('demo-street'),
        title: title().optional(),
        timezone: timezone().describe('Days, programmes and quiet hours are local to it'),
        position,
      })
      .describe('The place'),
    agent: z.strictObject({ id: id('pole-0817') }).describe('This gateway'),
    state: text('the path of a folder', './state')
      .prefault('./state')
      .describe('The only folder written to; relative to this file'),
    rate: number(1, 3600, 1)
      .prefault(1)
      .describe('Wall time per monotonic time; more than 1 only for a show'),
    origin: z
      .strictObject({
        mono: number(0, 1e15, 0).describe('ms of the monotonic clock'),
        wall: number(0, 1e15, 0).describe('ms since 1970'),
      })
      .optional()
      .describe('For a show only: Unix epoch ms of the wall clock at a monotonic time (ms) of this boot'),
    log: z
      .strictObject({
        window: duration(100, 300 * SECOND, '5s')
          .prefault('5s')
          .describe('Longest wait of telemetry for its commit'),
        write_budget: size(MB, 1024 * 1024 * MB, '2GB')
          .prefault('2GB')
          .describe('Bytes written to the card per day; above it the window grows, to 60 s at most'),
        card_rating: size(1024 * MB, 1e9 * MB, '30000GB')
          .optional()
          .describe(
            'What the card may be written in its life, by its data sheet: health tells how many years that is',
          ),
        budget: size(4 * MB, 1024 * 1024 * MB, '512MB')
          .prefault('512MB')
          .describe('Of the whole log on the disk; the oldest batches go first, each with a gap record'),
        max_age: duration(HOUR, 3650 * DAY, '30d')
          .prefault('30d')
          .describe('Older batches go'),
        ring: size(65_536, 1024 * MB, '20MB')
          .prefault('20MB')
          .describe('Memory for readings while the disk is ill'),
      })
      .prefault({})
      .describe('The log on the card: what it may write and keep'),
    lines: z
      .array(line)
      .prefault([])
      .describe('Physical lines, each of which carries one exchange at a time'),
    devices: z.array(device).prefault([]).describe('What is wired to the lines'),
    cameras: z.array(camera).prefault([]).describe('Cameras whose pictures are counted and never kept'),
    privacy: privacy.prefault({}).describe('What may be seen of the pictures'),
    lamps: z.array(lamp).prefault([]).describe('Lamps that a programme runs'),
    programmes: z.array(programme).prefault([]).describe('How lamps are run through the year'),
    interlocks: z
      .array(interlock)
      .prefault([])
      .describe('Conditions without which something is not switched'),
    rights: z
      .array(right)
      .min(1)
      .optional()
      .describe('Who may command what; absent: everybody whom the agent lets in'),
    meters: z
      .strictObject({
        snapshots: flag().prefault(true).describe('Note the registers of all meters at every local midnight'),
        settlement_day: integer(1, 28, 1)
          .optional()
          .describe('Day of the month at whose beginning bills are made: registers are noted for it, too'),
      })
      .prefault({})
      .describe('What all meters of the site have in common'),
    energy: energy.optional(),
    alarms: alarms.optional(),
    sign: sign.optional(),
    content: content.optional(),
    fleet: fleet.optional(),
    pole: pole.optional(),
    peak_limit: peakLimit.optional(),
    figures: z.array(figure).prefault([]).describe('Figures reckoned from readings, as devices of their own'),
    virtual: z
      .array(virtual)
      .prefault([])
      .describe('Devices whose points flows of Node-RED and programs publish'),
    uplinks: z.array(uplink).prefault([]).describe('Where readings go, each with a cursor of its own'),
    console: consoleBlock,
    node_red: z
      .strictObject({
        enabled: flag().prefault(true).describe('false: it is not started'),
        listen: hostPort('127.0.0.1:1880', 0).prefault('127.0.0.1:1880').describe('Address of the editor'),
        heap: size(64 * MB, 4096 * MB, '192MB')
          .prefault('192MB')
          .describe('Memory its JavaScript may take; beyond it Node-RED is started anew'),
        socket: text('the path of a socket', '/run/kerbside/node-red.sock')
          .optional()
          .describe('Node-RED is a service of its own and comes here; absent: a child of the agent'),
      })
      .optional()
      .describe('Absent: Node-RED is off'),
    changes: z
      .strictObject({
        watch: duration(10 * SECOND, DAY, '5min')
          .prefault('5min')
          .describe('How long health is watched after a change of this file before it is kept'),
      })
      .prefault({})
      .describe('Changes of this file while the agent runs'),
    profiles: z
      .array(text('the path of a folder', './profiles'))
      .prefault([])
      .describe('Further folders of device profiles, relative to this file'),
  })
  .describe('A site of Kerbside');

export type SiteFile = z.output<typeof siteSchema>;
export type LineFile = z.output<typeof line>;
export type DeviceFile = z.output<typeof device>;

/** The element schemas of the lists, to judge each item apart from its neighbours. */
export const ITEMS = {
  lines: line,
  devices: device,
  cameras: camera,
  lamps: lamp,
  programmes: programme,
  interlocks: interlock,
  figures: figure,
  virtual,
  uplinks: uplink,
} as const;
export type ListName = keyof typeof ITEMS;

/** Keys of a device that are not the driver's. */
export const DEVICE_KEYS: readonly string[] = Object.keys(device.shape);
