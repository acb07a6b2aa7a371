/** BACnet/IP, read only. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue, Profile } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { schemaIssues, shown } from '../issues.ts';
import { datagramIssues } from '../line-settings.ts';
import { remoteOf } from './address.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { BacnetSession } from './session.ts';

export default defineDriver({
  protocol: 'bacnet',
  kind: 'polled',
  checkProfile,
  checkDevice,
  open: (context, _line) => new BacnetSession(context),
});

function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['bacnet'])];
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'bacnet'];
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
    const own = typeof point.wire === 'object' && point.wire !== null && 'instance' in point.wire;
    if (!own && wire.object !== 'device') {
      issues.push({ path: [...at, 'instance'], message: 'expected the instance of the object, got nothing' });
    }
  });
  return issues;
}

function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  const found = [
    ...schemaIssues(deviceSchema, device.options, ['options']),
    ...datagramIssues(line, 'BACnet', 47_808),
  ];
  if (device.address !== undefined && remoteOf(device.address) === undefined) {
    found.push({
      path: ['address'],
      message: `expected network and MAC of a device behind a router, got ${shown(device.address)}`,
      fix: 'write address: "2001:12", or nothing for the device at the address of the line',
    });
  }
  return found;
}
