/** What a site file says of contacts: how long a level has to stand, what their edges count, what outputs show by themselves. */
import * as z from 'zod';
import { type ContactRules, PULSE_PERIOD, type PulseConfig } from '../../core/contacts.ts';
import type { Driver } from '../../core/driver.ts';
import { ID_PATTERN } from '../../core/point.ts';
import type { ProfilePoint } from '../../core/profile.ts';
import type { Value } from '../../core/reading.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { nearest, type Path } from '../problem.ts';
import { duration, id, number, oneOf, scalar, title } from '../values.ts';
import { unit } from './profile.ts';

const pointName = z.string().regex(ID_PATTERN, 'expected the id of a point');

const shownAs = scalar<Value>({
  expected: 'a value: true, false, a number or text',
  json: { type: ['boolean', 'number', 'string'] },
  read: (raw) =>
    typeof raw === 'boolean' || typeof raw === 'number' || typeof raw === 'string' ? raw : undefined,
  write: () => 'false',
});

const pulse = z.strictObject({
  id: id('water').describe('Point it becomes'),
  title: title().optional(),
  of: id('input-3').describe('The contact'),
  unit: unit.describe('Of what is counted'),
  per_pulse: number(1e-9, 1e9, 0.01).describe('What one pulse is, in that unit'),
  start: number(0, 1e12, 0)
    .prefault(0)
    .describe('What the dial shows when counting begins; another one begins anew'),
  edge: oneOf(['rising', 'falling', 'both'], 'rising').prefault('rising').describe('rising: it becomes true'),
});

export const contactKeys = {
  debounce: z
    .record(pointName, duration(1, 60_000, '200ms'))
    .optional()
    .describe('How long a level has to stand before it is believed, by point'),
  pulses: z.array(pulse).min(1).optional().describe('Counters made of the edges of contacts'),
  fail_safe: z
    .record(pointName, shownAs)
    .optional()
    .describe('What outputs show while nobody commands them: written at start and at a clean stop'),
};

const block = z.object(contactKeys);
type ContactFile = z.output<typeof block>;

/** Undefined where the file says nothing of contacts. */
export function contactsOf({ debounce, pulses, fail_safe: failSafe }: ContactFile): ContactRules | undefined {
  if (debounce === undefined && pulses === undefined && failSafe === undefined) return undefined;
  return {
    debounce: debounce ?? {},
    pulses: (pulses ?? []).map(({ per_pulse: perPulse, title, ...rest }): PulseConfig => {
      const decimals = Math.max(decimalsOf(perPulse) ?? 10, decimalsOf(rest.start) ?? 10);
      const named = title ?? { en: rest.id };
      return { ...rest, title: named, perPulse, ...(decimals > 9 ? {} : { decimals }) };
    }),
    failSafe: failSafe ?? {},
  };
}

function decimalsOf(value: number): number | undefined {
  return Array.from({ length: 10 }, (_, i) => i).find((i) => Number(value.toFixed(i)) === value);
}

/** The device with the points that are made of its contacts. */
export function withCounters(device: DeviceConfig): DeviceConfig {
  const pulses = device.contacts?.pulses ?? [];
  if (pulses.length === 0) return device;
  const made = pulses.map(
    ({ id, title, unit, decimals }): ProfilePoint => ({
      id,
      title,
      type: 'number',
      unit,
      ...(decimals === undefined ? {} : { decimals }),
      access: 'read',
      aggregation: 'counter',
      lane: 'meter',
      every: PULSE_PERIOD,
      wire: undefined,
    }),
  );
  return { ...device, profile: { ...device.profile, points: [...device.profile.points, ...made] } };
}

type Tell = (path: Path, message: string, fix?: string) => void;

/** Contacts are points of the device that are true or false, outputs can be written, and ids are not taken. */
export function checkContacts(device: DeviceConfig, driver: Driver, index: number, say: Tell): boolean {
  const { contacts, profile } = device;
  if (contacts === undefined) return true;
  let right = true;
  const tell = (path: Path, message: string, fix?: string) => {
    right = false;
    say(['devices', index, ...path], message, fix);
  };
  const ids = profile.points.map(({ id }) => id);
  const pointAt = (path: Path, name: string): ProfilePoint | undefined => {
    const found = profile.points.find(({ id }) => id === name);
    if (found !== undefined) return found;
    const close = nearest(name, ids);
    const fix = close === undefined ? `write one of ${ids.slice(0, 12).join(', ')}` : `write ${close}`;
    tell(path, `there is no point "${name}"`, fix);
    return undefined;
  };
  const contactAt = (path: Path, name: string) => {
    const found = pointAt(path, name);
    if (found !== undefined && found.type !== 'boolean')
      tell(path, `${name} is no contact: it is a ${found.type}`, 'name a point that is true or false');
  };
  for (const name of Object.keys(contacts.debounce)) contactAt(['debounce', name], name);
  const taken = new Set(ids);
  for (const [i, { id, of }] of contacts.pulses.entries()) {
    contactAt(['pulses', i, 'of'], of);
    if (taken.has(id)) tell(['pulses', i, 'id'], `the point "${id}" is there already`, 'write another id');
    taken.add(id);
  }
  const closed = driver.locked?.(device) ?? [];
  for (const [name, value] of Object.entries(contacts.failSafe)) {
    const path: Path = ['fail_safe', name];
    const found = pointAt(path, name);
    if (found === undefined) continue;
    if (found.access === 'read' || closed.includes(name)) tell(path, `${name} is read only`, 'remove it');
    else if (typeof value !== found.type)
      tell(path, `expected a ${found.type}, got ${JSON.stringify(value)}`);
    else if (typeof value === 'number' && found.range !== undefined) {
      const [min, max] = found.range;
      if (value < min || value > max) tell(path, `expected ${min} to ${max}, got ${value}`);
    }
  }
  return right;
}
