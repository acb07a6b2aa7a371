/** Checks of the DL/T 645 blocks of profiles and devices, without I/O. */
import type { Issue, Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { UNITS } from '../../agent/core/unit.ts';
import { schemaIssues, shown } from '../issues.ts';
import { addressIssues, lineIssues } from '../line-settings.ts';
import { EDITIONS, type Version } from './items.ts';
import { formatFor } from './map.ts';
import { deviceSchema, optionsSchema, type Wire, wireSchema } from './schema.ts';

type Path = readonly (string | number)[];

/** Everything wrong with the `dlt645` blocks of a profile. */
export function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['dlt645'])];
  const options = optionsSchema.safeParse(profile.options ?? {});
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'dlt645'];
    const found = schemaIssues(wireSchema, point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0 || !options.success) return;
    const wire = wireSchema.parse(point.wire);
    for (const { path, ...rest } of pointIssues(point, wire, options.data.version)) {
      issues.push({ path: [...at, ...path], ...rest });
    }
  });
  return issues;
}

function pointIssues(point: ProfilePoint, wire: Wire, version: Version): readonly Issue[] {
  const digits = 2 * EDITIONS[version].identifier;
  const di: Path = ['di'];
  if (wire.di.length !== digits) {
    return [
      { path: di, message: `expected ${digits} hex digits in the edition of ${version}, got ${wire.di}` },
    ];
  }
  const format = formatFor(version, wire);
  if (format === undefined) {
    const message = `expected an identifier of DL/T 645-${version}, got ${wire.di}`;
    return [{ path: di, message, fix: 'add number: { bytes, decimals } with what its contents look like' }];
  }
  const issues: Issue[] = [];
  if (format.slots === undefined && wire.index > 0) {
    issues.push({
      path: ['index'],
      message: `expected none, ${wire.di} is no block, got ${wire.index}`,
      fix: 'remove it',
    });
  }
  if (wire.part === 'time' && format.layout.kind !== 'demand') {
    issues.push({
      path: ['part'],
      message: `expected value, only demands have a time, got time`,
      fix: 'remove it',
    });
  }
  if (wire.bit !== undefined && format.layout.kind !== 'bits') {
    issues.push({
      path: ['bit'],
      message: `expected none, ${wire.di} is no status word, got ${wire.bit}`,
      fix: 'remove it',
    });
  }
  const text = wire.part === 'time' || !['number', 'demand', 'bits'].includes(format.layout.kind);
  if (text && point.type !== 'string') {
    issues.push({
      path: di,
      message: `expected a number for a ${point.type} point, got ${format.name}`,
      fix: 'give the point type: string',
    });
  }
  if (!text && point.type === 'number' && format.ucum !== undefined) {
    const [wire, own] = [UNITS[format.ucum].dimension, UNITS[point.unit].dimension];
    if (wire !== own)
      issues.push({
        path: di,
        message: `expected ${own} for ${shown(point.unit)}, got ${wire} (${format.name})`,
      });
  }
  if (wire.control !== undefined && (point.type !== 'boolean' || version !== '2007')) {
    issues.push({
      path: ['control'],
      message: `expected a boolean point of the edition of 2007 for the relay`,
    });
  }
  const access = wire.control === undefined ? 'read' : 'read-write';
  if (point.access !== access)
    issues.push({ path: di, message: `expected access ${access}, got ${point.access}` });
  return issues;
}

/** Everything wrong with a meter on its line. */
export function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  return [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...lineIssues(line, 'DL/T 645'),
    ...addressIssues(device.address, 12),
  ];
}
