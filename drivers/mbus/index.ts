/** Wired M-Bus, EN 13757-2 and -3: heat, water, gas and electricity meters of buildings. */
import { defineDriver } from '../../agent/core/driver.ts';
import { checkDevice, checkProfile } from './check.ts';
import { MbusSession } from './session.ts';

export default defineDriver({
  protocol: 'mbus',
  kind: 'polled',
  checkProfile,
  checkDevice,
  open: (context, line) => new MbusSession(context, line),
});
