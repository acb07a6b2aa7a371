/** From the checked part on alarms to the types of agent/core/alarm/alarm.ts: limits in the unit of their point, shipped ones filled in. */
import {
  ALARM_DEVICE,
  type AlarmCondition,
  type AlarmDefinition,
  type AlarmsConfig,
  type Combination,
  type SosConfig,
} from '../../core/alarm/alarm.ts';
import { sosPoints } from '../../core/alarm/points.ts';
import type { CameraConfig } from '../../core/camera.ts';
import type { FigureConfig } from '../../core/figure.ts';
import type { Text } from '../../core/point.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { convert, type Unit } from '../../core/unit.ts';
import { definedOnly } from '../device/profile.ts';
import type { LampFile } from '../lighting/schema.ts';
import {
  type AlarmedDevice,
  type AlarmedSite,
  alarmId,
  moreUrgent,
  PLAIN,
  shippedAlarms,
  span,
} from './catalogue.ts';
import type { AlarmFile, AlarmPartFile, AlarmsFile, SosFile } from './schema.ts';
import { SHIPPED_NAMES } from './shipped.ts';

/** Unit of a point; undefined where it is not known here (a camera, a lamp). */
export type UnitOf = (device: string, point: string) => Unit | undefined;

export interface AlarmParts {
  readonly devices: readonly DeviceConfig[];
  readonly cameras: readonly CameraConfig[];
  readonly lamps: readonly LampFile[];
  readonly figures: readonly FigureConfig[];
  readonly lines: readonly string[];
  readonly uplinks: readonly string[];
  /** Id of the stop sign, where the site is one. */
  readonly sign?: string | undefined;
}

export function alarmsOf(file: AlarmsFile, parts: AlarmParts): AlarmsConfig {
  const unitOf: UnitOf = (device, point) =>
    parts.devices.find(({ id }) => id === device)?.profile.points.find(({ id }) => id === point)?.unit;
  const own = [
    ...file.define.flatMap((alarm) => definitionsOf(alarm, unitOf)),
    ...file.sos.flatMap(sosAlarms),
  ];
  const taken = new Set([...own.map(({ id }) => id), ...file.without]);
  const buttons = new Set(file.sos.map(({ device, point }) => alarmId(device, point)));
  const shipped = shippedAlarms(alarmedSite(parts), file.shipped ?? SHIPPED_NAMES).filter(
    ({ id }) => !taken.has(id) && !buttons.has(id),
  );
  const { most, within, every } = file.flood;
  return {
    definitions: [...own, ...shipped],
    sos: file.sos.map(sosOf),
    flood: { most, within, every },
  };
}

/** Ids of the shipped alarms that fit a site, for checks. */
export function shippedIds(parts: AlarmParts, file: Pick<AlarmsFile, 'shipped'>): readonly string[] {
  return shippedAlarms(alarmedSite(parts), file.shipped ?? SHIPPED_NAMES).map(({ id }) => id);
}

/** What can be looked at by the catalogue: devices, zones of cameras, lamps that a meter sees, noise figures. */
export function alarmedSite({
  devices,
  cameras,
  lamps,
  figures,
  lines,
  uplinks,
  sign,
}: AlarmParts): AlarmedSite {
  const one = (id: string, kind: string, title: Text, points: AlarmedDevice['points']): AlarmedDevice => ({
    id,
    title,
    class: kind,
    points,
  });
  const point = (id: string, title: Text, type: 'number' | 'boolean', unit: Unit) =>
    ({ id, title, type, unit, aggregation: 'mean' }) as const;
  return {
    lines,
    cameras: cameras.map(({ id }) => id),
    uplinks,
    ...definedOnly({ sign }),
    devices: [
      ...devices.map(({ id, title, profile, line, sense }) => ({
        doubts: doubtsOf(sense),
        id,
        title,
        class: profile.class,
        profile: profile.id,
        line,
        points: profile.points,
      })),
      ...cameras.map(({ id, title, zones = [] }) =>
        one(
          id,
          'camera',
          title,
          zones.flatMap((zone) => [
            ...(zone.area === undefined ? [] : [point(`${zone.id}-density`, zone.title, 'number', '/m2')]),
            ...(zone.capacity === undefined ? [] : [point(`${zone.id}-crowded`, zone.title, 'boolean', '1')]),
          ]),
        ),
      ),
      ...lamps
        .filter(({ programme, power }) => programme !== undefined && power !== undefined)
        .map(({ id }) =>
          one(
            id,
            'street-lamp',
            { en: id },
            LAMP_FINDINGS.map(([finding, title]) => point(finding, title, 'boolean', '1')),
          ),
        ),
      ...figures
        .filter(({ kind }) => kind === 'noise')
        .map(({ id, title }) =>
          one(id, 'figure-noise', title, [
            point('ld', { en: 'Ld', zh: 'Ld' }, 'number', 'dB(A)'),
            point('ln', { en: 'Ln', zh: 'Ln' }, 'number', 'dB(A)'),
          ]),
        ),
    ],
  };
}

