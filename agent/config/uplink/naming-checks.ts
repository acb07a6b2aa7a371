/** Names that an uplink gives: that they say something, fit the protocol, keep things apart, and that units measure the same. */
import { glob } from '../../core/pattern.ts';
import { ID_PATTERN } from '../../core/point.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { UNITS } from '../../core/unit.ts';
import type { Path } from '../problem.ts';
import { UPLINK_KINDS, type UplinkFile } from './schema.ts';

type Say = (path: Path, message: string, fix?: string) => void;
type Rule = NonNullable<UplinkFile['names']>[number];

/** Kinds that carry our own names; the others have codes of their own. */
const NAMED: readonly string[] = ['mqtt', 'http', 'sparkplug'];
const PLACEHOLDER = /\{(device|point)\}/g;
const TOPIC_LEVEL = /^[^/+#]{1,128}$/;

/** `devices`: those that are right in themselves. */
export function checkNames(
  { index, item }: { readonly index: number; readonly item: UplinkFile },
  devices: readonly DeviceConfig[],
  say: Say,
): void {
  const { names } = item;
  if (names === undefined) return;
  const kind = UPLINK_KINDS.find((one) => item[one] !== undefined) ?? 'mqtt';
  if (!NAMED.includes(kind)) {
    say(['uplinks', index, 'names'], `an uplink of ${kind} has codes of its own`, 'remove names');
    return;
  }
  const at = (i: number, key: string): Path => ['uplinks', index, 'names', i, key];
  for (const [i, rule] of names.entries())
    checkRule(rule, kind, (key, ...words) => say(at(i, key), ...words));
  for (const { id, profile } of devices) {
    for (const point of profile.points) {
      const i = names.findIndex((rule) => naming(rule) && fits(rule, id, profile.class, point.id));
      const unit = names[i]?.unit;
      if (unit === undefined || UNITS[unit].dimension === UNITS[point.unit].dimension) continue;
      say(
        at(i, 'unit'),
        `${point.id} of ${id} is a ${UNITS[point.unit].dimension} in ${point.unit}, no ${UNITS[unit].dimension}`,
      );
    }
  }
  twins(names, devices, (i, key, ...words) => say(at(i, key), ...words));
}

function checkRule(
  rule: Rule,
  kind: string,
  say: (key: string, message: string, fix?: string) => void,
): void {
  const { device_as: device, point_as: point, unit } = rule;
  if (device === undefined && point === undefined && unit === undefined) {
    say('point_as', 'missing: the rule names nothing', 'write device_as, point_as or unit');
  }
  if (device !== undefined && rule.point !== undefined) {
    say('device_as', 'a rule for points cannot name a device', 'make a rule of its own for the device');
  }
  const id = kind !== 'sparkplug';
  for (const [key, name] of [
    ['device_as', device],
    ['point_as', point],
  ] as const) {
    if (name === undefined) continue;
    const filled = name.replace(PLACEHOLDER, 'x');
    if (id && !ID_PATTERN.test(filled)) say(key, 'expected letters, digits, _ and -', 'leave out all others');
    if (!id && key === 'device_as' && !TOPIC_LEVEL.test(filled))
      say(key, 'expected a name without /, + and #');
  }
}

/** Two things under one name could not be told apart any more. */
function twins(
  names: readonly Rule[],
  devices: readonly DeviceConfig[],
  say: (rule: number, key: string, message: string, fix?: string) => void,
): void {
  const called = new Map<string, string>();
  for (const { id, profile } of devices) {
    const i = names.findIndex(
      (rule) => rule.device_as !== undefined && fits(rule, id, profile.class, undefined),
    );
    const name = (names[i]?.device_as ?? '{device}').replaceAll('{device}', id);
    const before = called.get(name);
    called.set(name, id);
    if (before !== undefined && i >= 0) {
      say(i, 'device_as', `${before} and ${id} would both be ${name}`, 'write {device} into the name');
      return;
    }
    const points = new Map<string, string>();
    for (const { id: point } of profile.points) {
      const k = names.findIndex((rule) => naming(rule) && fits(rule, id, profile.class, point));
      const as = (names[k]?.point_as ?? '{point}').replaceAll('{point}', point).replaceAll('{device}', id);
      const twin = points.get(as);
      points.set(as, point);
      if (twin === undefined || k < 0) continue;
      say(k, 'point_as', `${twin} and ${point} of ${id} would both be ${as}`, 'write {point} into the name');
      return;
    }
  }
}

const naming = ({ point_as: name, unit }: Rule) => name !== undefined || unit !== undefined;

function fits(rule: Rule, device: string, kind: string, point: string | undefined): boolean {
  if (!like(rule.device, device) || !like(rule.class, kind)) return false;
  return point === undefined ? rule.point === undefined : like(rule.point, point);
}

function like(pattern: string | undefined, name: string): boolean {
  return pattern === undefined || glob(pattern).test(name);
}
