/** Checks of the CJ/T 188 blocks of profiles and devices, without I/O. */

import type { ValueType } from '../../agent/core/point.ts';
import type { Issue, Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { UNITS } from '../../agent/core/unit.ts';
import { schemaIssues, shown } from '../issues.ts';
import { addressIssues, lineIssues } from '../line-settings.ts';
import { deviceSchema, type Field, optionsSchema, type Wire, wireSchema } from './schema.ts';

/** What a field measures; totals may be volume or energy. */
const DIMENSIONS: Readonly<Record<Field, readonly string[]>> = {
  'current-total': ['volume', 'energy'],
  'settlement-total': ['volume', 'energy'],
  'cold-energy': ['energy'],
  energy: ['energy'],
  power: ['power'],
  flow: ['flow'],
  volume: ['volume'],
  'supply-temperature': ['temperature'],
  'return-temperature': ['temperature'],
  hours: ['time'],
  clock: [],
  valve: [],
  'battery-low': [],
};
const TYPES: Readonly<Partial<Record<Field, ValueType>>> = {
  clock: 'string',
  valve: 'string',
  'battery-low': 'boolean',
};

/** Everything wrong with the `cjt188` blocks of a profile. */
export function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['cjt188'])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'cjt188'];
    const found = schemaIssues(wireSchema, point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0) return;
    for (const { path, ...rest } of pointIssues(point, wireSchema.parse(point.wire))) {
      issues.push({ path: [...at, ...path], ...rest });
    }
  });
  return issues;
}

function pointIssues(point: ProfilePoint, { field, di, control }: Wire): readonly Issue[] {
  const issues: Issue[] = [];
  const path = ['field'];
  const type = TYPES[field] ?? 'number';
  if (point.type !== type) {
    issues.push({
      path,
      message: `expected a ${type} point for ${field}, got ${point.type}`,
      fix: `give the point type: ${type}`,
    });
  }
  const dimensions = DIMENSIONS[field];
  const { dimension } = UNITS[point.unit];
  if (type === 'number' && !dimensions.includes(dimension)) {
    issues.push({
      path,
      message: `expected a unit of ${dimensions.join(' or ')} for ${field}, got ${shown(point.unit)}`,
    });
  }
  if (di !== '901F' && field !== 'current-total') {
    issues.push({
      path: ['di'],
      message: `expected 901F for ${field}, got ${di}`,
      fix: 'months have field: current-total',
    });
  }
  const access = control === undefined ? 'read' : 'read-write';
  if (control !== undefined && field !== 'valve') {
    issues.push({ path: ['control'], message: `expected field: valve for control, got ${field}` });
  }
  if (point.access !== access) {
    issues.push({ path, message: `expected access ${access}, got ${point.access}` });
  }
  return issues;
}

/** Everything wrong with a meter on its line. */
export function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  return [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...lineIssues(line, 'CJ/T 188'),
    ...addressIssues(device.address, 14),
  ];
}
