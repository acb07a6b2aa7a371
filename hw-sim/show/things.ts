/**
 * What is drawn of the street and can be looked at closer: its name, what the agent says of it now, and the pages that tell
 * more. Addresses are those of the console; the stop's own face and a flow in Node-RED are elsewhere.
 */
import { alarmed, type Ground, type Words } from './breakable.ts';
import { DIMMING } from './flows.ts';

/** Where a link leads: a page of the console, the face of the stop, a tab of Node-RED. */
export type Way =
  | { readonly kind: 'console'; readonly page: string }
  | { readonly kind: 'sign' }
  | { readonly kind: 'flow'; readonly tab: string };

export interface ThingPage {
  readonly id: string;
  readonly title: Words;
  readonly way: Way;
}

/** A value that the card of a thing shows: a reading of the agent, or something else that it says. */
export interface Fact {
  readonly title: Words;
  readonly value: string | ((ground: Ground) => string);
  /** Digits behind the point of a reading. */
  readonly digits?: number;
}

export interface Thing {
  readonly id: string;
  readonly title: Words;
  /** Part of the agent's health board that it stands or falls with; absent: it has none. */
  readonly part?: string;
  /** Something else that is wrong with it. */
  readonly wrong?: (ground: Ground) => boolean;
  readonly facts: readonly Fact[];
  readonly pages: readonly ThingPage[];
}

const page = (id: string, en: string, zh: string, address: string): ThingPage => ({
  id,
  title: { en, zh },
  way: { kind: 'console', page: address },
});
const fact = (en: string, zh: string, value: Fact['value'], digits = 0): Fact => ({
  title: { en, zh },
  value,
  digits,
});
const device = (id: string): ThingPage =>
  page('device', 'The device in the console', '控制台中的设备页', `/devices/${id}`);
const line = (id: string): ThingPage => page('line', 'Its line', '所在总线', `/lines/${id}`);

const city = ({ eye }: Ground) => eye.ledgers.find(({ uplink }) => uplink === 'city');
const figure = (value: number | undefined): string => value?.toLocaleString('en') ?? '–';

