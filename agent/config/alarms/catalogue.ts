/** The shipped alarms that fit the devices of a site: point by point from the tables, and for parts that can be down. */
import { createHash } from 'node:crypto';
import type { AlarmCondition, AlarmDefinition, LimitTest, Priority } from '../../core/alarm/alarm.ts';
import { PRIORITIES } from '../../core/alarm/alarm.ts';
import type { Point, Text } from '../../core/point.ts';
import { convert, convertible, type Unit } from '../../core/unit.ts';
import type { Shipped, ShippedName, ShippedTest } from './shipped.ts';
import { PLANT } from './shipped-plant.ts';
import { STREET } from './shipped-street.ts';

export const CATALOGUE: readonly Shipped[] = [...STREET, ...PLANT];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Longest time a shipped alarm can be shelved: a shift. */
export const SHIFT = 8 * HOUR;
/** Comes and goes at once, explained by nothing; anyone may acknowledge it, or put it aside for a shift. */
export const PLAIN = {
  onDelay: 0,
  offDelay: 0,
  latching: false,
  causes: [],
  acknowledgedBy: 'anyone',
  shelving: SHIFT,
} as const satisfies Partial<AlarmDefinition>;

/** A device as the catalogue looks at it. */
export interface AlarmedDevice {
  readonly id: string;
  readonly title: Text;
  readonly class: string;
  readonly profile?: string;
  readonly line?: string;
  readonly points: readonly Pick<Point, 'id' | 'title' | 'type' | 'unit' | 'aggregation'>[];
  /** Points whose values are doubted by rules of their own (agent/sense), and the word of the event that says so. */
  readonly doubts?: readonly { readonly point: string; readonly what: string }[];
}

export interface AlarmedSite {
  readonly devices: readonly AlarmedDevice[];
  readonly lines: readonly string[];
  readonly cameras: readonly string[];
  readonly uplinks: readonly string[];
  /** Id of the stop sign, where the site is one. */
  readonly sign?: string;
}

/** All shipped alarms of these names that fit, in a steady order. */
export function shippedAlarms(site: AlarmedSite, names: readonly ShippedName[]): readonly AlarmDefinition[] {
  const points = site.devices.flatMap((device) =>
    CATALOGUE.filter(({ name }) => names.includes(name)).flatMap((entry) => fitting(entry, device)),
  );
  const all = [
    ...points,
    ...partAlarms(site, names),
    ...registerAlarms(site, names),
    ...doubtAlarms(site, names),
  ];
  const ids = new Set(all.map(({ id }) => id));
  // What is left out explains nothing.
  return all.map((one) => ({ ...one, causes: one.causes.filter((id) => ids.has(id)) }));
}

