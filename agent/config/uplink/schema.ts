/** The part of a site file that is about uplinks: one key per kind, and what all kinds share. */
import * as z from 'zod';
import { LANES } from '../../core/point.ts';
import { PRESETS } from '../../core/site.ts';
import { UNITS, type Unit } from '../../core/unit.ts';
import { secret } from '../secret.ts';
import { duration, flag, id, integer, number, oneOf, size, text, topicLevel, url } from '../values.ts';
import { buildingEnergy } from './building-energy.ts';
import { gb26875 } from './gb26875.ts';
import { hj212 } from './hj212-schema.ts';
import { privateKey } from './token-key.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const MB = 1024 ** 2;

const broker = url(['mqtt:', 'mqtts:'], 'mqtts://broker.city.example:8883');

/** What uplinks over a broker have in common. */
const brokerSettings = {
  url: broker.optional(),
  username: text('a user name', 'kerbside').optional(),
  password: secret(`\${env:MQTT_PASSWORD}`).optional(),
  ca: secret('file:./ca.pem').optional().describe('PEM of the authority that signed the broker'),
  cert: secret('file:./client.pem').optional(),
  key: privateKey().optional().describe('PEM of its private key, or where it lies in a token'),
  keep_alive: duration(5 * SECOND, HOUR, '30s')
    .prefault('30s')
    .describe('A half-open link is found within one and a half of it'),
  in_flight: integer(1, 1000, 16).prefault(16).describe('Messages on their way at once'),
  max_message: size(1024, 256 * MB, '128KB')
    .prefault('128KB')
    .describe('Longest message, never above what the broker says'),
  replay_rate: number(0, 1e6, 2000).prefault(2000).describe('Records of backlog per second; 0: no limit'),
};
const brokers = z.array(broker).min(1).max(8).optional();

const mqtt = z.strictObject({
  ...brokerSettings,
  urls: brokers.describe(
    'Instead of url: several brokers; where one fails the next is used, and the first again later',
  ),
  preset: oneOf(PRESETS, 'plain')
    .optional()
    .describe('Topics and payloads: plain is payload v1. Default plain'),
  payload: oneOf(['json', 'columns'], 'columns')
    .optional()
    .describe(
      'How readings stand in payload v1: record by record, or as columns, a tenth as long. Default json',
    ),
  compression: oneOf(['none', 'gzip', 'zstd'], 'zstd').optional().describe('Of payload v1. Default none'),
  client_id: text('a client id', 'pole-0817').optional().describe('Default: the agent id'),
});

const http = z.strictObject({
  url: url(['https:', 'http:'], 'https://data.city.example/readings').describe('Batches are posted there'),
  format: oneOf(['json', 'columns', 'influx'], 'json')
    .prefault('json')
    .describe('json: payload v1. columns: the same with readings as columns. influx: InfluxDB line protocol'),
  compression: oneOf(['none', 'gzip', 'zstd'], 'gzip').prefault('none').describe('Of the body'),
  token: secret(`\${env:HTTP_TOKEN}`).optional().describe('Bearer token'),
  username: text('a user name', 'kerbside').optional(),
  password: secret(`\${env:HTTP_PASSWORD}`).optional(),
  ca: secret('file:./ca.pem').optional().describe('PEM of the authority that signed the receiver'),
  cert: secret('file:./client.pem').optional(),
  key: privateKey().optional().describe('PEM of its private key, or where it lies in a token'),
  timeout: duration(SECOND, 300 * SECOND, '30s')
    .prefault('30s')
    .describe('Longest wait for an answer'),
  in_flight: integer(1, 64, 4).prefault(4).describe('Batches on their way at once'),
  max_body: size(1024, 64 * MB, '1MB')
    .prefault('1MB')
    .describe('Largest batch before compression'),
  replay_rate: number(0, 1e6, 2000).prefault(2000).describe('Records of backlog per second; 0: no limit'),
});

