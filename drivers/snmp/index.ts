/** SNMP 1, 2c and 3 over UDP, read only. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue, Profile } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { schemaIssues, shown } from '../issues.ts';
import { datagramIssues } from '../line-settings.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { SnmpSession } from './session.ts';

export default defineDriver({
  protocol: 'snmp',
  kind: 'polled',
  checkProfile,
  checkDevice,
  open: (context, _line) => new SnmpSession(context),
});

function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['snmp'])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'snmp'];
    const found = schemaIssues(wireSchema, point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0) return;
    const wire = wireSchema.parse(point.wire);
    if (point.access !== 'read') {
      issues.push({ path: ['points', i, 'access'], message: `expected read, got ${point.access}` });
    }
    if (wire.equals !== undefined && point.type !== 'boolean') {
      issues.push({ path: [...at, 'equals'], message: `expected a boolean point, got a ${point.type}` });
    }
    if (wire.hex && point.type !== 'string') {
      issues.push({ path: [...at, 'hex'], message: `expected a string point, got a ${point.type}` });
    }
  });
  return issues;
}

function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  const found = [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...datagramIssues(line, 'SNMP', 161),
  ];
  if (device.address !== undefined) {
    const message = `expected no address, got ${shown(device.address)}`;
    found.push({ path: ['address'], message, fix: 'remove it: the line says where the device is' });
  }
  const own = deviceSchema.safeParse(device.options);
  const options = optionsSchema.safeParse(device.profile.options ?? {});
  if (!own.success || !options.success) return found;
  const { user, auth, priv } = own.data;
  const third = (own.data.version ?? options.data.version) === 3;
  if (third && user === undefined) {
    found.push({ path: ['options', 'user'], message: 'expected the user of version 3, got nothing' });
  }
  if (priv !== undefined && auth === undefined) {
    const message = 'expected auth where there is priv, got nothing';
    found.push({ path: ['options', 'auth'], message });
  }
  for (const key of ['user', 'auth', 'priv'] as const) {
    if (third || own.data[key] === undefined) continue;
    found.push({
      path: ['options', key],
      message: `expected version 3 for ${key}, got ${options.data.version}`,
      fix: 'write version: 3',
    });
  }
  return found;
}
