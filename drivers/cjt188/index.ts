/** CJ/T 188-2004 and -2018: water, gas and heat meters of homes. */
import { defineDriver } from '../../agent/core/driver.ts';
import { checkDevice, checkProfile } from './check.ts';
import { Cjt188Session } from './session.ts';

export default defineDriver({
  protocol: 'cjt188',
  kind: 'polled',
  checkProfile,
  checkDevice,
  locked: (device) =>
    device.options.control === undefined
      ? device.profile.points.filter(({ access }) => access !== 'read').map(({ id }) => id)
      : [],
  open: (context, line) => new Cjt188Session(context, line),
});
