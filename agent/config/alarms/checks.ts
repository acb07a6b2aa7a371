/** What has to fit together in the part on alarms: ids, points, units, limits that can be reached and left, no circles. */
import { ALARM_DEVICE, type AlarmsConfig, DEFAULT_FLOOD } from '../../core/alarm/alarm.ts';
import { alarmPoints } from '../../core/alarm/points.ts';
import type { ProfilePoint } from '../../core/profile.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { convert, convertible } from '../../core/unit.ts';
import { REPORTING, type Say } from '../checks.ts';
import { nearest, type Path, shown } from '../problem.ts';
import type { ListName } from '../schema.ts';
import { span } from './catalogue.ts';
import { type AlarmParts, alarmsOf, LIMITS, limitIds, shippedIds, sosTestAlarm } from './resolve.ts';
import { type AlarmFile, type AlarmPartFile, type AlarmsFile, alarms, CONDITION_KINDS } from './schema.ts';

/** Longest id of a help button: points are made of it. */
const LONGEST_SOS = 48;

export interface AlarmKnown {
  /** Devices with points; undefined where the points are not known here (cameras, lamps, figures, the sign). */
  readonly devices: ReadonlyMap<string, DeviceConfig | undefined>;
  /** Ids of the shipped alarms that fit this site. */
  readonly shipped: readonly string[];
}

/**
 * The part on alarms of a plain document, checked and resolved; undefined where there is none or it is wrong in itself,
 * which is told elsewhere. `written`: ids of a list as they stand in the file, also of items that are wrong.
 */
export function checkedAlarms(
  plain: unknown,
  written: (list: ListName) => readonly string[],
  parts: AlarmParts,
  say: Say,
): AlarmsConfig | undefined {
  const parsed = alarms.safeParse(Object(plain).alarms);
  if (!parsed.success) return undefined;
  const file = parsed.data;
  const names = REPORTING.flatMap(written);
  const devices = new Map([
    ...names.map((id) => [id, undefined] as const),
    ...parts.devices.map((device) => [device.id, device] as const),
  ]);
  let right = true;
  checkAlarms(file, { devices, shipped: shippedIds(parts, file) }, (...said) => {
    right = false;
    say(...said);
  });
  return right ? alarmsOf(file, parts) : undefined;
}

function checkAlarms(file: AlarmsFile, known: AlarmKnown, say: Say): void {
  checkNames(file, known, say);
  const ids = [
    ...file.define.flatMap(idsOf),
    ...file.sos.flatMap(({ id }) => [id, sosTestAlarm(id)]),
    ...known.shipped,
  ];
  file.define.forEach((alarm, i) => {
    checkAlarm(alarm, ['alarms', 'define', i], ids, known, say);
  });
  file.sos.forEach(({ device, point, pressed, outputs }, i) => {
    const at: Path = ['alarms', 'sos', i];
    const button = checkPoint({ device, point }, at, known, say);
    if (button !== undefined && button.type !== typeof pressed) {
      say(
        [...at, 'pressed'],
        `${point} is a ${button.type}, so it never is ${shown(pressed)}`,
        'write pressed: true',
      );
    }
    outputs.forEach((output, j) => {
      const found = checkPoint(output, [...at, 'outputs', j], known, say);
      if (found?.access === 'read') {
        say(
          [...at, 'outputs', j, 'point'],
          `${output.point} is read-only`,
          'name a point that can be written',
        );
      } else if (found !== undefined && found.type !== typeof output.on) {
        say(
          [...at, 'outputs', j, 'on'],
          `${output.point} is a ${found.type}`,
          found.type === 'number' ? 'write on: 100 and off: 0' : 'write on: true',
        );
      }
    });
  });
  file.without.forEach((id, i) => {
    if (!known.shipped.includes(id))
      unknown(['alarms', 'without', i], 'shipped alarm', id, known.shipped, say);
  });
  checkCircles(file, say);
}

