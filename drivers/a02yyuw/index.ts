/** Ultrasonic distance and water level sensors that talk by themselves: A02YYUW and others of its frame. */
import { defineDriver } from '../../agent/core/driver.ts';
import { fieldIssues, lineIssues, silenceOf } from '../own-line.ts';
import { deviceSchema, FIELDS, optionsSchema, wireSchema } from './schema.ts';
import { open } from './session.ts';

export default defineDriver({
  protocol: 'a02yyuw',
  kind: 'stream',
  checkProfile: (profile) => fieldIssues(profile, optionsSchema, wireSchema, FIELDS),
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema, [9600]),
  staleAfter: (device) => silenceOf(device, 0),
  open,
});
