/** Modbus RTU, ASCII and TCP, and the first two over TCP. */
import { defineDriver } from '../../agent/core/driver.ts';
import { checkDevice, checkProfile } from './check.ts';
import { ModbusSession } from './session.ts';

export default defineDriver({
  protocol: 'modbus',
  kind: 'polled',
  checkProfile,
  checkDevice,
  open: (context, line) => new ModbusSession(context, line),
});