export const THINGS: readonly Thing[] = [
  {
    id: 'meter',
    title: { en: 'Feeder meter', zh: '进线电表' },
    part: 'device:meter-feeder',
    facts: [
      fact('Power', '功率', 'meter-feeder/power-active-total'),
      fact('Voltage L1', 'L1 电压', 'meter-feeder/voltage-l1', 1),
      fact('Energy', '电能', 'meter-feeder/energy-import', 1),
    ],
    pages: [device('meter-feeder'), line('rs485-1')],
  },
  {
    id: 'line',
    title: { en: 'RS-485 line', zh: 'RS-485 总线' },
    part: 'line:rs485-1',
    facts: [
      fact('Devices that answer', '应答设备', ({ eye, street }) => {
        const devices = street.lines.get('rs485-1')?.plan.devices ?? [];
        return `${devices.filter(({ id }) => eye.parts.get(`device:${id}`)?.state === 'ok').length} / ${devices.length}`;
      }),
      fact('Lamp meter', '路灯电表', 'meter-lamp/power-active-total'),
      fact('Sign meter', '站牌电表', 'meter-sign/power-active-total'),
    ],
    pages: [page('line', 'The line in the console', '控制台中的总线页', '/lines/rs485-1')],
  },
  {
    id: 'lamp',
    title: { en: 'Lamp', zh: '路灯' },
    part: 'device:board',
    facts: [
      fact('Level, read back', '回读亮度', 'board/lamp-level'),
      fact('Power at its meter', '电表功率', 'meter-lamp/power-active-total'),
      fact('Light of the sky', '天空照度', 'board/photocell'),
    ],
    pages: [
      page('light', 'Its night: plan and measurement', '今夜：计划与实测', '/light/lamp-1'),
      page('device', 'The pole’s board', '灯杆控制板', '/devices/board'),
      page('meter', 'Its meter', '路灯电表', '/devices/meter-lamp'),
    ],
  },
  {
    id: 'station',
    title: { en: 'Weather station', zh: '气象站' },
    part: 'device:station',
    facts: [
      fact('Temperature', '气温', 'station/temperature', 1),
      fact('Wind', '风速', 'station/wind-speed', 1),
      fact('Noise', '噪声', 'station/noise', 1),
    ],
    pages: [device('station'), line('rs485-1')],
  },
  {
    id: 'air',
    title: { en: 'Air sensor', zh: '颗粒物传感器' },
    part: 'device:air',
    facts: [fact('PM2.5', 'PM2.5', 'air/pm2-5'), fact('PM10', 'PM10', 'air/pm10')],
    pages: [device('air'), line('uart-1')],
  },
  {
    id: 'camera',
    title: { en: 'Camera', zh: '摄像机' },
    part: 'camera:camera-1',
    facts: [
      fact('In sight', '画面内', 'camera-1/vehicles'),
      fact('Passed', '已通过', ({ camera }) => figure(camera?.passed)),
      fact('Faces in sight', '画面内人脸', 'camera-1/faces'),
    ],
    pages: [
      page('camera', 'Its picture and counts', '画面与计数', '/cameras/camera-1'),
      page('device', 'History of the counts', '计数历史', '/points/camera-1/vehicles-passed'),
    ],
  },
  {
    id: 'sign',
    title: { en: 'Stop sign', zh: '公交站牌' },
    part: 'sign:vehicles',
    facts: [
      fact('Rows', '显示行数', ({ eye }) => figure(eye.arrivals.length)),
      fact('Buses on their way', '在途车辆', 'sign-1/buses'),
      fact('Power', '功率', 'meter-sign/power-active-total'),
    ],
    pages: [
      { id: 'face', title: { en: 'What riders see', zh: '乘客看到的画面' }, way: { kind: 'sign' } },
      page('sign', 'How right it was', '准确度', '/sign'),
      page('meter', 'Its meter', '站牌电表', '/devices/meter-sign'),
    ],
  },
  {
    id: 'sos',
    title: { en: 'SOS button', zh: 'SOS 求助按钮' },
    part: 'device:board',
    wrong: (ground) => alarmed(ground, 'sos') !== undefined,
    facts: [
      fact(
        'State',
        '状态',
        ({ eye }) => eye.alarms.find(({ status }) => status.alarm === 'sos')?.status.state ?? '–',
      ),
    ],
    pages: [page('alarm', 'Its alarm', '求助报警', '/alarms/sos'), device('board')],
  },
  {
    id: 'underpass',
    title: { en: 'Underpass', zh: '下穿通道' },
    part: 'device:underpass',
    wrong: (ground) => alarmed(ground, 'underpass-flood-alarm') !== undefined,
    facts: [fact('Depth', '水深', 'underpass/level'), fact('Supply', '供电', 'underpass/battery', 1)],
    pages: [
      device('underpass'),
      page('alarm', 'Its alarm', '积水报警', '/alarms/underpass-flood-alarm'),
      line('rs485-1'),
    ],
  },
  {
    id: 'agent',
    title: { en: 'Gateway', zh: '网关' },
    facts: [
      fact('Readings so far', '累计读数', ({ eye }) =>
        figure([...eye.counts.values()].reduce((sum, n) => sum + n, 0)),
      ),
      fact('Its clock', '时钟', ({ eye }) =>
        eye.now > 0 ? new Date(eye.now).toISOString().slice(0, 16) : '–',
      ),
      fact('Log', '日志', ({ eye }) => eye.parts.get('store')?.state ?? '–'),
    ],
    pages: [
      page('overview', 'What is wrong, if anything', '总览：有无异常', '/'),
      page('commands', 'Who did what', '操作记录', '/commands'),
    ],
  },
  {
    id: 'flows',
    title: { en: 'Node-RED', zh: 'Node-RED' },
    part: 'node-red',
    facts: [fact('Flow', '流程', () => 'Dim by traffic'), fact('Lamp', '路灯', 'board/lamp-level')],
    pages: [
      {
        id: 'flow',
        title: { en: 'The flow in Node-RED', zh: 'Node-RED 中的流程' },
        way: { kind: 'flow', tab: DIMMING.tab },
      },
      page('node-red', 'Node-RED in the console', '控制台中的 Node-RED', '/node-red'),
    ],
  },
  {
    id: 'city',
    title: { en: 'City platform', zh: '城市平台' },
    part: 'uplink:city',
    facts: [
      fact('Messages', '消息', (ground) => figure(ground.city.messages)),
      fact('Waiting in the pole', '灯杆内等待', (ground) => figure(city(ground)?.backlog)),
    ],
    pages: [page('uplink', 'The uplink in the console', '控制台中的上行链路', '/uplinks/city')],
  },
  {
    id: 'ledger',
    title: { en: 'Ledger', zh: '账本' },
    part: 'uplink:city',
    facts: [
      fact('Stored', '已存储', (ground) => figure(city(ground)?.stored)),
      fact('Acknowledged', '已确认', (ground) => figure(city(ground)?.acknowledged)),
      fact('Came twice, dropped by number', '重复到达，按号丢弃', (ground) => figure(ground.city.repeated)),
    ],
    pages: [page('uplink', 'The books of the uplink', '上行链路账目', '/uplinks/city')],
  },
  {
    id: 'alarms',
    title: { en: 'Alarms', zh: '报警' },
    wrong: ({ eye }) => eye.alarms.some(({ status }) => status.active),
    facts: [
      fact('Standing', '当前报警', ({ eye }) =>
        figure(eye.alarms.filter(({ status }) => status.active).length),
      ),
      fact('Watched', '监视项', ({ eye }) => figure(eye.alarms.length)),
    ],
    pages: [page('alarms', 'All alarms', '报警列表', '/alarms')],
  },
];

/** What the page is told of a thing, frame by frame. */
export interface ThingMoment {
  /** Of its part of the health board; `off` where the agent says nothing of it. */
  readonly state: string;
  /** In the order of its facts. */
  readonly values: readonly string[];
}

export function momentOf({ part, wrong, facts }: Thing, ground: Ground): ThingMoment {
  const { eye } = ground;
  const told = part === undefined ? undefined : (eye.parts.get(part)?.state ?? 'off');
  const state = wrong?.(ground) === true ? 'down' : (told ?? (eye.up ? 'ok' : 'down'));
  return { state, values: facts.map((one) => shownValue(one, ground)) };
}

function shownValue({ value, digits = 0 }: Fact, ground: Ground): string {
  if (typeof value === 'function') return value(ground);
  const reading = ground.eye.readings.get(value);
  if (typeof reading?.value === 'number')
    return `${reading.value.toFixed(digits)} ${UNITS[reading.unit] ?? reading.unit}`.trim();
  return reading?.value === null || reading === undefined ? '–' : String(reading.value);
}

/** How units are written for people, by their UCUM code; others stand as they are. */
const UNITS: Readonly<Record<string, string>> = {
  Cel: '°C',
  '1': '',
  'ug/m3': 'µg/m³',
  'kW.h': 'kWh',
};
