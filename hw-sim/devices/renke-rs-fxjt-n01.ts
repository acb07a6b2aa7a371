/** Renke RS-FXJT-N01 wind direction sensor, the 360° model: eighths and degrees. */
import { type ModbusModel, register } from './modbus-model.ts';
import { environment } from './quantities.ts';

export const renkeRsFxjtN01: ModbusModel = {
  stem: 'renke-rs-fxjt-n01',
  functions: [3],
  serial: { baud: 4800, format: '8N1' },
  value: environment,
  registers: [
    register('wind-direction-8', 0, 'uint16', 'deg', { scale: 45 }),
    register('wind-direction', 1, 'uint16', 'deg'),
  ],
};