function doubtsOf(sense: DeviceConfig['sense']) {
  const frozen = Object.entries(sense?.points ?? {}).filter(([, rules]) => rules.frozenAfter !== undefined);
  return [
    ...frozen.map(([point]) => ({ point, what: 'frozen' })),
    ...(sense?.sums ?? []).map(({ total }) => ({ point: total, what: 'sum-differs' })),
  ];
}

/** Points of a lamp that a meter sees (docs/lighting.md), by TALQ 2.7.1 names. */
const LAMP_FINDINGS: readonly (readonly [string, Text])[] = [
  ['supply-loss', { en: 'supply loss', zh: '断电' }],
  ['lamp-failure', { en: 'lamp failure', zh: '灯具故障' }],
  ['lamp-unexpected-on', { en: 'on unasked', zh: '异常亮灯' }],
  ['dimming-failure', { en: 'dimming failure', zh: '调光故障' }],
  ['cycling-failure', { en: 'cycling', zh: '频繁亮灭' }],
  ['power-too-high', { en: 'power too high', zh: '功率过高' }],
  ['power-too-low', { en: 'power too low', zh: '功率过低' }],
];

/** One alarm of the file; of several limits one for each, the outer one more urgent and explaining the inner one. */
export function definitionsOf(alarm: AlarmFile, unitOf: UnitOf): readonly AlarmDefinition[] {
  const common = {
    title: alarm.title ?? { en: alarm.id },
    priority: alarm.priority,
    device: alarm.device ?? deviceOf(alarm) ?? alarm.id,
    onDelay: alarm.delay,
    offDelay: alarm.clear_delay,
    latching: alarm.latch,
    causes: alarm.causes,
    acknowledgedBy: alarm.by,
    shelving: alarm.shelve,
    ...definedOnly({ group: alarm.group, remind: alarm.remind, advice: alarm.advice, basis: alarm.basis }),
  };
  const { limit } = alarm;
  if (limit === undefined) return [{ ...common, id: alarm.id, condition: conditionOf(alarm, unitOf) }];
  const ids = limitIds(alarm);
  const unit = unitOf(limit.device, limit.point);
  const at = (value: number) =>
    limit.unit === undefined || unit === undefined ? value : convert(value, limit.unit, unit);
  const deadband =
    limit.unit === undefined || unit === undefined ? limit.deadband : span(limit.deadband, limit.unit, unit);
  const outer = { hi: ids.hihi, lo: ids.lolo } as const;
  return LIMITS.flatMap((name): AlarmDefinition[] => {
    const value = limit[name];
    const id = ids[name];
    if (value === undefined || id === undefined) return [];
    const explained = name === 'hi' ? outer.hi : name === 'lo' ? outer.lo : undefined;
    const more = (name === 'hihi' && limit.hi !== undefined) || (name === 'lolo' && limit.lo !== undefined);
    const { device, point } = limit;
    const side = name.startsWith('hi') ? { above: at(value) } : { below: at(value) };
    return [
      {
        ...common,
        id,
        priority: more ? moreUrgent(common.priority) : common.priority,
        condition: { kind: 'limit', device, point, ...side, deadband },
        causes: explained === undefined ? common.causes : [explained, ...common.causes],
      },
    ];
  });
}

export const LIMITS = ['hi', 'hihi', 'lo', 'lolo'] as const;

/** Id of the alarm of each limit: that of the file where there is one limit, else with the limit's name behind it. */
export function limitIds({
  id,
  limit,
}: Pick<AlarmFile, 'id' | 'limit'>): Partial<Record<(typeof LIMITS)[number], string>> {
  const given = LIMITS.filter((name) => limit?.[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, given.length === 1 ? id : alarmId(id, name)]));
}