function idsOf(alarm: AlarmFile): readonly string[] {
  const limits = Object.values(limitIds(alarm));
  return limits.length === 0 ? [alarm.id] : limits;
}

function checkNames({ define, sos }: AlarmsFile, { devices }: AlarmKnown, say: Say): void {
  const taken = new Map<string, string>();
  const take = (ids: readonly string[], where: string, path: Path) => {
    const reserved = alarmPoints({ definitions: [], sos: [], flood: DEFAULT_FLOOD }).map(({ id }) => id);
    for (const id of ids) {
      const first = taken.get(id);
      if (first !== undefined) say(path, `the id ${shown(id)} is taken by ${first}`, 'write another id');
      else if (reserved.includes(id))
        say(path, `the id ${shown(id)} is one of the agent's own`, 'write another id');
      taken.set(id, where);
    }
  };
  define.forEach((alarm, i) => {
    take(idsOf(alarm), `alarms.define[${i}]`, ['alarms', 'define', i, 'id']);
  });
  sos.forEach(({ id }, i) => {
    take([id, sosTestAlarm(id)], `alarms.sos[${i}]`, ['alarms', 'sos', i, 'id']);
    if (id.length > LONGEST_SOS) {
      say(['alarms', 'sos', i, 'id'], `expected at most ${LONGEST_SOS} characters`, 'write a shorter id');
    }
  });
  if (devices.has(ALARM_DEVICE)) {
    say(
      ['alarms'],
      `the alarms are a device of the name ${ALARM_DEVICE}, which is taken`,
      'rename that device',
    );
  }
}

function checkAlarm(alarm: AlarmFile, at: Path, ids: readonly string[], known: AlarmKnown, say: Say): void {
  const kinds = CONDITION_KINDS.filter((kind) => alarm[kind] !== undefined);
  const combined = kinds.every((kind) => kind === 'all' || kind === 'any' || kind === 'none');
  if (kinds.length === 0) {
    say(
      at,
      `missing: expected one of ${CONDITION_KINDS.join(', ')}`,
      'write state: { device: …, point: …, is: true }',
    );
  } else if (kinds.length > 1 && !combined) {
    say(
      [...at, kinds[1] ?? ''],
      `an alarm has one condition, got ${kinds.join(' and ')}`,
      'remove one, or write all:',
    );
  }
  checkLimit(alarm, at, known, say);
  checkRate(alarm, at, known, say);
  const { stale, state, event } = alarm;
  if (stale !== undefined) checkStale(stale, [...at, 'stale'], known, say);
  if (state !== undefined) checkPart(state, [...at, 'state'], ids, known, say);
  if (event?.device !== undefined) checkDevice(event.device, [...at, 'event'], known, say);
  if (event?.until === undefined && event !== undefined && !alarm.latch) {
    say(
      [...at, 'latch'],
      'nothing ends it: it has no until: and does not latch',
      'write until: { … }, or latch: true',
    );
  }
  for (const kind of ['all', 'any', 'none'] as const) {
    alarm[kind]?.forEach((part, i) => {
      checkPart(part, [...at, kind, i], ids, known, say);
    });
  }
  alarm.causes.forEach((cause, i) => {
    if (!ids.includes(cause)) unknown([...at, 'causes', i], 'alarm', cause, ids, say);
  });
}

