/** Boards with StandardFirmata, by johnny-five. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { schemaIssues, shown } from '../issues.ts';
import { streamIssues } from '../line-settings.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';

export default defineDriver({
  protocol: 'firmata',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, ['firmata'])];
    profile.points.forEach((point, i) => {
      const at = ['points', i, 'firmata'];
      const found = schemaIssues(wireSchema, point.wire, at);
      issues.push(...found);
      if (found.length > 0) return;
      const { mode, pin } = wireSchema.parse(point.wire);
      const type = mode === 'pwm' || mode === 'analog' ? 'number' : 'boolean';
      if (point.type !== type) {
        issues.push({
          path: ['points', i, 'type'],
          message: `expected ${type} for mode ${mode}, got ${point.type}`,
        });
      }
      const writes = mode === 'pwm' || mode === 'output';
      if (writes !== (point.access !== 'read')) {
        const access = writes ? 'read-write' : 'read';
        issues.push({
          path: ['points', i, 'access'],
          message: `expected ${access} for mode ${mode}, got ${point.access}`,
        });
      }
      if (mode === 'analog' && typeof pin === 'number') {
        issues.push({
          path: [...at, 'pin'],
          message: `expected an analog channel, got ${pin}`,
          fix: 'write pin: A0',
        });
      }
    });
    return issues;
  },
  checkDevice(device, line) {
    const issues: Issue[] = [...schemaIssues(deviceSchema, device.options, ['options'])];
    issues.push(...streamIssues(line));
    if (device.address !== undefined) {
      issues.push({
        path: ['address'],
        message: `expected no address, got ${shown(device.address)}`,
        fix: 'remove it',
      });
    }
    const options = deviceSchema.safeParse(device.options);
    if (!options.success) return issues;
    const points = new Map(device.profile.points.map((point) => [point.id, point]));
    for (const name of Object.keys(options.data.pins)) {
      if (points.has(name)) continue;
      const message = `expected one of ${[...points.keys()].join(', ')}, got ${shown(name)}`;
      issues.push({ path: ['options', 'pins', name], message });
    }
    const taken = new Map<string, string>();
    for (const [id, point] of points) {
      const wire = wireSchema.safeParse(point.wire);
      if (!wire.success) continue;
      const pin = String(options.data.pins[id] ?? wire.data.pin);
      const other = taken.get(pin);
      if (other !== undefined) {
        issues.push({
          path: ['options', 'pins', id],
          message: `expected a free pin, got ${pin}, which is ${other}`,
        });
      }
      taken.set(pin, id);
    }
    return issues;
  },
  /** The board answers a query at the device's period and gets a second chance. */
  staleAfter: (device) => Math.max(10_000, 2.5 * (device.every ?? device.profile.every)),
  open,
});