function deviceOf({ limit, rate, stale, state, event, all, any, none }: AlarmFile): string | undefined {
  const first = limit ?? rate ?? stale ?? state;
  if (first !== undefined) return first.device;
  if (event !== undefined) return event.device;
  return [...(all ?? []), ...(any ?? []), ...(none ?? [])].find(({ device }) => device !== undefined)?.device;
}

function conditionOf(alarm: AlarmFile, unitOf: UnitOf): AlarmCondition {
  const { rate, stale, state, event } = alarm;
  if (rate !== undefined) {
    const { unit, device, point, within, ...changes } = rate;
    const own = unitOf(device, point);
    const scaled = (value: number | undefined) =>
      value === undefined || unit === undefined || own === undefined ? value : span(value, unit, own);
    const { rise, fall, change } = changes;
    return {
      kind: 'rate',
      device,
      point,
      within,
      ...definedOnly({ rise: scaled(rise), fall: scaled(fall), change: scaled(change) }),
    };
  }
  if (stale !== undefined) return { kind: 'stale', ...stale };
  if (state !== undefined) return stateOf(state);
  if (event !== undefined) {
    const { kind, device, where, until } = event;
    return { kind: 'event', event: kind, where, ...definedOnly({ device, until }) };
  }
  const kinds = (['all', 'any', 'none'] as const).filter((kind) => alarm[kind] !== undefined);
  const combined = kinds.map(
    (kind): Combination => ({ kind, of: (alarm[kind] ?? []).map((one) => partOf(one)) }),
  );
  const [only] = combined;
  return combined.length === 1 && only !== undefined ? only : { kind: 'all', of: combined };
}

function partOf({ device, point, is, not, above, below, alarm }: AlarmPartFile): AlarmCondition {
  if (alarm !== undefined) return { kind: 'alarm', alarm };
  const at = { device: device ?? '', point: point ?? '' };
  if (above !== undefined) return { kind: 'limit', ...at, above, deadband: 0 };
  if (below !== undefined) return { kind: 'limit', ...at, below, deadband: 0 };
  return stateOf({ ...at, is, not });
}

function stateOf({ device, point, is, not }: NonNullable<AlarmFile['state']>): AlarmCondition {
  return {
    kind: 'state',
    device,
    point,
    is: [is ?? not ?? true],
    not: is === undefined && not !== undefined,
  };
}

/** Its alarm, and one for a self-test that failed. */
function sosAlarms({ id, title, device, point, pressed, remind }: SosFile): readonly AlarmDefinition[] {
  const call: AlarmDefinition = {
    id,
    title: title ?? { en: 'Call for help', zh: '一键求助' },
    priority: 'critical',
    device,
    condition: { kind: 'state', device, point, is: [pressed], not: false, uncertain: true },
    onDelay: 0,
    offDelay: 0,
    latching: true,
    causes: [],
    remind,
    acknowledgedBy: 'person',
    shelving: 0,
    advice: {
      en: 'Look at the camera, speak to the person, send somebody.',
      zh: '查看视频，对讲，派人到场。',
    },
  };
  const named = call.title;
  const test: AlarmDefinition = {
    id: sosTestAlarm(id),
    title: { en: `${named.en}: self-test failed`, zh: `${named.zh ?? named.en}：自检失败` },
    priority: 'medium',
    device,
    condition: { kind: 'state', device: ALARM_DEVICE, point: sosPoints(id).tested, is: [false], not: false },
    ...PLAIN,
    advice: {
      en: 'Press the button at the pole; look at beacon, wiring and board.',
      zh: '现场按下求助按钮，检查警灯、接线与控制板。',
    },
  };
  return [call, test];
}

/** Id of the alarm for a self-test that failed. */
export function sosTestAlarm(sos: string): string {
  return `${sos}-test-failed`;
}

function sosOf({ id, title, device, point, pressed, outputs, remind, test, test_for }: SosFile): SosConfig {
  return {
    id,
    title: title ?? { en: 'Call for help', zh: '一键求助' },
    device,
    point,
    pressed,
    outputs: outputs.map((output) => definedOnly(output)),
    remind,
    ...(test === undefined ? {} : { test: { minutes: test, duration: test_for } }),
  };
}