function checkLimit({ limit }: AlarmFile, base: Path, known: AlarmKnown, say: Say): void {
  if (limit === undefined) return;
  const at = (key: string): Path => [...base, 'limit', key];
  const given = LIMITS.filter((name) => limit[name] !== undefined);
  if (given.length === 0) say(at('hi'), 'missing: expected hi, hihi, lo or lolo', 'write hi: 55');
  const { hi, hihi, lo, lolo, deadband } = limit;
  const order = [lolo, lo, hi, hihi].filter((value) => value !== undefined);
  order.forEach((value, i) => {
    const before = order[i - 1];
    if (before === undefined || value > before) return;
    say(
      at(given[0] ?? 'hi'),
      `limits rise from lolo over lo and hi to hihi, got ${order.join(', ')}`,
      'put them in order',
    );
  });
  if (hi !== undefined && lo !== undefined && hi - deadband < lo + deadband) {
    say(
      at('deadband'),
      `with ${deadband} it would leave one limit only behind the other`,
      `write deadband: ${(hi - lo) / 4}`,
    );
  }
  const point = checkPoint(limit, [...base, 'limit'], known, say);
  if (point === undefined) return;
  if (point.type !== 'number') {
    say(
      at('point'),
      `${limit.point} is a ${point.type} and has no limits`,
      'write state: in place of limit:',
    );
    return;
  }
  if (limit.unit !== undefined && !convertible(limit.unit, point.unit)) {
    say(
      at('unit'),
      `${limit.point} is in ${point.unit}, which does not convert from ${limit.unit}`,
      `write unit: ${point.unit}`,
    );
    return;
  }
  const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const unit = limit.unit ?? point.unit;
  const band = span(deadband, unit, point.unit);
  for (const name of given) {
    const value = convert(limit[name] ?? 0, unit, point.unit);
    const high = name.startsWith('hi');
    if (high ? value >= max : value <= min) {
      say(
        at(name),
        `it is never met: ${limit.point} goes from ${min} to ${max} ${point.unit}`,
        'write a limit inside it',
      );
    } else if (high ? value - band < min : value + band > max) {
      say(
        at('deadband'),
        `it is never left: ${limit.point} would have to reach ${high ? value - band : value + band} ${point.unit} and goes from ${min} to ${max}`,
        'write a smaller deadband',
      );
    }
  }
}

function checkRate({ rate }: AlarmFile, base: Path, known: AlarmKnown, say: Say): void {
  if (rate === undefined) return;
  const at = (key: string): Path => [...base, 'rate', key];
  const given = (['rise', 'fall', 'change'] as const).filter((name) => rate[name] !== undefined);
  if (given.length === 0) say(at('rise'), 'missing: expected rise, fall or change', 'write rise: 5');
  for (const name of given.slice(1)) {
    say(
      at(name),
      `a rate has one of rise, fall and change, got ${given.join(' and ')}`,
      'remove one of them',
    );
  }
  const point = checkPoint(rate, [...base, 'rate'], known, say);
  if (point === undefined) return;
  if (point.type !== 'number')
    say(at('point'), `${rate.point} is a ${point.type} and has no rate`, 'name a number');
  else if (rate.unit !== undefined && !convertible(rate.unit, point.unit)) {
    say(
      at('unit'),
      `${rate.point} is in ${point.unit}, which does not convert from ${rate.unit}`,
      `write unit: ${point.unit}`,
    );
  }
  const [min, max] = point.range ?? [];
  const [name] = given;
  if (name === undefined || min === undefined || max === undefined) return;
  const value = span(rate[name] ?? 0, rate.unit ?? point.unit, point.unit);
  if (convertible(rate.unit ?? point.unit, point.unit) && value >= max - min) {
    say(
      at(name),
      `it is never met: ${rate.point} goes from ${min} to ${max} ${point.unit}`,
      'write a smaller change',
    );
  }
}

function checkStale(stale: NonNullable<AlarmFile['stale']>, at: Path, known: AlarmKnown, say: Say): void {
  const point = checkPoint(stale, at, known, say);
  const device = known.devices.get(stale.device);
  if (point === undefined || device === undefined) return;
  const every = device.every ?? point.every ?? device.profile.every;
  if (stale.after >= 2 * every) return;
  say(
    [...at, 'after'],
    `${stale.point} comes every ${every / 1000} s: two of them fit no ${stale.after / 1000} s`,
    `write after: ${Math.ceil((3 * every) / 1000)}s`,
  );
}

