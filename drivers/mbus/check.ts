/** Checks of the M-Bus blocks of profiles and devices, without I/O. */
import type { Issue, Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { schemaIssues } from '../issues.ts';
import { lineIssues } from '../line-settings.ts';
import { addressIssues } from './address.ts';
import { deviceSchema, optionsSchema, schemaFor, type Wire, wireSchema } from './schema.ts';

/** Everything wrong with the `mbus` blocks of a profile. */
export function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['mbus'])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'mbus'];
    const found = schemaIssues(schemaFor(point.wire), point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0) return;
    for (const message of pointProblems(point, wireSchema.parse(point.wire)))
      issues.push({ path: at, message });
  });
  return issues;
}

function pointProblems(point: ProfilePoint, wire: Wire): readonly string[] {
  const problems: string[] = [];
  const want =
    'status' in wire ? ['boolean'] : 'header' in wire ? headerTypes(wire.header) : ['number', 'string'];
  if (!want.includes(point.type)) {
    problems.push(`expected a ${want.join(' or ')} point, got ${point.type}`);
  }
  if (point.access !== 'read') problems.push(`expected access read, got ${point.access}`);
  return problems;
}

function headerTypes(field: string): readonly string[] {
  return field === 'version' || field === 'access' ? ['number'] : ['string'];
}

/** Everything wrong with a meter on its line. */
export function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  return [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...lineIssues(line, 'M-Bus'),
    ...addressIssues(device.address),
  ];
}
