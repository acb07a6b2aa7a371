/** Plantower PMSx003 particle sensors in active mode. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { schemaIssues, shown } from '../issues.ts';
import { streamIssues } from '../line-settings.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';

export default defineDriver({
  protocol: 'plantower',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, ['plantower'])];
    const options = optionsSchema.safeParse(profile.options ?? {});
    profile.points.forEach((point, i) => {
      const at = ['points', i, 'plantower'];
      const found = schemaIssues(wireSchema, point.wire, at);
      issues.push(...found);
      if (found.length > 0 || !options.success) return;
      const { word } = wireSchema.parse(point.wire);
      const words = (options.data.length - 2) / 2;
      if (word > words) {
        issues.push({ path: [...at, 'word'], message: `expected a word from 1 to ${words}, got ${word}` });
      }
      if (point.type !== 'number' || point.access !== 'read') {
        issues.push({ path: ['points', i], message: 'expected a number that is read, got another point' });
      }
    });
    return issues;
  },
  checkDevice(device, line) {
    const issues: Issue[] = [...schemaIssues(deviceSchema, device.options, ['options'])];
    issues.push(...streamIssues(line));
    if (line.serial !== undefined && line.serial.baud !== 9600) {
      issues.push({
        path: ['line'],
        message: `expected a line of 9600 baud, got ${line.serial.baud}`,
        fix: 'write baud: 9600 for the line',
      });
    }
    if (device.address !== undefined) {
      issues.push({
        path: ['address'],
        message: `expected no address, got ${shown(device.address)}`,
        fix: 'remove it',
      });
    }
    return issues;
  },
  /** Frames come every 2.3 s at the latest; readings at the device's period. */
  staleAfter: (device) => Math.max(10_000, 2.5 * (device.every ?? device.profile.every)),
  open,
});
