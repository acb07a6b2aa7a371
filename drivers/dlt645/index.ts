/** DL/T 645-2007 and -1997: electricity meters of the Chinese power grids. */
import { defineDriver } from '../../agent/core/driver.ts';
import { checkDevice, checkProfile } from './check.ts';
import { Dlt645Session } from './session.ts';

export default defineDriver({
  protocol: 'dlt645',
  kind: 'polled',
  secrets: [['control', 'password']],
  checkProfile,
  checkDevice,
  locked: (device) =>
    device.options.control === undefined
      ? device.profile.points.filter(({ access }) => access !== 'read').map(({ id }) => id)
      : [],
  open: (context, line) => new Dlt645Session(context, line),
});
