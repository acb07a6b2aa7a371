/** What stands on the site of `AgentData`: its devices with their points, its alarms, what its stop expects. */

import { type AlarmDefinition, type AlarmsConfig, DEFAULT_FLOOD } from '../../agent/core/alarm/alarm.ts';
import type { Point } from '../../agent/core/point.ts';
import type { Profile } from '../../agent/core/profile.ts';
import type { ArrivalBoard } from '../../agent/core/sign/arrival.ts';
import type { DeviceConfig, LineConfig, UplinkConfig } from '../../agent/core/site.ts';
import type { VirtualDevice } from '../../agent/core/virtual.ts';

const telemetry = { type: 'number', access: 'read', aggregation: 'mean', lane: 'telemetry' } as const;

export const METER: readonly Point[] = [
  { ...telemetry, id: 'voltage', title: { en: 'Voltage', zh: '电压' }, unit: 'V', decimals: 1 },
  { ...telemetry, id: 'current', title: { en: 'Current', zh: '电流' }, unit: 'A', decimals: 3 },
  { ...telemetry, id: 'power', title: { en: 'Active power', zh: '有功功率' }, unit: 'W', decimals: 1 },
  {
    ...telemetry,
    id: 'energy-import',
    title: { en: 'Energy imported', zh: '正向有功电能' },
    unit: 'kW.h',
    decimals: 2,
    aggregation: 'counter',
    lane: 'meter',
  },
];
export const STATION: readonly Point[] = [
  { ...telemetry, id: 'temperature', title: { en: 'Air temperature', zh: '气温' }, unit: 'Cel', decimals: 1 },
  {
    ...telemetry,
    id: 'humidity',
    title: { en: 'Relative humidity', zh: '相对湿度' },
    unit: '%',
    decimals: 1,
  },
  { ...telemetry, id: 'wind-speed', title: { en: 'Wind speed', zh: '风速' }, unit: 'm/s', decimals: 1 },
  {
    ...telemetry,
    id: 'noise',
    title: { en: 'Noise', zh: '噪声' },
    unit: 'dB(A)',
    decimals: 1,
    aggregation: 'leq',
  },
];
export const BOARD: readonly Point[] = [
  {
    ...telemetry,
    id: 'lamp-level',
    title: { en: 'Lamp level', zh: '灯具亮度' },
    unit: '%',
    decimals: 0,
    range: [0, 100],
    access: 'read-write',
  },
  {
    ...telemetry,
    id: 'cabinet-door',
    title: { en: 'Cabinet door', zh: '箱门' },
    type: 'boolean',
    unit: '1',
    aggregation: 'state',
    states: { true: { en: 'open', zh: '开' }, false: { en: 'closed', zh: '关' } },
  },
];
export const CAMERA: readonly Point[] = [
  {
    ...telemetry,
    id: 'vehicles',
    title: { en: 'Vehicles', zh: '车辆' },
    unit: '1',
    decimals: 0,
    aggregation: 'sum',
  },
  {
    ...telemetry,
    id: 'faces',
    title: { en: 'Faces', zh: '人脸' },
    unit: '1',
    decimals: 0,
    aggregation: 'sum',
  },
];

function device(
  id: string,
  title: { en: string; zh: string },
  kind: string,
  points: readonly Point[],
): DeviceConfig {
  const profile: Profile = {
    id: `test-${kind}`,
    title,
    class: kind,
    brand: 'Test',
    model: kind,
    protocol: 'test',
    source: 'made for this test',
    every: 5000,
    options: {},
    points: points.map((point) => ({ ...point, wire: {} })),
  };
  return { id, title, line: 'rs485-1', profile, options: {} };
}

export const DEVICES: readonly DeviceConfig[] = [
  device('meter-feeder', { en: 'Feeder meter', zh: '进线电表' }, 'electricity-meter', METER),
  device('meter-lamp', { en: 'Lamp meter', zh: '路灯电表' }, 'electricity-meter', METER),
  device('station', { en: 'Weather station', zh: '气象站' }, 'weather-station', STATION),
  device('board', { en: 'Lamp controller', zh: '灯控板' }, 'lamp-controller', BOARD),
];