const sparkplug = z.strictObject({
  ...brokerSettings,
  urls: brokers.describe(
    'Instead of url: several servers, one at a time; where the host is not online the next is used',
  ),
  group: topicLevel('city').describe('Group id'),
  node: topicLevel('pole-0817').optional().describe('Edge node id. Default: the agent id'),
  primary_host: topicLevel('scada')
    .optional()
    .describe('Births and data wait for this host application. Absent: for nobody'),
  host_wait: duration(SECOND, HOUR, '30s')
    .prefault('30s')
    .describe('With urls: how long the host is waited for at one server'),
  aliases: flag().prefault(true).describe('Data by alias; false: all by name'),
  types_in_data: flag()
    .prefault(false)
    .describe('true: data carry the types that births tell, for hosts that keep no births'),
  rebirth_every: duration(100, HOUR, '5s').prefault('5s').describe('Rebirths at least so far apart'),
  command_life: duration(SECOND, DAY, '60s')
    .prefault('60s')
    .describe('A command is refused so long after the time it carries'),
  barrier_topic: text('a topic', 'kerbside/barrier')
    .optional()
    .describe(
      'Takes a QoS 1 message that settles what went before. Absent: the subscription to commands is repeated',
    ),
  client_id: text('a client id', 'pole-0817-spb').optional().describe('Default: the agent id with -spb'),
});

const pattern = (example: string) => text('a pattern with * and ?', example).optional();

const select = z
  .strictObject({
    lanes: z.array(oneOf(LANES, 'meter')).min(1).optional().describe('Lanes it is about; absent: all'),
    device: pattern('meter-*'),
    class: pattern('electricity-meter').describe('Class of the device, as its profile says'),
    point: pattern('power*'),
    send: oneOf(['all', 'changes', 'every', 'rollup', 'none'], 'all')
      .prefault('all')
      .describe('What leaves: all, changes beyond the deadband, one per period, buckets of rollups, nothing'),
    deadband: number(0, 1e12, 0.5)
      .optional()
      .describe('With send: changes, in the unit of the point: smaller changes stay here. Default 0'),
    every: duration(SECOND, DAY, '1min')
      .optional()
      .describe(
        'With send: every: one value of a point in each such period, and where its quality changes. With send: rollup (mqtt with preset plain, http as JSON): 1min, 15min, 1h or 1d; the figures of each such bucket instead of readings',
      ),
  })
  .describe('The first rule that fits a record decides; what no rule fits is left out');

const naming = z
  .strictObject({
    device: pattern('meter-*'),
    class: pattern('electricity-meter').describe('Class of the device, as its profile says'),
    point: pattern('power'),
    device_as: text('a name', 'EM-{device}')
      .optional()
      .describe('Name of the device there; {device} is ours'),
    point_as: text('a name', 'ActivePower')
      .optional()
      .describe('Name of the point there; {point} and {device} are ours'),
    unit: oneOf(Object.keys(UNITS) as Unit[], 'kW')
      .optional()
      .describe('Unit there, as UCUM code: values are converted'),
  })
  .describe('The first rule that fits names; what none fits keeps its name. For mqtt, http and sparkplug');

export const uplink = z.strictObject({
  id: id('city'),
  select: z.array(select).min(1).optional().describe('What leaves; absent: everything'),
  names: z.array(naming).min(1).optional().describe('Names and units of the platform'),
  data_budget: size(MB, 1024 * 1024 * MB, '500MB')
    .optional()
    .describe(
      'Bytes on the wire per calendar month (UTC), for mqtt, http and sparkplug: above it less leaves, bulk first. Absent: no limit',
    ),
  hold: duration(0, 24 * HOUR, '10min')
    .optional()
    .describe(
      'Longest wait of readings whose clock is not to be trusted; alarms and events never wait. Default 10min',
    ),
  mqtt: mqtt.optional().describe('To a broker as MQTT JSON or columns'),
  http: http.optional().describe('To a web server by POST'),
  sparkplug: sparkplug.optional().describe('To a broker as Sparkplug B'),
  building_energy: buildingEnergy.optional().describe('To a building-energy data centre'),
  hj212: hj212.optional().describe('To an environment bureau'),
  gb26875: gb26875.optional().describe('To a fire monitoring centre'),
});

export type UplinkFile = z.output<typeof uplink>;

/** Kinds of uplinks; each is a key of an uplink. */
export const UPLINK_KINDS = [
  'mqtt',
  'http',
  'sparkplug',
  'building_energy',
  'hj212',
  'gb26875',
] as const satisfies readonly (keyof UplinkFile)[];
