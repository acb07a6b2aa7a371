/** NMEA 0183 talkers: GNSS receivers and weather stations. */
import { defineDriver } from '../../agent/core/driver.ts';
import type { Issue } from '../../agent/core/profile.ts';
import { shown } from '../issues.ts';
import { type FieldUnits, fieldIssues, lineIssues, silenceOf } from '../own-line.ts';
import { BAUDS, deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';
import { SENTENCES } from './told.ts';

export default defineDriver({
  protocol: 'nmea',
  kind: 'stream',
  checkProfile(profile) {
    const issues: Issue[] = [];
    profile.points.forEach((point, i) => {
      const parsed = wireSchema.safeParse(point.wire);
      if (!parsed.success) return;
      const { sentence, field } = parsed.data;
      const units: FieldUnits = SENTENCES[sentence];
      const at = ['points', i, 'nmea', 'field'];
      if (!Object.hasOwn(units, field)) {
        const known = Object.keys(units).join(', ');
        issues.push({ path: at, message: `expected one of ${known} of ${sentence}, got ${shown(field)}` });
        return;
      }
      const one = { ...profile, options: {}, points: [point] };
      const found = fieldIssues(one, optionsSchema, wireSchema, units);
      issues.push(...found.map(({ path, ...rest }) => ({ path: ['points', i, ...path.slice(2)], ...rest })));
    });
    return [...fieldIssues(profile, optionsSchema, wireSchema, {}), ...issues];
  },
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema, BAUDS),
  staleAfter: (device) => silenceOf(device, 0),
  open,
});
