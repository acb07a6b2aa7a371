/** 4G and 5G modems over AT commands on a serial port. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { fieldIssues, lineIssues, silenceOf } from '../own-line.ts';
import { FIELDS } from './answers.ts';
import { fieldsOf } from './commands.ts';
import { BAUDS, deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';

export default defineDriver({
  protocol: 'modem',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [...fieldIssues(profile, optionsSchema, wireSchema, FIELDS)];
    const options = optionsSchema.safeParse(profile.options ?? {});
    if (!options.success) return issues;
    const known: readonly string[] = fieldsOf(options.data);
    profile.points.forEach((point, i) => {
      const wire = wireSchema.safeParse(point.wire);
      if (!wire.success || known.includes(wire.data.field)) return;
      const path = ['points', i, 'modem', 'field'];
      const message = `expected a field that the commands of the profile tell, got "${wire.data.field}"`;
      issues.push({ path, message, fix: 'name the command in modem.traffic of the profile' });
    });
    return issues;
  },
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema, BAUDS),
  staleAfter: (device) => silenceOf(device, 0) + 10_000,
  open,
});