export const LINE: LineConfig = {
  id: 'rs485-1',
  kind: 'serial',
  port: '/dev/ttyUSB0',
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
  timeout: 300,
};

export const UPLINK: UplinkConfig = {
  id: 'city',
  kind: 'mqtt',
  url: 'mqtts://pole:secret@broker.example:8883',
  clientId: 'pole-0817',
  keepAlive: 30_000,
  inFlight: 16,
  maxMessage: 131_072,
  replayRate: 0,
  dataBudget: 500_000_000,
};

const DOOR: AlarmDefinition = {
  id: 'board-cabinet-door',
  title: { en: 'Lamp controller: cabinet door open', zh: '灯控板：柜门打开' },
  priority: 'medium',
  device: 'board',
  condition: { kind: 'state', device: 'board', point: 'cabinet-door', is: [true], not: false },
  onDelay: 0,
  offDelay: 0,
  latching: false,
  causes: [],
  acknowledgedBy: 'anyone',
  shelving: 8 * 3_600_000,
  advice: { en: 'Is somebody expected to work there?', zh: '确认是否有人作业。' },
};
export const ALARMS: AlarmsConfig = {
  definitions: [
    DOOR,
    {
      ...DOOR,
      id: 'sos',
      title: { en: 'Call for help', zh: '一键求助' },
      priority: 'critical',
      condition: { kind: 'state', device: 'board', point: 'sos-button', is: [true], not: false },
      latching: true,
      acknowledgedBy: 'person',
      shelving: 0,
    },
  ],
  sos: [
    {
      id: 'sos',
      title: { en: 'Call for help', zh: '一键求助' },
      device: 'board',
      point: 'sos-button',
      pressed: true,
      outputs: [],
      remind: 30_000,
    },
  ],
  flood: DEFAULT_FLOOD,
};

export const ARRIVALS: ArrivalBoard = {
  at: Date.UTC(2027, 0, 1),
  clock: 'trusted',
  version: 1,
  rows: [
    {
      key: 'trip-1@20270101/5',
      line: 'L7',
      direction: 0,
      lineName: { text: '7' },
      terminus: { text: '东站', translations: { en: 'East Station' } },
      stop: 's5',
      trip: 'trip-1',
      vehicle: 'bus-1',
      state: 'live',
      minutes: 5,
      due: Date.UTC(2027, 0, 1, 0, 5),
      approaching: false,
      stopsAway: 3,
      age: 4,
      strip: ['s4', 's5'],
      place: { after: 0, share: 0.5 },
      first: false,
      last: false,
      why: {
        sources: [{ source: 'gps', origin: 'position', age: 4, weight: 1 }],
        expected: Date.UTC(2027, 0, 1, 0, 6),
        margin: 45,
        distance: 1500,
        phase: 'in-progress',
        because: [],
      },
    },
  ],
  lines: [
    {
      line: 'L7',
      direction: 0,
      lineName: { text: '7' },
      terminus: { text: '东站' },
      state: 'running',
      lastSoon: false,
    },
  ],
  sources: [],
  timetable: 'valid',
};

export const VIRTUAL: readonly VirtualDevice[] = [
  {
    id: 'street-climate',
    title: { en: 'Street climate', zh: '街道气候' },
    points: [
      {
        id: 'heat-index',
        title: { en: 'Heat index', zh: '体感温度' },
        type: 'number',
        unit: 'Cel',
        decimals: 1,
        range: [-40, 80],
        maxAge: 600_000,
        aggregation: 'mean',
      },
      {
        id: 'advice',
        title: { en: 'Advice' },
        type: 'string',
        unit: '1',
        values: ['fine', 'drink', 'stay in'],
        maxAge: 600_000,
        aggregation: 'last',
      },
    ],
  },
  {
    id: 'report',
    title: { en: 'Reports' },
    points: [
      {
        id: 'energy-yesterday',
        title: { en: 'Energy of the day before', zh: '前一日电量' },
        type: 'number',
        unit: 'kW.h',
        decimals: 2,
        range: [0, 10_000],
        maxAge: 93_600_000,
        aggregation: 'last',
      },
    ],
  },
];
