/** Nova Fitness SDS011 and SDS198 dust sensors. */
import { defineDriver } from '../../agent/core/driver.ts';
import { fieldIssues, lineIssues, silenceOf } from '../own-line.ts';
import { deviceSchema, FIELDS, optionsSchema, wireSchema } from './schema.ts';
import { open, periodOf } from './session.ts';

export default defineDriver({
  protocol: 'sds',
  kind: 'stream',
  checkProfile: (profile) => fieldIssues(profile, optionsSchema, wireSchema, FIELDS),
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema, [9600]),
  /** One frame in each working period; a sensor whose setting is kept may have the longest, 30 min. */
  staleAfter: (device) => silenceOf(device, periodOf(device) * 60_000),
  open,
});