function checkPart(part: AlarmPartFile, at: Path, ids: readonly string[], known: AlarmKnown, say: Say): void {
  const { device, point, alarm } = part;
  if (alarm !== undefined) {
    if (device !== undefined || point !== undefined) {
      say([...at, 'alarm'], 'a condition names a point or an alarm, got both', 'remove one of them');
    } else if (!ids.includes(alarm)) unknown([...at, 'alarm'], 'alarm', alarm, ids, say);
    return;
  }
  if (device === undefined || point === undefined) {
    say(
      at,
      `missing: expected ${device === undefined ? 'device' : 'point'}`,
      'write device: and point:, or alarm:',
    );
    return;
  }
  const given = (['is', 'not', 'above', 'below'] as const).filter((key) => part[key] !== undefined);
  if (given.length !== 1) {
    say(
      at,
      `a condition has one of is, not, above and below, got ${given.length === 0 ? 'none' : given.join(' and ')}`,
      'write is: true',
    );
  }
  const found = checkPoint({ device, point }, at, known, say);
  const [key] = given;
  if (found === undefined || key === undefined) return;
  const value = part[key];
  if (typeof value !== found.type) {
    say(
      [...at, key],
      `${point} is a ${found.type}, so it never compares with ${shown(value)}`,
      `write a ${found.type}`,
    );
  }
}

/** An alarm must not be a condition or a cause of itself, over whatever others. */
function checkCircles({ define }: AlarmsFile, say: Say): void {
  const roads = new Map<string, { readonly to: readonly string[]; readonly path: Path }>();
  define.forEach((alarm, i) => {
    const to = [
      ...alarm.causes,
      ...[...(alarm.all ?? []), ...(alarm.any ?? []), ...(alarm.none ?? [])].flatMap(
        (part) => part.alarm ?? [],
      ),
    ];
    for (const id of idsOf(alarm)) roads.set(id, { to, path: ['alarms', 'define', i] });
  });
  const told = new Set<string>();
  const walked = new Set<string>();
  const walk = (id: string, way: readonly string[]): void => {
    const first = way.indexOf(id);
    if (first >= 0) {
      const circle = way.slice(first);
      if (circle.some((one) => told.has(one))) return;
      for (const one of circle) told.add(one);
      say(
        roads.get(id)?.path ?? ['alarms'],
        `a circle: ${[...circle, id].join(' → ')}`,
        'remove one of these references',
      );
      return;
    }
    if (walked.has(id)) return;
    for (const next of roads.get(id)?.to ?? []) walk(next, [...way, id]);
    walked.add(id);
  };
  for (const id of roads.keys()) walk(id, []);
}

function checkDevice(device: string, at: Path, known: AlarmKnown, say: Say): boolean {
  if (known.devices.has(device)) return true;
  unknown([...at, 'device'], 'device', device, [...known.devices.keys()], say);
  return false;
}

/** The point, where it is known; undefined where it is wrong, which is said, or not known here. */
function checkPoint(
  { device, point }: { readonly device: string; readonly point: string },
  at: Path,
  known: AlarmKnown,
  say: Say,
): ProfilePoint | undefined {
  if (!checkDevice(device, at, known, say)) return undefined;
  const points = known.devices.get(device)?.profile.points;
  const found = points?.find(({ id }) => id === point);
  if (points !== undefined && found === undefined) {
    unknown(
      [...at, 'point'],
      `point of ${device}`,
      point,
      points.map(({ id }) => id),
      say,
    );
  }
  return found;
}

function unknown(path: Path, what: string, name: string, names: readonly string[], say: Say): void {
  const close = nearest(name, names);
  const key = path.at(-1);
  const written =
    close !== undefined && typeof key === 'number' ? `write ${close}` : `write ${key}: ${close}`;
  const list = `${names.slice(0, 12).join(', ')}${names.length > 12 ? ' …' : ''}`;
  const fix =
    close !== undefined
      ? written
      : names.length === 0
        ? `there is no ${what} at all; add one`
        : `write one of ${list}`;
  say(path, `there is no ${what} ${shown(name)}`, fix);
}
