/** Renke RS-FSJT-N01 wind speed sensor. */
import { type ModbusModel, register } from './modbus-model.ts';
import { environment } from './quantities.ts';

export const renkeRsFsjtN01: ModbusModel = {
  stem: 'renke-rs-fsjt-n01',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: environment,
  registers: [register('wind-speed', 0, 'uint16', 'm/s', { scale: 0.1 })],
};
