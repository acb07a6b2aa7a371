/** Devices with frames of their own on a serial line, described in the profile: readers, detectors, printer ports. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { schemaIssues } from '../issues.ts';
import { lineIssues, silenceOf } from '../own-line.ts';
import { deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';

/** The longest that a timer can be set to, rounded down, ms. */
const DAYS_24 = 2_000_000_000;

export default defineDriver({
  protocol: 'framed',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, ['framed'])];
    profile.points.forEach((point, i) => {
      const at = ['points', i, 'framed'];
      const found = schemaIssues(wireSchema, point.wire, at);
      issues.push(...found);
      if (found.length > 0) return;
      const wire = wireSchema.parse(point.wire);
      const text = wire.type === 'hex' || wire.type === 'ascii';
      const constants = [wire.value, ...(wire.cases ?? []).map(({ value }) => value)];
      const wrong =
        (text && point.type !== 'string') ||
        (wire.bit !== undefined && point.type !== 'boolean') ||
        constants.some((value) => value !== undefined && typeof value !== point.type) ||
        point.access !== 'read';
      if (wrong)
        issues.push({ path: ['points', i, 'type'], message: 'expected the type of its values, got another' });
    });
    return issues;
  },
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema),
  staleAfter(device) {
    const { silence, talks } = optionsSchema.parse(device.profile.options);
    return silence ?? (talks === 'on-event' ? DAYS_24 : silenceOf(device, 0));
  },
  open,
});
