/** Sensirion SPS30 particle sensor over its UART (SHDLC). */
import { defineDriver } from '../../agent/core/driver.ts';
import { fieldIssues, lineIssues, silenceOf } from '../own-line.ts';
import { deviceSchema, optionsSchema, UNITS, wireSchema } from './schema.ts';
import { open } from './session.ts';

export default defineDriver({
  protocol: 'sps30',
  kind: 'stream',
  checkProfile: (profile) => fieldIssues(profile, optionsSchema, wireSchema, UNITS),
  checkDevice: (device, line) => lineIssues(device, line, deviceSchema, [115_200]),
  /** Asked once in the period; three questions may be lost. */
  staleAfter: (device) => silenceOf(device, 0) + 2_000,
  open,
});