/** An id of at most 64 characters; a longer one keeps its beginning and gets a mark of what is cut off. */
export function alarmId(...parts: readonly string[]): string {
  const id = parts.join('-');
  if (id.length <= 64) return id;
  return `${id.slice(0, 55)}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}

/** One step more urgent, as far as there is one. */
export function moreUrgent(priority: Priority): Priority {
  return PRIORITIES[Math.max(0, PRIORITIES.indexOf(priority) - 1)] ?? priority;
}

function fitting(entry: Shipped, device: AlarmedDevice): readonly AlarmDefinition[] {
  if (entry.classes !== undefined && !entry.classes.includes(device.class)) return [];
  if (entry.profiles !== undefined && !entry.profiles.includes(device.profile ?? '')) return [];
  const points = device.points.filter(
    (point) => entry.points.some((pattern) => matches(pattern, point.id)) && suits(entry.test, point),
  );
  return points.flatMap((point) => {
    const base = definitionOf(entry, device, point);
    return steps(entry.test, point.unit).map(({ suffix, word, ...limit }) => ({
      ...base,
      id: alarmId(device.id, point.id, ...suffix),
      title: worded(base.title, word),
      priority: word === 'more' ? moreUrgent(base.priority) : base.priority,
      condition:
        'is' in limit || 'not' in limit
          ? stateOf(device.id, point.id, limit)
          : limitOf(device.id, point.id, limit),
      causes: [
        ...base.causes,
        ...(word === 'first' ? [alarmId(device.id, point.id, suffix[0] === 'hi' ? 'hihi' : 'lolo')] : []),
      ],
    }));
  });
}

type Step = { readonly suffix: readonly string[]; readonly word: 'only' | 'first' | 'more' } & (
  | { readonly is: string | number | boolean }
  | { readonly not: string | number | boolean }
  | { readonly above: number; readonly deadband: number }
  | { readonly below: number; readonly deadband: number }
);

/** The alarms that a test makes; a second limit is one of its own, which explains the first. */
function steps(test: ShippedTest, unit: Unit): readonly Step[] {
  if ('is' in test) return [{ suffix: [], word: 'only', is: test.is }];
  if ('not' in test) return [{ suffix: [], word: 'only', not: test.not }];
  const { hi, hihi, lo, unit: from } = test;
  const deadband = span(test.deadband, from, unit);
  const at = (value: number) => rounded(convert(value, from, unit));
  return [
    ...(hi === undefined
      ? []
      : [{ suffix: ['hi'], word: hihi === undefined ? 'only' : 'first', above: at(hi), deadband } as const]),
    ...(hihi === undefined ? [] : [{ suffix: ['hihi'], word: 'more', above: at(hihi), deadband } as const]),
    ...(lo === undefined ? [] : [{ suffix: ['lo'], word: 'only', below: at(lo), deadband } as const]),
  ];
}

/** A difference in another unit: zero points do not count. */
export function span(value: number, from: Unit, to: Unit): number {
  return rounded(convert(value, from, to) - convert(0, from, to));
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function stateOf(device: string, point: string, test: { is: unknown } | { not: unknown }): AlarmCondition {
  const not = 'not' in test;
  const value = (not ? test.not : test.is) as string | number | boolean;
  return { kind: 'state', device, point, is: [value], not };
}

function limitOf(
  device: string,
  point: string,
  { deadband, ...test }: { deadband: number; above: number } | { deadband: number; below: number },
): LimitTest {
  const limit = 'above' in test ? { above: test.above } : { below: test.below };
  return { kind: 'limit', device, point, ...limit, deadband };
}

function definitionOf(
  entry: Shipped,
  device: AlarmedDevice,
  point: AlarmedDevice['points'][number],
): AlarmDefinition {
  const several =
    device.points.filter(({ id }) => entry.points.some((pattern) => matches(pattern, id))).length > 1;
  return {
    id: alarmId(device.id, point.id),
    title: titled(device.title, entry.title, several ? point.title : undefined),
    priority: entry.priority,
    device: device.id,
    condition: { kind: 'any', of: [] },
    onDelay: entry.delay ?? 0,
    offDelay: entry.clearDelay ?? 0,
    latching: entry.latch ?? false,
    causes: (entry.causes ?? []).map((cause) => alarmId(device.id, cause)),
    acknowledgedBy: entry.person === true ? 'person' : 'anyone',
    shelving: entry.shelve ?? SHIFT,
    advice: entry.advice,
    basis: entry.basis,
    ...(entry.group === undefined ? {} : { group: entry.group }),
    ...(entry.remind === undefined ? {} : { remind: entry.remind }),
  };
}

/** A percentage is no voltage, and a state of text is not true. */
function suits(test: ShippedTest, { type, unit }: AlarmedDevice['points'][number]): boolean {
  if ('unit' in test) return type === 'number' && convertible(unit, test.unit);
  return type === typeof ('is' in test ? test.is : test.not);
}

function matches(pattern: string, id: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === id;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return id.length > before.length + after.length && id.startsWith(before) && id.endsWith(after);
}

function titled(device: Text, what: Text, point: Text | undefined): Text {
  const en = `${device.en}: ${what.en}${point === undefined ? '' : ` (${point.en})`}`;
  const zh = `${device.zh ?? device.en}：${what.zh ?? what.en}${point === undefined ? '' : `（${point.zh ?? point.en}）`}`;
  return { en, zh };
}

function worded(title: Text, word: Step['word']): Text {
  if (word !== 'more') return title;
  return { en: `${title.en}, second limit`, zh: `${title.zh ?? title.en}，二级` };
}

interface PartFacts {
  readonly name: ShippedName;
  readonly id: string;
  /** As the health board calls it: `line:rs485-1`. */
  readonly part: string;
  readonly device: string;
  readonly priority: Priority;
  readonly title: Text;
  readonly advice: Text;
  readonly causes?: readonly string[];
  /** Absent: the health board says that the part is down. */
  readonly condition?: AlarmCondition;
}

/** Parts of the agent that can be down: it says so in events of its own. A line explains its devices. */
function partAlarms(
  { lines, devices, cameras, uplinks, sign }: AlarmedSite,
  names: readonly ShippedName[],
): readonly AlarmDefinition[] {
  const down = (line: string) => alarmId('line', line, 'down');
  const all: readonly PartFacts[] = [
    ...lines.map(
      (line): PartFacts => ({
        name: 'line-down',
        id: down(line),
        part: `line:${line}`,
        device: line,
        priority: 'high',
        title: { en: `Line ${line} down`, zh: `线路 ${line} 中断` },
        advice: { en: 'Look at the adapter, its plug and its supply.', zh: '检查串口适配器、接线与供电。' },
      }),
    ),
    ...devices.flatMap(({ id, title, line }): readonly PartFacts[] =>
      line === undefined
        ? []
        : [
            {
              name: 'device-silent',
              id: alarmId(id, 'silent'),
              part: `device:${id}`,
              device: id,
              priority: 'medium',
              title: { en: `${title.en}: silent`, zh: `${title.zh ?? title.en}：无应答` },
              advice: {
                en: 'Its supply, its two wires, its address: in this order.',
                zh: '依次检查供电、通信线、地址。',
              },
              causes: [down(line)],
            },
          ],
    ),
    ...cameras.map(
      (camera): PartFacts => ({
        name: 'camera-down',
        id: alarmId(camera, 'dark'),
        part: `camera:${camera}`,
        device: camera,
        priority: 'medium',
        title: { en: `${camera}: no picture`, zh: `${camera}：无画面` },
        advice: { en: 'Its supply, its network, its lens.', zh: '检查供电、网络与镜头。' },
        condition: {
          kind: 'any',
          of: CAMERA_TROUBLES.map((state) => ({
            kind: 'event',
            event: 'camera',
            device: camera,
            where: { state },
            until: { state: 'ok' },
          })),
        },
      }),
    ),
    ...[sign ?? []].flat().map(
      (screen): PartFacts => ({
        name: 'sign-down',
        id: alarmId(screen, 'screen'),
        part: 'sign:screen',
        device: screen,
        priority: 'high',
        title: { en: 'The screen shows nothing, or not what it should', zh: '站牌黑屏或显示异常' },
        advice: { en: 'Its supply, its cable, the panel itself.', zh: '检查供电、线缆与屏体。' },
      }),
    ),
    ...uplinks.map(
      (uplink): PartFacts => ({
        name: 'uplink-down',
        id: alarmId('uplink', uplink, 'away'),
        part: `uplink:${uplink}`,
        device: uplink,
        priority: 'low',
        title: { en: `Uplink ${uplink} down`, zh: `上行 ${uplink} 中断` },
        advice: {
          en: 'Nothing is lost meanwhile. Is it the network, or the other side?',
          zh: '数据不会丢失；确认是网络还是平台侧问题。',
        },
      }),
    ),
    {
      name: 'store-down',
      id: 'store-ill',
      part: 'store',
      device: 'store',
      priority: 'high',
      title: { en: 'The log cannot be written', zh: '日志无法写入' },
      advice: {
        en: 'Exchange the card; readings wait in memory only.',
        zh: '更换存储卡；数据仅暂存内存。',
      },
    },
  ];
  return all.filter(({ name }) => names.includes(name)).map(partAlarm);
}

/** Conditions of a camera (agent/vision) in which it does not see what it should. */
const CAMERA_TROUBLES = ['failed', 'dark', 'covered', 'moved', 'frozen'] as const;

function partAlarm({ name: _, part, causes = [], condition, ...facts }: PartFacts): AlarmDefinition {
  const [kind = part] = part.split(':');
  return {
    ...facts,
    condition: condition ?? {
      kind: 'event',
      event: kind as 'line' | 'device' | 'uplink' | 'store' | 'sign',
      where: { part, state: 'down' },
      until: { part, state: 'ok' },
    },
    ...PLAIN,
    onDelay: MINUTE,
    causes,
    basis: 'the health board of the agent',
  };
}

/** A register that jumps without anybody having declared an exchange: somebody may have had a hand in it. */
function registerAlarms({ devices }: AlarmedSite, names: readonly ShippedName[]): readonly AlarmDefinition[] {
  if (!names.includes('meter-tamper')) return [];
  const meters = devices.filter(
    ({ class: kind, points }) =>
      /meter$/.test(kind) && points.some(({ aggregation }) => aggregation === 'counter'),
  );
  return meters.map(({ id, title }) => ({
    id: alarmId(id, 'register'),
    title: { en: `${title.en}: register jumped`, zh: `${title.zh ?? title.en}：表底突变` },
    priority: 'medium',
    device: id,
    condition: {
      kind: 'event',
      event: 'meter',
      device: id,
      where: { mark: 'break', state: 'open' },
      until: { mark: 'break', state: 'settled' },
    },
    ...PLAIN,
    advice: {
      en: 'Declare the exchange, or look at the meter and its seals (docs/meter-sense.md).',
      zh: '登记换表，或现场检查电表与封印。',
    },
    basis: 'agent/sense: a break of a counter that nobody has explained',
  }));
}

/** Values that rules of the site do not believe: a total that is not the sum of its parts, a value that does not move. */
function doubtAlarms({ devices }: AlarmedSite, names: readonly ShippedName[]): readonly AlarmDefinition[] {
  if (!names.includes('values-doubtful')) return [];
  return devices.flatMap(({ id, title, doubts = [] }) =>
    doubts.map(({ point, what }) => ({
      id: alarmId(id, point, what),
      title: {
        en: `${title.en}: ${point} is doubtful (${what})`,
        zh: `${title.zh ?? title.en}：${point} 数据可疑（${what === 'frozen' ? '数值不变' : '分项和不符'}）`,
      },
      priority: 'low',
      device: id,
      condition: {
        kind: 'event',
        event: 'quality',
        device: id,
        where: { what, point, state: 'began' },
        until: { what, point, state: 'over' },
      },
      ...PLAIN,
      offDelay: MINUTE,
      advice: { en: 'Look at the device and its wiring.', zh: '检查设备与接线。' },
      basis: 'rules of the device (docs/meter-sense.md)',
    })),
  );
}
